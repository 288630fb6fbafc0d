/**
 * Syncing with a Dovecot behind a pipe until both ends are proven to be equal: as many sessions as that takes.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { Handshake, MailboxState } from "../codec/dsync_wire_item.ts";
import { errorText } from "../codec/error_text.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { Guid, MailboxGuid } from "../model/ids.ts";
import { INBOX, mailboxName } from "../model/mailbox.ts";
import type { MailboxMemory, SyncMemory } from "../model/memory.ts";
import { addSides, isNothing, type Report, type Side, type SyncEvent } from "../model/report.ts";
import type { Peer } from "../port/peer.ts";
import type { MakeSpool } from "../port/spool.ts";
import type { Store } from "../port/store.ts";
import type { SpecialUses } from "../sync/select_names.ts";
import { isRememberedOf } from "./proven_memory.ts";
import type { RunOptions } from "./run.ts";
import { holdSession } from "./session.ts";
import { masterHandshake, masterOptions, type SessionRequest } from "./session_handshake.ts";
import type { SessionResult } from "./session_options.ts";

/** A peer that is connected. */
export interface Connection {
  /** The other end, its hello said. */
  readonly peer: Peer;
  /** Ends it. Fails where what runs there ended with an error that this end does not know of yet. */
  readonly close: TaskEither<SyncError, void>;
}

/** Starts what runs at the other end, and says hello. */
export type Connect = (handshake: Handshake) => TaskEither<SyncError, Connection>;

/** Options of a sync with a peer. */
export interface PeerSyncOptions extends RunOptions {
  /** What the last sync of this pair remembered. */
  readonly memory: SyncMemory;
  /** With -s: what both ends had in common. */
  readonly states: ReadonlyMap<MailboxGuid, MailboxState>;
  /** Where mails wait that come out of order. */
  readonly makeSpool: MakeSpool;
  /** A GUID for a mail that comes without one. */
  readonly newGuid: () => Guid;
  /** This host's name; the higher one takes the lock. */
  readonly hostname: string;
  /** The special uses of mailboxes, for -m and -x. */
  readonly usesOf: SpecialUses;
  /** Which side of the report this end is. */
  readonly side: Side;
}

/** What a sync with a peer gives. */
export interface PeerSyncResult {
  /** What was done at this end, and what could not be. */
  readonly report: Report;
  /** The new states for -s; null: they cannot be given, and the next sync has to compare all. */
  readonly states: ReadonlyMap<MailboxGuid, MailboxState> | null;
  /** What the next sync of this pair shall be given. */
  readonly memory: SyncMemory;
}

/** How many sessions are held at most, until nothing is left to prove. */
const SESSIONS = 5;

/** A later session tells anew what is wrong; only what it can no longer see is kept of an earlier one. */
const followedBy = (before: Report | null, now: Report): Report =>
  before === null ? now : {
    ...now,
    left: addSides(before.left, now.left),
    right: addSides(before.right, now.right),
    kept: [...before.kept, ...now.kept],
  };

/** What was told before of mailboxes into which a session did not look, as their numbers are equal: it is settled by none. */
const toldOfSkipped = (
  before: readonly SyncError[],
  { seen, pending, report }: SessionResult,
): readonly SyncError[] => {
  const again = new Set(report.problems.map(errorText));
  const skipped = new Set([...seen].flatMap(([guid, { name }]) => pending.has(guid) ? [] : [name]));
  return before.filter((error) => {
    const { _tag, where: { mailbox } } = error;
    return _tag !== "Changed" && mailbox !== undefined && skipped.has(mailboxName(mailbox)) &&
      !again.has(errorText(error));
  });
};

/** What is remembered of one mailbox. */
const rememberedOf = (
  result: SessionResult,
  guid: MailboxGuid,
  before: MailboxMemory | undefined,
): MailboxMemory | null => {
  const seen = result.seen.get(guid);
  if (seen === undefined) return before ?? null;
  const pending = result.pending.get(guid);
  return {
    name: seen.name,
    uidValidity: seen.uidValidity,
    uidNext: seen.uidNext,
    pendingLeft: pending?.here ?? before?.pendingLeft ?? [],
    pendingRight: pending?.there ?? before?.pendingRight ?? [],
    momentLeft: result.doubtful.has(guid) ? "" : seen.moment,
    momentRight: "",
    seenLeft: seen.moment,
  };
};

