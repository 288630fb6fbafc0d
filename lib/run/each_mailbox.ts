/**
 * Going through the mailboxes of a store.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type * as TE from "fp-ts/TaskEither.js";
import { type SyncError, withPlace } from "../model/error.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { attempt } from "./promise.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/**
 * Opens each mailbox of a store in turn, in the order of the tree; gives what `use` gave for each. Ends at the first that
 * cannot be opened or used. What is only a name, or damaged, is passed over: the tree tells of these.
 *
 * @example
 * ```ts
 * import { eachMailbox, run } from "@dsync/dsync";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 *
 * const store = memoryStore(emptyState());
 * const counts = await run(eachMailbox(store, async ({ name, status }) => `${name}: ${status.messages}`));
 * if (counts.length > 0) throw new Error("it has none");
 * ```
 */
export const eachMailbox = <A>(
  store: Store,
  use: (mailbox: Mailbox) => Promise<A>,
): TaskEither<SyncError, readonly A[]> =>
async () => {
  const tree = await store.tree();
  if (E.isLeft(tree)) return tree;
  const all: A[] = [];
  for (const node of tree.right.nodes) {
    if (node._tag !== "Mailbox") continue;
    const end = await store.withMailbox(node.guid, (mailbox) => attempt(() => use(mailbox)))();
    if (E.isLeft(end)) return E.left(withPlace(end.left, { mailbox: node.name }));
    all.push(end.right);
  }
  return E.right(all);
};
