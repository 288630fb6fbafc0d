/**
 * Waiting for somebody else, politely.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";

/** Waits; the event loop goes on. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

/** Waits; the event loop stands still. */
export const pause = (ms: number): void => {
  Atomics.wait(NOBODY_WAKES, 0, 0, ms);
};

const SHORTEST_MS = 2;
const LONGEST_MS = 250;

/**
 * What `attempt` gives, once it is not null. It is tried at once, then after sleeps that grow from 2 to 250 ms until
 * `timeoutMs` have passed and one last time then; a random part keeps two who wait from asking in step. Fails with
 * `Busy` of `path`.
 */
export const waitFor = async <A>(
  attempt: () => Promise<A | null>,
  path: string,
  timeoutMs: number,
): Promise<A> => {
  const end = performance.now() + timeoutMs;
  let rest = SHORTEST_MS;
  for (;;) {
    const got = await attempt();
    if (got !== null) return got;
    const left = end - performance.now();
    if (left <= 0) {
      const what = `the lock was not had within ${timeoutMs / 1000} s`;
      throw new StreamFailure<SyncError>(syncError("Busy", "store", { path }, what));
    }
    await sleep(Math.min(left, rest * (0.75 + Math.random() / 2)));
    rest = Math.min(rest * 1.5, LONGEST_MS);
  }
};
