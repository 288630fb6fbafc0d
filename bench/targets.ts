/**
 * What was promised, each with the number that was measured.
 *
 * @module
 */
import { HUNDRED_THOUSAND, MILLION, SMALL, TEN_THOUSAND, TINY } from "./corpus.ts";
import { WAY, WORK, type WorkName } from "./names.ts";
import { type Caches, type JobResult, numbersOf, ratioOf, type WayResult } from "./results.ts";

/** A number that shall not be above its limit. */
export interface Target {
  readonly what: string;
  readonly atMost: number;
  /** Behind the number: "s", "MB", or "" for a ratio. */
  readonly unit: string;
  /** The number; null: not measured. */
  readonly measured: (results: readonly JobResult[]) => number | null;
}

interface Amount {
  readonly name: string;
  readonly mails: number;
}

/** The ways of a piece of work by name; null where one of them was not run. */
const waysOf = (
  results: readonly JobResult[],
  corpus: Amount,
  work: WorkName,
  caches: Caches,
  names: readonly string[],
): readonly WayResult[] | null => {
  const job = results.find((one) =>
    one.corpus === corpus.name && one.work === work && one.caches === caches
  );
  const ways = names.map((name) => job?.ways.find((way) => way.name === name));
  return ways.includes(undefined) ? null : ways as readonly WayResult[];
};

/** The ratio of a way to the fastest of others. */
const ratio = (
  corpus: Amount,
  work: WorkName,
  ours: string,
  others: readonly string[],
  caches: Caches = "warm",
): Target["measured"] =>
(results) => {
  const ways = waysOf(results, corpus, work, caches, [ours, ...others]);
  if (ways === null) return null;
  const [way, ...rest] = ways;
  return Math.max(...rest.map((other) => ratioOf(way!, other)));
};

const seconds = (corpus: Amount, work: WorkName, way: string): Target["measured"] => (results) => {
  const ways = waysOf(results, corpus, work, "warm", [way]);
  return ways === null ? null : numbersOf(ways[0]!).seconds;
};

/** The most memory that any dsync held with a corpus, its far end included. */
const peak = (corpus: Amount): Target["measured"] => (results) => {
  const peaks = results.filter((one) => one.corpus === corpus.name)
    .flatMap(({ ways }) => ways.filter(({ name }) => name.startsWith("dsync")))
    .map((way) => numbersOf(way).peakMB);
  return peaks.length === 0 ? null : Math.max(...peaks);
};

/** The cost of a mail with one corpus, as a ratio to that with another. */
const growth =
  (large: Amount, small: Amount, work: WorkName, way: string): Target["measured"] => (results) => {
    const [most, least] = [large, small].map((corpus) => {
      const value = seconds(corpus, work, way)(results);
      return value === null ? null : value / corpus.mails;
    });
    return most === null || least === null ? null : most! / least!;
  };

const target = (
  what: string,
  atMost: number,
  unit: string,
  measured: Target["measured"],
): Target => ({ what, atMost, unit, measured });

const FLOORS = [WAY.floorOne, WAY.floorMany];

