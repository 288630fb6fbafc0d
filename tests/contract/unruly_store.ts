/**
 * A store that keeps the port's promises in the most awkward way: it waits, cuts its streams into other chunks, and can
 * fail at a chosen call.
 */
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import { type SyncError, syncError } from "../../lib/model/error.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { type Chunks, failStream, rechunk } from "../../lib/stream/chunks.ts";

export interface Unruliness {
  /** Items in a chunk of every stream, in and out. */
  readonly chunk: number;
  /** The number of the call that fails, 1 and up; null: none. */
  readonly failAt: number | null;
}

export interface UnrulyStore extends Store {
  /** How many calls have been made. */
  readonly calls: () => number;
}

export const FAILURE: SyncError = syncError("Io", "run", {}, "the call was chosen to fail");

/** Wraps `store`. Every call of the port and every chunk of a stream counts as one call. */
export const unruly = (store: Store, how: Unruliness): UnrulyStore => {
  let calls = 0;
  const pause = () => new Promise<void>((done) => setTimeout(done, 0));
  const call = async (): Promise<void> => {
    calls++;
    if (calls === how.failAt) failStream(FAILURE);
    await (calls % 64 === 0 ? pause() : Promise.resolve());
  };
  const slow = async function* <A>(input: Chunks<A, SyncError>): AsyncGenerator<readonly A[]> {
    for await (const chunk of rechunk<A>(how.chunk)(input)) {
      await call();
      yield chunk;
    }
  };
  const guarded = <A>(task: TaskEither<SyncError, A>): TaskEither<SyncError, A> =>
    pipe(
      TE.tryCatch(call, () => FAILURE),
      TE.chain(() => task),
    );
  const wrap = (mailbox: Mailbox): Mailbox => ({
    ...mailbox,
    records: () => slow(mailbox.records()),
    changes: (since) => slow(mailbox.changes(since)),
    ...(mailbox.saves === undefined ? {} : { saves: (since) => slow(mailbox.saves!(since)) }),
    // A streamed body dies with the next chunk, so fetched mails keep their chunks.
    fetch: async function* (wanted) {
      for await (const chunk of mailbox.fetch(slow(wanted))) {
        await call();
        yield chunk;
      }
    },
    apply: (operations) =>
      slow(mailbox.apply((async function* () {
        for await (const chunk of operations) {
          await call();
          for (const operation of chunk) yield [operation];
        }
      })())),
  });
  return {
    ...store,
    tree: guarded(store.tree),
    applyTree: (operation) => guarded(store.applyTree(operation)),
    withMailbox: (id, use) => guarded(store.withMailbox(id, (mailbox) => use(wrap(mailbox)))),
    replaceMailbox: (identity, use) =>
      guarded(store.replaceMailbox(identity, (mailbox) => use(wrap(mailbox)))),
    calls: () => calls,
  };
};
