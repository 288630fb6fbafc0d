/**
 * The one way to put something in front of a mailbox: some of it is another's, all else is its own.
 *
 * @module
 */
import type { Mailbox, Store } from "./store.ts";

/**
 * The same mailbox but for `changed`. Not a copy: what the mailbox works out only when it is asked for stays so.
 *
 * @example
 * ```ts
 * import { emptyState, memoryStore, overlaid, overMailboxes } from "@dsync/dsync/stores";
 *
 * const readOnly = overMailboxes(memoryStore(emptyState()), (mailbox) =>
 *   overlaid(mailbox, { apply: () => { throw new Error("this one is only read"); } }));
 * if (readOnly.caps.format !== "memory") throw new Error("all else is the store's own");
 * ```
 */
export const overlaid = (mailbox: Mailbox, changed: Partial<Mailbox>): Mailbox =>
  new Proxy(mailbox, {
    get: (target, key) => Reflect.get(key in changed ? changed : target, key),
  });

/** The same store, of which another thing may be seen than the one below it holds: so that one's stamps tell nothing. */
export const withoutStamps = ({ stamps: _, ...store }: Store): Store => store;

/**
 * The same store, each of whose mailboxes is seen through `see`, those included that are filled to replace one. It has
 * no stamps: what is seen may change while nothing happens below.
 */
export const overMailboxes = (store: Store, see: (mailbox: Mailbox) => Mailbox): Store => ({
  ...withoutStamps(store),
  withMailbox: (guid, use) => store.withMailbox(guid, (mailbox) => use(see(mailbox))),
  replaceMailbox: (identity, use) => store.replaceMailbox(identity, (mailbox) => use(see(mailbox))),
});
