/**
 * How a session with a peer is held, and what it comes to.
 *
 * @module
 */
import type { MailboxNumbers, MailboxState } from "../codec/dsync_wire_item.ts";
import { type Guid, type MailboxGuid, modSeq } from "../model/ids.ts";
import type { MailboxName, MailboxStatus } from "../model/mailbox.ts";
import type { Report, Side } from "../model/report.ts";
import type { Mailbox } from "../port/store.ts";
import type { MakeSpool } from "../port/spool.ts";
import type { Role } from "../sync/merge_flags.ts";
import type { Flow } from "../sync/session_order.ts";
import type { MailFilter } from "../sync/wire_mailbox.ts";
import type { Exchanged } from "./exchange.ts";
import type { RunOptions } from "./run.ts";

/** How much a session compares: all, what changed by its numbers, or what changed since a saved state. */
export type SyncType = "full" | "changed" | "state";

/** How a session is held; a slave is told by its master. */
export interface SessionOptions extends RunOptions {
  /** This end's role. */
  readonly role: Role;
  /** Which way mails go, from the view of this end. */
  readonly flow: Flow;
  /** One way, the destination keeps its own changes (-1). */
  readonly keepOwn: boolean;
  /** How much is compared. */
  readonly syncType: SyncType;
  /** With `state`: what both ends had in common, from a master. */
  readonly states: ReadonlyMap<MailboxGuid, MailboxState>;
  /** Which mailboxes take part. */
  readonly wants: (name: MailboxName, guid: MailboxGuid | null) => boolean;
  /** False: mailboxes and subscriptions only. */
  readonly mails: boolean;
  /** Which new mails are wanted. */
  readonly filter: MailFilter;
  /** Whether mails are asked for one by one; a master that does not say so gets all new ones. */
  readonly requests: boolean;
  /**
   * Whether a mailbox is to be compared although its numbers may be equal on both ends, or equal to the saved state; a
   * master's choice.
   */
  readonly compares: (mailbox: Pick<Mailbox, "status" | "moment">) => boolean;
  /** What this end knows of a mailbox from before. */
  readonly remembered: (mailbox: Pick<Mailbox, "status" | "moment">) => Remembered;
  /** Where mails wait that come out of order. */
  readonly makeSpool: MakeSpool;
  /** A GUID for a mail that comes without one. */
  readonly newGuid: () => Guid;
  /** The headers by which mails are known where one end has no usable GUIDs. */
  readonly hashedHeaders: readonly string[];
  /** Whether a mail that has none of these headers is taken for the other end's at its UID. */
  readonly emptyHeaderWorkaround: boolean;
  /** Which side of the report this end is. */
  readonly side: Side;
}

/** What is known of a mailbox when a session begins. */
export interface Remembered {
  /** UIDs of this end that could not be carried over before. */
  readonly pending: ReadonlySet<number>;
  /** Those of the other end. */
  readonly pendingThere: ReadonlySet<number>;
  /**
   * Each mail below this UID was on both ends once; null: that is known of none. Infinity: it is taken for granted, as
   * a Dovecot does.
   */
  readonly equalBelow: number | null;
}

/** What an end knows that remembers nothing, and goes by the rule of a Dovecot. */
export const NOTHING_REMEMBERED: Remembered = {
  pending: new Set(),
  pendingThere: new Set(),
  equalBelow: Infinity,
};

/** A mailbox as a session leaves it at this end. */
export interface SeenMailbox {
  /** Its name at this end. */
  readonly name: MailboxName;
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** Where its history stands. */
  readonly moment: string;
}

/** What a session came to. */
export interface SessionResult {
  /** What was done on this end, and what could not be. */
  readonly report: Report;
  /** The states of all mailboxes that were synced: the lower values of both ends. */
  readonly states: ReadonlyMap<MailboxGuid, MailboxState>;
  /** What is to be remembered of each mailbox that was synced or found to be equal. */
  readonly seen: ReadonlyMap<MailboxGuid, SeenMailbox>;
  /** Whether a saved state did not fit, so that the next session must start from nothing. */
  readonly fullResync: boolean;
  /** Whether something changed meanwhile, here or there: another session settles it. */
  readonly changedMeanwhile: boolean;
  /** Mailboxes whose end is not proven: both ends had something to decide. */
  readonly doubtful: ReadonlySet<MailboxGuid>;
  /** Whether the trees may differ: a conflict of names was settled, which a Dovecot ends in a second session only. */
  readonly doubtfulTree: boolean;
  /** Names without mails that the other end was told of and does not have; it may make mailboxes of them. */
  readonly newDirectories: readonly string[];
  /** Of each mailbox that was exchanged the UIDs, at either end, that could not be carried over or were left out. */
  readonly pending: ReadonlyMap<MailboxGuid, Exchanged["pending"]>;
  /** Whether one end lacks mails of the other one that cannot be read there. */
  readonly hasUnsent: boolean;
}

/** The numbers that the other end is told of a mailbox. */
export const numbersOf = (status: MailboxStatus): MailboxNumbers => ({
  _tag: "MailboxNumbers",
  guid: status.guid,
  uidValidity: status.uidValidity,
  uidNext: status.uidNext,
  messages: status.messages,
  firstRecentUid: status.firstRecentUid,
  highestModSeq: status.highestModSeq,
  highestPrivateModSeq: modSeq(0n),
  lost: false,
  ignore: false,
  cacheFields: [],
  haveGuids: true,
  haveSaveGuids: true,
  haveOnlyGuid128: false,
});

/** The numbers of a mailbox that never held a mail. */
export const pristineNumbers = (guid: MailboxGuid, uidValidity: number): MailboxNumbers =>
  numbersOf({
    guid,
    uidValidity,
    uidNext: 1,
    messages: 0,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    modSeqTracked: false,
  });

/** The answer of a slave that does not have a mailbox; `ignore`: and need not have it. */
export const lostNumbers = (guid: MailboxGuid, ignore: boolean): MailboxNumbers => ({
  ...pristineNumbers(guid, 0),
  uidNext: 0,
  firstRecentUid: 0,
  highestModSeq: modSeq(0n),
  lost: !ignore,
  ignore,
  haveGuids: false,
  haveSaveGuids: false,
});

/** Whether two ends that tell each other these numbers pass over the mailbox (dsync_boxes_need_sync). */
export const numbersAreEqual = (a: MailboxNumbers, b: MailboxNumbers): boolean =>
  a.uidValidity === b.uidValidity && a.uidNext === b.uidNext && a.messages === b.messages &&
  a.highestModSeq === b.highestModSeq && a.highestPrivateModSeq === b.highestPrivateModSeq &&
  a.firstRecentUid === b.firstRecentUid;

/**
 * What a master tells of a mailbox that has to be compared whatever the numbers say: a first recent UID that no mailbox
 * has. The other end only ever raises its own to it, so it does no harm.
 */
export const numbersToCompare = (numbers: MailboxNumbers): MailboxNumbers => ({
  ...numbers,
  firstRecentUid: 0,
});
