/**
 * --bwlimit and --iops: a run that leaves room for others.
 *
 * @module
 */
import type { Pace } from "../lib/run/supervised.ts";

/** How much may be done at once after a time in which nothing was, seconds' worth. */
const BURST_S = 1;

/** What may pass so many times a second; `now` in milliseconds. A call waits until its own are due. */
class Bucket {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  /** When all that has passed is paid for, milliseconds. */
  #paid = 0;

  constructor(perSecond: number, now: () => number, sleep: (ms: number) => Promise<void>) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#sleep = sleep;
  }

  async pass(count: number): Promise<void> {
    const now = this.#now();
    this.#paid = Math.max(this.#paid, now - 1000 * BURST_S) + 1000 * count / this.#perSecond;
    if (this.#paid > now) await this.#sleep(this.#paid - now);
  }
}

/** A pace of so many bytes and operations a second; null: no limit. */
export const paceOf = (
  bytesPerSecond: number | null,
  operationsPerSecond: number | null,
  now: () => number,
  sleep: (ms: number) => Promise<void>,
): Pace => {
  const bucket = (rate: number | null): (count: number) => Promise<void> => {
    if (rate === null) return () => Promise.resolve();
    const limited = new Bucket(rate, now, sleep);
    return (count) => limited.pass(count);
  };
  return { bytes: bucket(bytesPerSecond), operations: bucket(operationsPerSecond) };
};
