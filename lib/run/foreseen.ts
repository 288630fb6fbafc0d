/**
 * A store that is looked at before it is asked.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { Store } from "../port/store.ts";

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
