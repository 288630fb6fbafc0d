/**
 * For tests: results as a bench would give them.
 *
 * @module
 */
import type { Measured } from "./measure.ts";
import type { WorkName } from "./names.ts";
import type { JobResult } from "./results.ts";

const measured = (seconds: number, peakMB: number): Measured => ({
  seconds,
  cpu: seconds,
  peakMB,
  writtenMB: 1,
  toDiskMB: 1,
});

/** A piece of work with warm caches; of each way its seconds, round by round. */
export const exampleResult = (
  corpus: { readonly name: string; readonly mails: number },
  work: WorkName,
  ways: Readonly<Record<string, readonly number[]>>,
  peakMB: number = 100,
): JobResult => ({
  corpus: corpus.name,
  mails: corpus.mails,
  work,
  caches: "warm",
  ways: Object.entries(ways).map(([name, rounds]) => ({
    name,
    runs: rounds.map((seconds) => measured(seconds, peakMB)),
    syncs: null,
  })),
});