const memoryOf = (result: SessionResult, before: SyncMemory): SyncMemory => {
  const mailboxes = new Map<MailboxGuid, MailboxMemory>();
  for (const guid of new Set([...before.mailboxes.keys(), ...result.seen.keys()])) {
    const memory = rememberedOf(result, guid, before.mailboxes.get(guid));
    if (memory !== null) mailboxes.set(guid, memory);
  }
  return { mailboxes, subscriptions: null };
};

/**
 * Whether equal numbers prove that nothing happened there, as nothing happened here since both were equal. Where each
 * has a mail that the other one lacks they prove nothing.
 */
const provesEqual = (memory: MailboxMemory | undefined, moment: string): boolean =>
  memory !== undefined && memory.momentLeft === moment && memory.pendingLeft.length === 0 &&
  memory.pendingRight.length === 0;

/** What the next session has to prove; null: nothing. */
interface Doubt {
  readonly mailboxes: ReadonlySet<MailboxGuid>;
}

const doubtOf = (result: SessionResult, offered: ReadonlySet<string>): Doubt | null =>
  result.doubtful.size > 0 || result.doubtfulTree || result.changedMeanwhile ||
    result.newDirectories.some((name) => !offered.has(name))
    ? { mailboxes: result.doubtful }
    : null;

/** Whether only mails that cannot be read keep the ends apart: the other one tells of a change each time it lacks them. */
const isStuck = ({ report, hasUnsent }: SessionResult): boolean =>
  hasUnsent && isNothing(report.left) && isNothing(report.right);

/** How it shows that the other end has ended in the middle: to who reads, or to who writes, whoever finds it first. */
const HAS_ENDED = /gave up|is gone|closed the connection/;

/** Where a Dovecot has given up a backup: it deletes a mailbox that is in its way, and fails; null: it did not. */
const refillAt = (request: SessionRequest, error: SyncError): string | null =>
  request.flow === "out" && !request.keepOwn && error._tag === "Io" &&
    HAS_ENDED.test(error.what)
    ? error.where.mailbox ?? ""
    : null;

/** What is told of an INBOX in the way of a backup: with Maildir a Dovecot cannot delete it. */
const inboxLeftOut = (): SyncError =>
  syncError(
    "Unsupported",
    "mailbox",
    { mailbox: INBOX },
    "it is not copied: the Dovecot at the other end gave up at it, as one with a Maildir does whose " +
      "INBOX would have to be filled anew; a dsync of this kind there does that",
  );

/**
 * What the first session of a sync asks for. A destination must hear of every mail of the source before it expunges one,
 * at whichever end it is: of a backup a state is only given out.
 */
export const firstRequest = (request: SessionRequest): SessionRequest =>
  request.flow !== "both" && !request.keepOwn && request.syncType === "state"
    ? { ...request, syncType: "changed" }
    : request;

/** One sync, session by session. */
class PeerSync {
  readonly #store: Store;
  readonly #connect: Connect;
  readonly #options: PeerSyncOptions;
  #request: SessionRequest;
  #memory: SyncMemory;
  #report: Report | null = null;
  #doubt: Doubt | null = null;
  /** Names without mails that it was told of before: one that it still does not have it does not want. */
  readonly #offered = new Set<string>();
  /** Problems that no later session has settled yet: they are told at the end. */
  #problems: SyncError[] = [];
  /** Whether there was a session: an other end that cannot be reached has given up nothing. */
  #isReached = false;
  /** Mailboxes at which a backup was given up once. */
  readonly #refilled = new Set<string>();
  /** What stays a problem whatever later sessions say. */
  readonly #lasting: SyncError[] = [];

  constructor(store: Store, connect: Connect, request: SessionRequest, options: PeerSyncOptions) {
    this.#store = store;
    this.#connect = connect;
    this.#request = firstRequest(request);
    this.#options = options;
    this.#memory = options.memory;
  }

