/**
 * A store under supervision for one run: it can be stopped between two batches, held to a rate, and watched. What is sent
 * to a peer is held to the same rate.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxName } from "../model/mailbox.ts";
import type { MailOperation, Outcome } from "../model/operation.ts";
import type { Side } from "../model/report.ts";
import type { Peer } from "../port/peer.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { type Chunks, stopAt } from "../stream/chunks.ts";
import { overlaid } from "../port/overlaid.ts";
import { withKeywords } from "./partial_keywords.ts";
import type { RunOptions } from "./run.ts";

/** Holds a run to a rate: each call comes back when it may go on. */
export interface Pace {
  /** So many bytes of mails are about to be written. */
  readonly bytes: (count: number) => Promise<void>;
  /** So many operations are about to be carried out. */
  readonly operations: (count: number) => Promise<void>;
}

/** How a store is supervised. */
export interface Supervision {
  /** Ends the run at the next batch when it is aborted; what was done stays, and the next run goes on from there. */
  readonly signal?: AbortSignal;
  /** The rate of what is written. */
  readonly pace?: Pace;
  /** Told of each batch that is durable. */
  readonly onBatch?: (name: MailboxName, outcomes: readonly Outcome[]) => void;
}

/** What a run fails with that was stopped. */
export const stoppedError = (): SyncError =>
  syncError("Changed", "run", {}, "stopped; what was done stays, and the next run does the rest");

const pacing = async function* (
  pace: Pace,
  operations: Chunks<MailOperation, SyncError>,
): AsyncGenerator<readonly MailOperation[]> {
  for await (const chunk of operations) {
    let bytes = 0;
    for (const one of chunk) if (one._tag === "SaveMail") bytes += one.mail.size;
    await pace.operations(chunk.length);
    if (bytes > 0) await pace.bytes(bytes);
    yield chunk;
  }
};

const watching = async function* (
  outcomes: Chunks<Outcome, SyncError>,
  look: (chunk: readonly Outcome[]) => void,
): AsyncGenerator<readonly Outcome[]> {
  for await (const chunk of outcomes) {
    look(chunk);
    yield chunk;
  }
};

const mailboxUnder = (mailbox: Mailbox, { signal, pace, onBatch }: Supervision): Mailbox => {
  const stop = <A>(input: Chunks<A, SyncError>): Chunks<A, SyncError> =>
    signal === undefined ? input : stopAt<A, SyncError>(signal, stoppedError)(input);
  const changed: Partial<Mailbox> = {
    records: (like) => stop(mailbox.records(like)),
    fetch: (wanted) => stop(mailbox.fetch(wanted)),
    apply: (operations) => {
      const paced = pace === undefined ? operations : pacing(pace, operations);
      const outcomes = mailbox.apply(stop(paced));
      return onBatch === undefined
        ? outcomes
        : watching(outcomes, (chunk) => onBatch(mailbox.name, chunk));
    },
  };
  return overlaid(mailbox, changed);
};

/** The same store under supervision. */
export const supervised = (store: Store, supervision: Supervision): Store => {
  const { signal, pace, onBatch } = supervision;
  if (signal === undefined && pace === undefined && onBatch === undefined) return store;
  const unless = <A>(task: () => TaskEither<SyncError, A>): TaskEither<SyncError, A> => async () =>
    signal?.aborted === true ? E.left(stoppedError()) : await task()();
  return {
    ...store,
    tree: unless(() => store.tree),
    ...(store.stamps === undefined ? {} : { stamps: unless(() => store.stamps!) }),
    applyTree: (operation) => unless(() => store.applyTree(operation)),
    withMailbox: (guid, use, purpose) =>
      unless(() =>
        store.withMailbox(guid, (mailbox) => use(mailboxUnder(mailbox, supervision)), purpose)
      ),
    replaceMailbox: (identity, use) =>
      unless(() =>
        store.replaceMailbox(identity, (mailbox) => use(mailboxUnder(mailbox, supervision)))
      ),
    close: store.close,
  };
};

/** The same peer, and mails that are sent to it at the pace of a run: it writes them, as a store here does. */
export const pacedPeer = (peer: Peer, { pace }: Pick<RunOptions, "pace">): Peer =>
  pace === undefined ? peer : {
    ...peer,
    send: async (items) => {
      let mails = 0;
      let bytes = 0;
      for (const item of items) {
        if (item._tag === "RequestedMail" && item.body) mails++;
        else if (item._tag === "BodyPiece") bytes += item.bytes.length;
      }
      if (mails > 0) await pace.operations(mails);
      if (bytes > 0) await pace.bytes(bytes);
      await peer.send(items);
    },
  };

/** The same store under the options of a run; `side`: which one it is in events. */
export const underOptions = (
  store: Store,
  side: Side,
  { signal, pace, keywords, onEvent }: RunOptions,
): Store =>
  supervised(keywords === undefined ? store : withKeywords(store, keywords), {
    ...(signal === undefined ? {} : { signal }),
    ...(pace === undefined ? {} : { pace }),
    ...(onEvent === undefined ? {} : {
      onBatch: (name, outcomes) => {
        let bytes = 0;
        for (const { _tag, operation } of outcomes) {
          if (_tag === "Done" && operation._tag === "SaveMail") bytes += operation.mail.size;
        }
        onEvent({ _tag: "Progress", side, name, operations: outcomes.length, bytes });
      },
    }),
  });
