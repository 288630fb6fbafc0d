/**
 * A store seen otherwise, for one run.
 *
 * @module
 */
import type { Store } from "../../port/store.ts";

/** What makes of a store another view of it: `view(store)`, or with fp-ts `pipe(store, view, anotherView)`. */
export type View = (store: Store) => Store;