  async #session(): Promise<Either<SyncError, SessionResult>> {
    const { hostname, states, makeSpool, newGuid, usesOf, side, signal, pace } = this.#options;
    const connected = await this.#connect(masterHandshake(this.#request, hostname))();
    this.#isReached = E.isRight(connected);
    if (E.isLeft(connected)) return connected;
    const { peer, close } = connected.right;
    const doubt = this.#doubt;
    const result = await holdSession(
      this.#store,
      peer,
      masterOptions(this.#request, {
        states,
        makeSpool,
        newGuid,
        side,
        onEvent: (event) => this.#take(event),
        ...(signal === undefined ? {} : { signal }),
        ...(pace === undefined ? {} : { pace }),
        remembered: (mailbox) => {
          const memory = this.#memory.mailboxes.get(mailbox.status.guid);
          // Of the other end nothing can prove that it is the one which is remembered.
          const isOfIt = memory !== undefined && isRememberedOf(memory, "left", mailbox);
          return {
            pending: new Set(memory?.pendingLeft),
            pendingThere: new Set(memory?.pendingRight),
            equalBelow: isOfIt ? memory.uidNext : null,
          };
        },
        compares: ({ status, moment }) =>
          doubt === null
            ? !provesEqual(this.#memory.mailboxes.get(status.guid), moment)
            : doubt.mailboxes.has(status.guid),
      }, usesOf),
    )();
    const closed = await close();
    return E.isRight(result) && E.isLeft(closed) ? closed : result;
  }

  #take(event: SyncEvent): void {
    if (event._tag === "Problem") this.#problems.push(event.error);
    else this.#options.onEvent?.(event);
  }

  async run(): Promise<Either<SyncError, PeerSyncResult>> {
    const end = await this.#run();
    const told = new Set<string>();
    for (const error of E.isRight(end) ? end.right.report.problems : this.#problems) {
      const text = errorText(error);
      if (!told.has(text)) this.#options.onEvent?.({ _tag: "Problem", error });
      told.add(text);
    }
    return end;
  }

  /** Whether a backup gets further by another session although this one was given up at a mailbox. */
  #getsFurther(at: string): boolean {
    if (!this.#refilled.has(at)) {
      this.#refilled.add(at);
      return true;
    }
    if (at !== INBOX || this.#lasting.length > 0) return false;
    this.#lasting.push(inboxLeftOut());
    const { names } = this.#request;
    const excluded = [...names.excluded, INBOX];
    this.#request = { ...this.#request, names: { ...names, excluded } };
    return true;
  }

  async #run(): Promise<Either<SyncError, PeerSyncResult>> {
    for (let n = 1;; n++) {
      const isLast = n === SESSIONS;
      const result = await this.#session();
      if (E.isLeft(result)) {
        const refill = this.#isReached ? refillAt(this.#request, result.left) : null;
        if (refill !== null && this.#getsFurther(refill)) {
          n--;
          continue;
        }
        if (!isLast && refill !== null) continue;
        if (!isLast && this.#request.syncType === "state" && result.left._tag === "Changed") {
          this.#request = { ...this.#request, syncType: "full" };
          continue;
        }
        return result;
      }
      const { report } = result.right;
      this.#problems = [
        ...toldOfSkipped(this.#report?.problems ?? [], result.right),
        ...report.problems,
      ];
      this.#report = followedBy(this.#report, { ...report, problems: [...this.#problems] });
      this.#memory = memoryOf(result.right, this.#memory);
      if (result.right.fullResync && this.#request.syncType === "state" && !isLast) {
        this.#request = { ...this.#request, syncType: "full" };
        continue;
      }
      this.#doubt = doubtOf(result.right, this.#offered);
      for (const name of result.right.newDirectories) this.#offered.add(name);
      if (this.#doubt === null || isLast || isStuck(result.right)) {
        return E.right(this.#end(result.right));
      }
      if (this.#request.syncType === "state") {
        this.#request = { ...this.#request, syncType: "changed" };
      }
    }
  }

  #end(result: SessionResult): PeerSyncResult {
    const report = this.#report!;
    const isSettled = this.#doubt === null || isStuck(result);
    const what = "the two ends kept changing while they were synced";
    const unsettled = isSettled ? [] : [syncError("Changed", "run", {}, what)];
    return {
      report: { ...report, problems: [...report.problems, ...this.#lasting, ...unsettled] },
      states: result.fullResync || this.#doubt !== null
        ? null
        : new Map([...this.#options.states, ...result.states]),
      memory: this.#memory,
    };
  }
}

/**
 * Syncs a store with what `connect` reaches, as the master. A Dovecot compares numbers only, and ends some conflicts in a
 * second session; so sessions follow each other until nothing is left to prove, each comparing only what is in doubt.
 *
 * Gives a report of what was done at this end; fails where a session could not be ended. What was done before stays, and
 * another run goes on from there.
 */
export const syncWithPeer = (
  store: Store,
  connect: Connect,
  request: SessionRequest,
  options: PeerSyncOptions,
): TaskEither<SyncError, PeerSyncResult> =>
() => new PeerSync(store, connect, request, options).run();
