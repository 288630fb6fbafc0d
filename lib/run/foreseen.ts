/**
 * Stores and mailboxes that are looked at before they are asked.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
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

/** A mailbox of which something was asked for before anybody has asked it. */
export interface ForeseenMailbox {
  /** The mailbox: the first who asks is given what was asked for, whoever asks again has it done anew. */
  readonly mailbox: Mailbox;
  /** Lets go of what nobody has asked for. */
  readonly end: () => Promise<void>;
}

/** The same mailbox, whose records are asked for now, while something else is waited for. */
export const foreseenRecords = (mailbox: Mailbox): ForeseenMailbox => {
  const { stream, end } = primed(mailbox.records());
  let isAsked = false;
  const records: Mailbox["records"] = (like) => {
    if (isAsked) return mailbox.records(like);
    isAsked = true;
    return stream;
  };
  return { mailbox: overlaid(mailbox, { records }), end };
};

/** The same mailbox, of which these mails are asked for now; whoever fetches others first is given those. */
export const foreseenMails = (mailbox: Mailbox, uids: readonly Uid[]): ForeseenMailbox => {
  const { stream, end } = primed(mailbox.fetch(fromArray(uids)));
  const first = async function* (
    wanted: Chunks<Uid, SyncError>,
  ): AsyncGenerator<readonly Fetched[]> {
    const all = await collect(wanted)();
    if (E.isLeft(all)) return failStream(all.left);
    const isForeseen = all.right.length === uids.length &&
      all.right.every((uid, i) => uid === uids[i]);
    if (isForeseen) return yield* stream;
    await end();
    yield* mailbox.fetch(fromArray(all.right));
  };
  let isAsked = false;
  const fetch: Mailbox["fetch"] = (wanted) => {
    if (isAsked) return mailbox.fetch(wanted);
    isAsked = true;
    return first(wanted);
  };
  return { mailbox: overlaid(mailbox, { fetch }), end };
};
