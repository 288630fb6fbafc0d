/**
 * One mailbox of a session in which each end decides for itself: a mirror, a one-way mirror, or the source of a backup.
 *
 * @module
 */
import * as TE from "fp-ts/TaskEither.js";
import type { MailboxNumbers, MailboxState } from "../codec/dsync_wire_item.ts";
import type { SyncError } from "../model/error.ts";
import { type MailboxGuid, modSeq } from "../model/ids.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { Mailbox } from "../port/store.ts";
import type { CommonState } from "../sync/wire_mailbox.ts";
import { failStream } from "../stream/chunks.ts";
import { incompleteness } from "./backup_mailbox.ts";
import { type Exchange, type Exchanged, MailboxExchange } from "./exchange.ts";
import { numbersOf, numbersToCompare, type SessionOptions } from "./session_options.ts";
import type { Introduced, SessionTalk } from "./session_talk.ts";
import { unwrap } from "./told_mails.ts";

/** What the mailboxes of a session share. */
export interface MailboxSession {
  /** How the session is held. */
  readonly options: SessionOptions;
  /** What each exchange needs. */
  readonly exchange: Exchange;
  /** What is said about mailboxes. */
  readonly talk: SessionTalk;
  /** What a stateful session knows in common. */
  readonly states: ReadonlyMap<MailboxGuid, MailboxState>;
}

/** How a mailbox of a session ended. */
export type MailboxEnd =
  /** Its mails were exchanged. */
  | { readonly _tag: "Exchanged"; readonly exchanged: Exchanged }
  /** There was nothing to say about its mails. */
  | {
    readonly _tag: "Skipped";
    readonly messages: number;
    readonly uidValidity: number;
    readonly uidNext: number;
    readonly moment: string;
    readonly problems: readonly SyncError[];
  }
  /** The other end does not have it. */
  | { readonly _tag: "Lost" }
  /** The saved state is newer than the mailbox; nothing was told yet, and both ends must start from nothing. */
  | { readonly _tag: "Stale"; readonly what: string };

const NOT_COMMON: CommonState = { uid: 0, modSeq: modSeq(0n) };

/** Whether a mailbox is as the saved state has it: nothing of this end is news. */
const isAsSaved = (state: MailboxState | undefined, numbers: MailboxNumbers): boolean =>
  state !== undefined && state.uidValidity === numbers.uidValidity &&
  state.commonUid + 1 === numbers.uidNext && state.commonModSeq === numbers.highestModSeq &&
  state.messages === numbers.messages;

/** Why a saved state cannot be used; null: it can. `theirs`: the numbers of a master, who told it. */
const staleness = (
  state: MailboxState,
  ours: MailboxNumbers,
  theirs: MailboxNumbers | null,
): string | null => {
  if (state.commonUid === 0) return null;
  if (theirs !== null && theirs.uidValidity !== state.uidValidity) {
    return `the other end's UIDVALIDITY is ${theirs.uidValidity}, not ${state.uidValidity}`;
  }
  return shortfall(state, ours) ?? (theirs === null ? null : shortfall(state, theirs));
};

/** What a mailbox does not reach that a saved state has. */
const shortfall = (state: MailboxState, numbers: MailboxNumbers): string | null => {
  if (numbers.uidNext <= state.commonUid) {
    return `UIDNEXT ${numbers.uidNext} is not above the common UID ${state.commonUid}`;
  }
  return numbers.highestModSeq < state.commonModSeq
    ? `HIGHESTMODSEQ ${numbers.highestModSeq} is below the common ${state.commonModSeq}`
    : null;
};

/** The UIDVALIDITY that both ends shall have: of the one with more mails, of equal numbers the higher. */
const settledUidValidity = ({ ours, theirs }: Introduced): number => {
  const more = ours.messages - theirs.messages || ours.uidValidity - theirs.uidValidity;
  return more >= 0 ? ours.uidValidity : theirs.uidValidity;
};

