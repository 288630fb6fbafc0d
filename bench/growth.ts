/**
 * How the cost of a mail and the memory grow with the number of mails.
 *
 * @module
 */
import { GROWING, HUNDRED_THOUSAND, MILLION, TEN_THOUSAND, THOUSAND } from "./corpus.ts";
import { type JobResult, numbersOf } from "./results.ts";
import type { Curve } from "./svg.ts";

const SIZES = [THOUSAND, TEN_THOUSAND, HUNDRED_THOUSAND, MILLION];
/** Ours and what it is compared with; the floors hold and cost what they like. */
const COMPARED = 2;

/** A way at one number of mails. */
export interface Step {
  readonly mails: number;
  readonly seconds: number;
  /** Wall time over mails, microseconds. */
  readonly costOfMail: number;
  readonly peakMB: number;
}

/** A way at all numbers of mails that it was measured at, ascending. */
export interface Growth {
  readonly work: string;
  readonly way: string;
  readonly steps: readonly Step[];
}

/** What grew, with warm caches; ways that were measured once only are left out. */
export const growthOf = (results: readonly JobResult[]): readonly Growth[] =>
  GROWING.flatMap((work) => {
    const jobs = SIZES.flatMap(({ name }) =>
      results.filter((one) => one.corpus === name && one.work === work && one.caches === "warm")
    );
    const names = jobs[0]?.ways.slice(0, COMPARED).map(({ name }) => name) ?? [];
    return names.map((way): Growth => ({
      work,
      way,
      steps: jobs.flatMap(({ mails, ways }) =>
        ways.filter(({ name }) => name === way).map((one) => {
          const { seconds, peakMB } = numbersOf(one);
          return { mails, seconds, costOfMail: seconds / mails * 1e6, peakMB };
        })
      ),
    }));
  }).filter(({ steps }) => steps.length > 1);

/** One of the numbers as curves. */
export const curvesOf = (
  growths: readonly Growth[],
  number: "costOfMail" | "peakMB",
): readonly Curve[] =>
  growths.map(({ work, way, steps }) => ({
    name: `${way}: ${work}`,
    points: steps.map((step) => [step.mails, step[number]] as const),
  }));
