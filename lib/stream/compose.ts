/**
 * Stages in a row as one stage.
 *
 * @module
 */
import type { Stage } from "./chunks.ts";

/** Two stages as one. */
export function compose<A, B, C, F, G>(f: Stage<A, B, F>, g: Stage<B, C, G>): Stage<A, C, F | G>;
/** Three stages as one. */
export function compose<A, B, C, D, F, G, H>(
  f: Stage<A, B, F>,
  g: Stage<B, C, G>,
  h: Stage<C, D, H>,
): Stage<A, D, F | G | H>;
/**
 * Stages in a row as one: what comes out of each goes into the next. More than three: `compose(compose(a, b, c), d)`.
 *
 * @example
 * ```ts
 * import { run } from "@dsync/dsync";
 * import { collect, compose, filter, fromArray, map } from "@dsync/dsync/stages";
 *
 * const odd = compose(filter((n: number) => n % 2 === 1), map((n: number) => `${n}`));
 * const found = await run(collect(odd(fromArray([1, 2, 3]))));
 * if (found.join() !== "1,3") throw new Error("first the one, then the other");
 * ```
 */
export function compose(...stages: readonly Stage<unknown, unknown, unknown>[]) {
  return (input: Parameters<Stage<unknown, unknown>>[0]) =>
    stages.reduce((stream, stage) => stage(stream), input);
}