/** A mailbox that is open while it is talked about. */
interface Opened {
  readonly introduced: Introduced | "lost" | "ignored" | "as saved";
  readonly stale: string | null;
  readonly exchanged: Exchanged | null;
  readonly mailbox: Pick<Mailbox, "status" | "moment" | "problems">;
}

const open = <A>(
  { exchange: { store } }: MailboxSession,
  guid: MailboxGuid,
  use: (mailbox: Mailbox) => Promise<A>,
): TE.TaskEither<SyncError, A> =>
  store.withMailbox(guid, (mailbox) => TE.rightTask(() => use(mailbox)));

/** Talks about a mailbox that this end has. `told`: what the master said of it; null: this end is the master. */
export const sessionMailbox = async (
  session: MailboxSession,
  guid: MailboxGuid,
  name: MailboxName,
  told: MailboxNumbers | null,
): Promise<MailboxEnd> => {
  const { options, exchange, talk, states } = session;
  const state = states.get(guid);
  const commonOf = (numbers: MailboxNumbers): CommonState => {
    if (state === undefined || state.uidValidity !== numbers.uidValidity) return NOT_COMMON;
    return { uid: state.commonUid, modSeq: state.commonModSeq };
  };
  const run = async (mailbox: Mailbox, { ours, theirs }: Introduced): Promise<Exchanged> => {
    const remembered = options.remembered(mailbox);
    const common = commonOf(ours);
    const exchanged = await new MailboxExchange(exchange, mailbox, theirs, common, remembered)
      .run();
    await talk.conclude(exchanged.state);
    return exchanged;
  };
  const opened = await open(session, guid, async (mailbox): Promise<Opened> => {
    // Before anything is said of it: the other end would delete what it does not hear of.
    const why = options.flow === "out" && !exchange.keepOwn ? incompleteness(mailbox) : null;
    if (why !== null) failStream(why);
    const own = numbersOf(mailbox.status);
    const compares = told === null && options.compares(mailbox);
    if (options.syncType === "state" && told === null && !compares && isAsSaved(state, own)) {
      return { introduced: "as saved", exchanged: null, stale: null, mailbox };
    }
    const stale = state === undefined ? null : staleness(state, own, told);
    if (stale !== null) return { introduced: "lost", exchanged: null, stale, mailbox };
    const introduced = await talk.introduce(compares ? numbersToCompare(own) : own, told);
    if (typeof introduced === "string" || !introduced.synced) {
      return { introduced, exchanged: null, stale: null, mailbox };
    }
    const { ours, theirs } = introduced;
    const isSettled = ours.uidValidity === theirs.uidValidity || options.flow === "out" ||
      settledUidValidity(introduced) === ours.uidValidity;
    if (!isSettled) return { introduced, exchanged: null, stale: null, mailbox };
    return { introduced, exchanged: await run(mailbox, introduced), stale: null, mailbox };
  })();
  const { introduced, exchanged, stale, mailbox } = unwrap(opened);
  if (stale !== null) return { _tag: "Stale", what: stale };
  if (exchanged !== null) return { _tag: "Exchanged", exchanged };
  if (introduced === "lost") return { _tag: "Lost" };
  if (typeof introduced === "string" || !introduced.synced) {
    const { status: { messages, uidValidity, uidNext }, moment, problems } = mailbox;
    return { _tag: "Skipped", messages, uidValidity, uidNext, moment, problems };
  }
  // The other end's UIDVALIDITY is taken over first; the mailbox has to be opened anew for that.
  unwrap(
    await exchange.store.applyTree({
      _tag: "ReidentifyMailbox",
      name,
      guid,
      newGuid: guid,
      newUidValidity: introduced.theirs.uidValidity,
    })(),
  );
  return {
    _tag: "Exchanged",
    exchanged: unwrap(await open(session, guid, (mailbox) => run(mailbox, introduced))()),
  };
};
