/**
 * Streams that leave room for others.
 *
 * @module
 */
import type { Stage } from "./chunks.ts";

/** The time, as it is handed in: an `Os` is one. */
export interface Clock {
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** How much may be done at once after a time in which nothing was, seconds' worth. */
const BURST_S = 1;

/** So many of something a second: each call waits until its own are due. What was not used is kept for one second. */
export const rate = (perSecond: number, clock: Clock): (count: number) => Promise<void> => {
  /** When all that has passed is paid for, milliseconds. */
  let paid = 0;
  return async (count) => {
    const now = clock.now();
    paid = Math.max(paid, now - 1000 * BURST_S) + 1000 * count / perSecond;
    if (paid > now) await clock.sleep(paid - now);
  };
};

/**
 * Lets so many items pass a second; with `weigh` so much of what it gives, such as bytes. A chunk passes as a whole when
 * all of it is due.
 *
 * @example
 * ```ts
 * import { collect, fromArray, limitRate } from "@dsync/dsync/stages";
 *
 * let time = 0;
 * const clock = { now: () => time, sleep: async (ms: number) => { time += ms; } };
 * await collect(limitRate<string>(10, clock)(fromArray(["a", "b", "c"], 1)))();
 * if (time < 100) throw new Error("the third is a fifth of a second late, but for what was saved up");
 * ```
 */
export const limitRate = <A>(
  perSecond: number,
  clock: Clock,
  weigh: (item: A) => number = () => 1,
): Stage<A, A> => {
  const pass = rate(perSecond, clock);
  return async function* (input) {
    for await (const chunk of input) {
      await pass(chunk.reduce((sum, item) => sum + weigh(item), 0));
      yield chunk;
    }
  };
};