/** All of them, ratios of wall time unless a unit says otherwise. */
export const TARGETS: readonly Target[] = [
  target(
    "100k mails, Maildir -> mdbox, of doveadm's better direction",
    0.4,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMdbox, WAY.backup, [WAY.doveadmBackup]),
  ),
  target(
    "the same, caches cold",
    0.5,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMdbox, WAY.backup, [WAY.doveadmBackup], "cold"),
  ),
  target(
    "100k mails, mdbox -> Maildir, of doveadm's better direction",
    0.6,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMaildir, WAY.backup, [WAY.doveadmBackup]),
  ),
  target(
    "100k mails, Maildir -> mdbox, of the plain floor",
    1.5,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMdbox, WAY.backup, FLOORS),
  ),
  target(
    "the same, caches cold",
    1.5,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMdbox, WAY.backup, FLOORS, "cold"),
  ),
  target(
    "100k mails, mdbox -> Maildir, of the plain floor",
    1.5,
    "",
    ratio(HUNDRED_THOUSAND, WORK.toMaildir, WAY.backup, [WAY.floorScatter]),
  ),
  target(
    "100k mails, nothing new, of doveadm's default mode",
    1,
    "",
    ratio(HUNDRED_THOUSAND, WORK.nothing, WAY.mirror, [WAY.doveadmSync]),
  ),
  target(
    "100k mails, 10 changes, of doveadm's default mode",
    1,
    "",
    ratio(HUNDRED_THOUSAND, WORK.ten, WAY.mirror, [WAY.doveadmSync]),
  ),
  target("dsync --version", 0.08, "s", seconds(TINY, WORK.startUp, WAY.version)),
  target("mirror of two small equal stores", 0.15, "s", seconds(TINY, WORK.nothing, WAY.mirror)),
  target(
    "20,000 small mails over a pipe, pushing, of doveadm pushing",
    0.15,
    "",
    ratio(SMALL, WORK.firstOverPipe, WAY.pushing, [WAY.doveadmPushing]),
  ),
  target(
    "the same, of doveadm pulling",
    1.2,
    "",
    ratio(SMALL, WORK.firstOverPipe, WAY.pushing, [WAY.doveadmPulling]),
  ),
  target(
    "20,000 small mails over a pipe, pulling, of doveadm pulling",
    1.2,
    "",
    ratio(SMALL, WORK.firstOverPipe, WAY.pulling, [WAY.doveadmPulling]),
  ),
  target(
    "10 changes over a pipe, of doveadm's better direction",
    1,
    "",
    ratio(SMALL, WORK.tenOverPipe, WAY.pushing, [WAY.doveadmPushing, WAY.doveadmPulling]),
  ),
  target(
    "20,000 small mails pushed to a doveadm, of doveadm pushing",
    1.1,
    "",
    ratio(SMALL, WORK.firstOverPipe, WAY.toDoveadm, [WAY.doveadmPushing]),
  ),
  target(
    "20,000 small mails pulled from a doveadm, of doveadm pulling",
    1.1,
    "",
    ratio(SMALL, WORK.firstOverPipe, WAY.fromDoveadm, [WAY.doveadmPulling]),
  ),
  target("peak memory with 100k mails, the most of all work", 200, "MB", peak(HUNDRED_THOUSAND)),
  target("peak memory with 1M mails, the most of all work", 350, "MB", peak(MILLION)),
  target(
    "cost of a mail at 1M, Maildir -> mdbox, of that at 10k",
    1.3,
    "",
    growth(MILLION, TEN_THOUSAND, WORK.toMdbox, WAY.backup),
  ),
  target(
    "cost of a mail at 1M, mdbox -> Maildir, of that at 10k",
    1.3,
    "",
    growth(MILLION, TEN_THOUSAND, WORK.toMaildir, WAY.backup),
  ),
  target("1M mails, nothing new", 2, "s", seconds(MILLION, WORK.nothing, WAY.mirror)),
];

const shown = (value: number, unit: string): string =>
  unit === ""
    ? value.toFixed(2)
    : unit === "s"
    ? `${value.toFixed(value < 1 ? 3 : 2)} s`
    : `${value.toFixed(0)} ${unit}`;

/** What came of a target. */
export interface Verdict {
  readonly what: string;
  readonly limit: string;
  readonly value: string;
  readonly verdict: "met" | "missed" | "not measured";
}

/** What came of each target, in order. */
export const verdictsOf = (results: readonly JobResult[]): readonly Verdict[] =>
  TARGETS.map(({ what, atMost, unit, measured }) => {
    const value = measured(results);
    return {
      what,
      limit: shown(atMost, unit),
      value: value === null ? "" : shown(value, unit),
      verdict: value === null ? "not measured" : value <= atMost ? "met" : "missed",
    };
  });
