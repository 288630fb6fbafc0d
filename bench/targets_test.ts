import assert from "node:assert/strict";
import { exampleResult } from "./_example_results.ts";
import { CORPORA, HUNDRED_THOUSAND, MILLION, SMALL, TEN_THOUSAND, TINY } from "./corpus.ts";
import { WAY, WORK } from "./names.ts";
import type { JobResult } from "./results.ts";
import { verdictsOf } from "./targets.ts";

const said = (results: readonly JobResult[]): readonly string[] =>
  verdictsOf(results).filter(({ verdict }) => verdict !== "not measured")
    .map(({ what, value, limit, verdict }) => `${verdict}: ${what}: ${value} (${limit})`);

Deno.test("verdictsOf: nothing is met that was not measured", () => {
  assert.deepEqual(said([]), []);
});

Deno.test("verdictsOf: the median of the ratios of each round, not the ratio of the medians", () => {
  const result = exampleResult(HUNDRED_THOUSAND, WORK.nothing, {
    [WAY.mirror]: [1, 4, 9],
    [WAY.doveadmSync]: [2, 1, 10],
  });
  assert.deepEqual(said([result]), [
    "met: 100k mails, nothing new, of doveadm's default mode: 0.90 (1.00)",
    "met: peak memory with 100k mails, the most of all work: 100 MB (200 MB)",
  ]);
});

Deno.test("verdictsOf: of two ways to compare with the faster counts", () => {
  const result = exampleResult(SMALL, WORK.tenOverPipe, {
    [WAY.pushing]: [1],
    [WAY.doveadmPushing]: [10],
    [WAY.doveadmPulling]: [0.5],
  });
  assert.deepEqual(said([result]), [
    "missed: 10 changes over a pipe, of doveadm's better direction: 2.00 (1.00)",
  ]);
});

Deno.test("verdictsOf: growth compares the cost of a mail", () => {
  const ways = (seconds: number) => ({ [WAY.backup]: [seconds] });
  const results = [
    exampleResult(TEN_THOUSAND, WORK.toMdbox, ways(1)),
    exampleResult(MILLION, WORK.toMdbox, ways(150), 400),
  ];
  assert.deepEqual(said(results), [
    "missed: peak memory with 1M mails, the most of all work: 400 MB (350 MB)",
    "missed: cost of a mail at 1M, Maildir -> mdbox, of that at 10k: 1.50 (1.30)",
  ]);
});

Deno.test("verdictsOf: seconds are shown as such, a limit itself is met", () => {
  const result = exampleResult(TINY, WORK.startUp, { [WAY.version]: [0.08] });
  assert.deepEqual(said([result]), ["met: dsync --version: 0.080 s (0.080 s)"]);
});

Deno.test("targets: bench:full measures the work of each", () => {
  // Every way of all that the full set does, cold and warm: then no target is without its number.
  const ways = Object.fromEntries(Object.values(WAY).map((way) => [way, [1]]));
  const results = CORPORA.flatMap((corpus) => [
    ...corpus.full.map((work) => exampleResult(corpus, work, ways)),
    ...corpus.cold.filter((work) => corpus.full.includes(work))
      .map((work): JobResult => ({ ...exampleResult(corpus, work, ways), caches: "cold" })),
  ]);
  const missing = verdictsOf(results).filter(({ verdict }) => verdict === "not measured");
  assert.deepEqual(missing, []);
});
