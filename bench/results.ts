/**
 * What came of a bench, and the numbers that are read from it.
 *
 * @module
 */
import { type Measured, median } from "./measure.ts";
import type { WorkName } from "./names.ts";

/** What the caches held. */
export type Caches = "warm" | "cold";

/** What came of one way to do a piece of work. */
export interface WayResult {
  readonly name: string;
  /** A run a round. */
  readonly runs: readonly Measured[];
  /** Calls that wait for a disk (fsync and its kin) in one run; null: not counted. */
  readonly syncs: number | null;
}

/** What came of a piece of work: its ways, run in turn; one alone where the others would take too long. */
export interface JobResult {
  /** The name of the corpus. */
  readonly corpus: string;
  /** How many mails it has. */
  readonly mails: number;
  readonly work: WorkName;
  readonly caches: Caches;
  readonly ways: readonly WayResult[];
}

/** The numbers of one way: medians, but of memory the most. */
export const numbersOf = ({ runs, syncs }: WayResult) => ({
  seconds: median(runs.map(({ seconds }) => seconds)),
  cpu: median(runs.map(({ cpu }) => cpu)),
  peakMB: Math.max(...runs.map(({ peakMB }) => peakMB)),
  writtenMB: median(runs.map(({ writtenMB }) => writtenMB)),
  toDiskMB: median(runs.map(({ toDiskMB }) => toDiskMB)),
  syncs,
});

/** The median of a way's ratios to another, wall time, round by round. */
export const ratioOf = (way: WayResult, other: WayResult): number =>
  median(way.runs.map(({ seconds }, round) => seconds / other.runs[round]!.seconds));

/** Its ratio to the second way of the same work, or "" where there is none. */
export const ratioTextOf = (way: WayResult, [, second]: readonly WayResult[]): string =>
  second === undefined ? "" : ratioOf(way, second).toFixed(2);

/** A piece of work as lines for a terminal. */
export const jobText = ({ corpus, work, caches, ways }: JobResult): string =>
  [
    `${corpus}: ${work}, ${caches}`,
    ...ways.map((way) => {
      const { seconds, cpu, peakMB, writtenMB, syncs } = numbersOf(way);
      const cells = [
        way.name.padEnd(32),
        `${seconds.toFixed(3).padStart(8)} s`,
        `x${ratioTextOf(way, ways).padStart(6)}`,
        `${cpu.toFixed(2).padStart(7)} s CPU`,
        `${peakMB.toFixed(0).padStart(5)} MB held`,
        `${writtenMB.toFixed(1).padStart(8)} MB written`,
        `${(syncs === null ? "?" : `${syncs}`).padStart(7)} syncs`,
      ];
      return `  ${cells.join("  ")}`;
    }),
  ].join("\n");
