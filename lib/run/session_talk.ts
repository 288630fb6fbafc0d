/**
 * What master and slave say about each mailbox before and behind its mails.
 *
 * @module
 */
import type { MailboxNumbers, MailboxState } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid, ModSeq } from "../model/ids.ts";
import type { Peer } from "../port/peer.ts";
import { failStream } from "../stream/chunks.ts";
import type { Listening } from "./listening.ts";
import { lostNumbers, numbersAreEqual } from "./session_options.ts";

/** What both ends told of a mailbox. */
export interface Introduced {
  /** What this end told. */
  readonly ours: MailboxNumbers;
  /** What the other end told. */
  readonly theirs: MailboxNumbers;
  /** Whether its mails are synced: the numbers differ, or all is compared. */
  readonly synced: boolean;
}

const smaller = (a: ModSeq, b: ModSeq): ModSeq => a < b ? a : b;

/** The words about mailboxes of one session. */
export class SessionTalk {
  /** The lower values of both ends, of each mailbox that was synced. */
  readonly states = new Map<MailboxGuid, MailboxState>();
  /** Mailboxes of which the two ends say at the end that they hold different numbers of mails. */
  readonly differing = new Set<MailboxGuid>();
  /** Whether the other end says that something changed meanwhile. */
  changedThere = false;
  readonly #peer: Peer;
  readonly #listening: Listening;
  /** Whether equal numbers are taken for equal mailboxes. */
  readonly #skips: boolean;

  /** `skips`: mailboxes with equal numbers are passed over, by both ends. */
  constructor(peer: Peer, listening: Listening, skips: boolean) {
    this.#peer = peer;
    this.#listening = listening;
    this.#skips = skips;
  }

  /**
   * Tells what this end has of a mailbox, and hears what the other end has. `told`: what a master said of it already.
   * Gives "lost" where the other end does not have it, and "ignored" where it need not.
   */
  async introduce(
    ours: MailboxNumbers,
    told: MailboxNumbers | null,
  ): Promise<Introduced | "lost" | "ignored"> {
    await this.#peer.send([ours]);
    const theirs = told ?? await this.#listening.mailbox();
    if (theirs === null || theirs.guid !== ours.guid) {
      const what = `the other end answered with another mailbox than ${ours.guid}`;
      return failStream<SyncError>(syncError("Damaged", "run", {}, what));
    }
    if (theirs.lost || theirs.ignore) {
      this.#listening.decide(false);
      return theirs.lost ? "lost" : "ignored";
    }
    const synced = !this.#skips || !numbersAreEqual(ours, theirs);
    this.#listening.decide(synced);
    return { ours, theirs, synced };
  }

  /** A slave tells that it does not have a mailbox; `ignore`: and need not. */
  async disown(guid: MailboxGuid, ignore: boolean): Promise<void> {
    await this.#peer.send([lostNumbers(guid, ignore)]);
    this.#listening.decide(false);
  }

  /** Ends a mailbox: both ends tell how far they have it in common, and keep the lower values. */
  async conclude(ours: MailboxState): Promise<void> {
    await this.#peer.send([ours]);
    const theirs = await this.#listening.state();
    if (theirs.changedMeanwhile) this.changedThere = true;
    this.states.set(ours.guid, {
      ...ours,
      commonUid: Math.min(ours.commonUid, theirs.commonUid),
      commonModSeq: smaller(ours.commonModSeq, theirs.commonModSeq),
      commonPrivateModSeq: smaller(ours.commonPrivateModSeq, theirs.commonPrivateModSeq),
    });
    if (theirs.messages !== null && theirs.messages !== ours.messages) {
      this.differing.add(ours.guid);
    }
  }
}
