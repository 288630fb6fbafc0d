/**
 * A run without its writes: what it would do.
 *
 * @module
 */
import type * as TE from "fp-ts/TaskEither.js";
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import type { PlanStep } from "../model/plan.ts";
import type { Side } from "../model/report.ts";
import type { Store } from "../port/store.ts";
import { shadowStore } from "../store/shadow/shadow_store.ts";
import { recorded } from "./recorded.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** What a run would come to. */
export interface Rehearsed<A> {
  /** What it would do, in order. */
  readonly steps: readonly PlanStep[];
  /** What it would give. */
  readonly result: A;
}

/** The same store, to which nothing is written: `note` is told of each step that a run would do, in order. */
export const rehearsing = (store: Store, side: Side, note: (step: PlanStep) => void): Store =>
  recorded(shadowStore(store), side, note);

/**
 * Does `sync` on both stores without writing to either: the same code over the same mail, its changes kept in memory.
 * Opening a store may still put it in order, such as giving UIDs to new files; over `dryOs` not even that lasts.
 *
 * @example
 * ```ts
 * import { backup, dryRun, run } from "@dsync/dsync";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
 *
 * const [left, right] = [memoryStore(emptyState()), memoryStore(emptyState())];
 * const { steps } = await run(dryRun(left, right, (l, r) => backup(l, r)));
 * if (steps.length > 0) throw new Error("there is nothing to do");
 * ```
 */
export const dryRun = <A>(
  left: Store,
  right: Store,
  sync: (left: Store, right: Store) => TaskEither<SyncError, A>,
): TaskEither<SyncError, Rehearsed<A>> =>
async () => {
  const steps: PlanStep[] = [];
  const note = (step: PlanStep): void => void steps.push(step);
  const end = await sync(
    rehearsing(left, "left", note),
    rehearsing(right, "right", note),
  )();
  return E.map((result: A) => ({ steps, result }))(end);
};
