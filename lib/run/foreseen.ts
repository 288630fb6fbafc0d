/**
 * Stores and mailboxes that are looked at before they are asked.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { overlaid } from "../port/overlaid.ts";
import type { Fetched, Mailbox, Store } from "../port/store.ts";
import { type Chunks, collect, failStream, fromArray } from "../stream/chunks.ts";
import { primed } from "../stream/primed.ts";

/** What was begun already, for the first who asks; whoever asks again has it done anew. */
const onceFrom = <A>(
  begun: ReturnType<TaskEither<SyncError, A>>,
  anew: TaskEither<SyncError, A>,
): TaskEither<SyncError, A> => {
  let first: ReturnType<TaskEither<SyncError, A>> | null = begun;
  // Nobody may ever ask.
  begun.catch(() => {});
  return () => {
    const told = first ?? anew();
    first = null;
    return told;
  };
};

/**
 * The same store, whose tree and stamps are looked at now, while something else is waited for: the first who asks for them
 * is told what was found.
 */
export const foreseen = (store: Store): Store => {
  const tree = store.tree();
  const { stamps } = store;
  return {
    ...store,
    tree: onceFrom(tree, store.tree),
    ...(stamps === undefined ? {} : { stamps: onceFrom(tree.then(() => stamps()), stamps) }),
  };
};

/** A mailbox whose records are being read. */
export interface ForeseenMailbox {
  /** The mailbox: the first who asks for its records is given what was found. */
  readonly mailbox: Mailbox;
  /** Kept when nothing is read any more that nobody has asked for. */
  readonly read: Promise<unknown>;
}

/** The same mailbox, whose records are read now, while something else is waited for. Memory: all of its records. */
export const foreseenRecords = (mailbox: Mailbox): ForeseenMailbox => {
  const read = collect(mailbox.records())();
  // Nobody may ever ask.
  read.catch(() => {});
  let isAsked = false;
  const found = async function* (): AsyncGenerator<readonly MailRecord[]> {
    const records = await read;
    if (E.isLeft(records)) failStream(records.left);
    else if (records.right.length > 0) yield records.right;
  };
  const records = (): Chunks<MailRecord, SyncError> => {
    if (isAsked) return mailbox.records();
    isAsked = true;
    return found();
  };
  return { mailbox: overlaid(mailbox, { records }), read };
};

/** A mailbox of which mails are being fetched. */
export interface Fetching {
  /** The mailbox: the first fetch, if it is for these mails, is the one that is under way. */
  readonly mailbox: Mailbox;
  /** Lets go of what nobody has fetched. */
  readonly end: () => Promise<void>;
}

/** The same mailbox, of which these mails are asked for now, while something else is waited for. */
export const foreseenMails = (mailbox: Mailbox, uids: readonly Uid[]): Fetching => {
  const { stream, end } = primed(mailbox.fetch(fromArray(uids)));
  let isAsked = false;
  const fetch = async function* (
    wanted: Chunks<Uid, SyncError>,
  ): AsyncGenerator<readonly Fetched[]> {
    isAsked = true;
    const all: Uid[] = [];
    for await (const chunk of wanted) all.push(...chunk);
    if (all.length === uids.length && all.every((uid, i) => uid === uids[i])) return yield* stream;
    await end();
    yield* mailbox.fetch(fromArray(all));
  };
  return {
    mailbox: overlaid(mailbox, {
      fetch: (wanted) => isAsked ? mailbox.fetch(wanted) : fetch(wanted),
    }),
    end,
  };
};
