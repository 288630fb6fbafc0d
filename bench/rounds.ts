/**
 * Runs the ways of a piece of work in turn, several rounds, with one gauge after the other.
 *
 * @module
 */
import type { Machine } from "../tests/interop/machine.ts";
import { canCount, cold, counting, type Gauge, warm } from "./gauge.ts";
import type { Job } from "./job.ts";
import type { Measured } from "./measure.ts";
import type { Caches, WayResult } from "./results.ts";

/** How often. */
export interface Rounds {
  /** Rounds with warm caches: at least so many, and more of what is short. */
  readonly warm: number;
  /** Rounds with cold caches; 0 for none. */
  readonly cold: number;
  /** Work whose first round takes longer than this, seconds, is not done again: that round counts. */
  readonly patience: number;
}

/** Work that is done sooner than this, all ways and rounds together, is repeated. */
const LONG_ENOUGH_S = 5;
/** But not more often than this many times the rounds that were asked for. */
const MOST = 4;

type Round = readonly Measured[];

/** One round: a run of each way. */
const roundOf = async ({ ways }: Job, gauge: Gauge): Promise<Round> => {
  const runs: Measured[] = [];
  for (const way of ways) runs.push(await way.run(gauge));
  return runs;
};

const secondsOf = (rounds: readonly Round[]): number =>
  rounds.flat().reduce((sum, { seconds }) => sum + seconds, 0);

const warmRounds = async (machine: Machine, job: Job, least: number): Promise<readonly Round[]> => {
  const rounds: Round[] = [];
  const isShort = () => secondsOf(rounds) < LONG_ENOUGH_S && rounds.length < MOST * least;
  while (rounds.length < least || isShort()) rounds.push(await roundOf(job, warm(machine)));
  return rounds;
};

/** What waits for a disk, of each way: a round of its own, since counting takes time. */
const countsOf = async (machine: Machine, job: Job): Promise<readonly number[]> => {
  if (!canCount()) return [];
  const { gauge, syncs } = counting(machine);
  await roundOf(job, gauge);
  return syncs;
};

const resultsOf = (
  { ways }: Job,
  rounds: readonly Round[],
  syncs: readonly number[],
): readonly WayResult[] =>
  ways.map(({ name }, i) => ({
    name,
    runs: rounds.map((round) => round[i]!),
    syncs: syncs[i] ?? null,
  }));

/**
 * The results of a piece of work, for each state of the caches that was wanted. A first round, which is not measured,
 * warms the caches and lets each program write what it writes once only (Deno its compiled code).
 */
export const runRounds = async (
  machine: Machine,
  job: Job,
  wanted: Rounds,
): Promise<Readonly<Partial<Record<Caches, readonly WayResult[]>>>> => {
  const first = await roundOf(job, warm(machine));
  if (secondsOf([first]) > wanted.patience) {
    await job.check?.();
    return { warm: resultsOf(job, [first], []) };
  }
  const rounds = await warmRounds(machine, job, wanted.warm);
  const syncs = await countsOf(machine, job);
  const coldRounds: Round[] = [];
  while (coldRounds.length < wanted.cold) coldRounds.push(await roundOf(job, cold(machine)));
  await job.check?.();
  return {
    warm: resultsOf(job, rounds, syncs),
    ...(wanted.cold > 0 ? { cold: resultsOf(job, coldRounds, syncs) } : {}),
  };
};
