import assert from "node:assert/strict";
import { exampleResult } from "./_example_results.ts";
import { HUNDRED_THOUSAND, TEN_THOUSAND, THOUSAND } from "./corpus.ts";
import { WAY, WORK } from "./names.ts";
import { pagesOf } from "./page.ts";

const head = ["2026-01-01", "2 cores"];
const job = (corpus: typeof THOUSAND, seconds: number) =>
  exampleResult(corpus, WORK.toMdbox, {
    [WAY.backup]: [seconds],
    [WAY.doveadmBackup]: [seconds * 2],
  }, corpus.mails / 100);

Deno.test("pagesOf: growth is told and drawn from two numbers of mails up", () => {
  const one = pagesOf({ head, results: [job(THOUSAND, 1)], left: [] });
  assert.deepEqual(Object.keys(one), ["README.md", "ratios.svg"]);
  const two = pagesOf({
    head,
    results: [job(THOUSAND, 1), job(TEN_THOUSAND, 2), job(HUNDRED_THOUSAND, 30)],
    left: [],
  });
  assert.deepEqual(Object.keys(two), ["README.md", "ratios.svg", "cost.svg", "memory.svg"]);
  const rows = two["README.md"]!.split("\n").filter((row) =>
    row.startsWith(`| ${WORK.toMdbox} | ${WAY.backup}`)
  );
  assert.deepEqual(rows.map((row) => row.split(" | ").slice(2)), [
    ["1,000", "1.00 s", "1000.0 µs", "10 MB |"],
    ["10,000", "2.00 s", "200.0 µs", "100 MB |"],
    ["100,000", "30.00 s", "300.0 µs", "1000 MB |"],
  ]);
  // 1000 µs at 1,000 mails, 200 at 10,000, 300 at 100,000: down, then up a little.
  const [points] = /points="([^"]+)"/.exec(two["cost.svg"]!)!.slice(1);
  const heights = points!.split(" ").map((point) => Number(point.split(",")[1]));
  assert.ok(heights[0]! < heights[2]! && heights[2]! < heights[1]!, points);
});

Deno.test("pagesOf: what was left out is said, and each target that is missed", () => {
  const page = pagesOf({
    head,
    results: [job(HUNDRED_THOUSAND, 1)],
    left: ["cold caches: this is a tmpfs"],
  })["README.md"]!;
  assert.match(page, /^2 missed; /m);
  assert.match(
    page,
    /^\| 100k mails, Maildir -> mdbox, of doveadm's.*\| 0\.40 \| 0\.50 \| \*\*missed\*\* \|$/m,
  );
  assert.match(page, /^\| peak memory with 100k .*\| 200 MB \| 1000 MB \| \*\*missed\*\* \|$/m);
  assert.match(page, /^- cold caches: this is a tmpfs$/m);
});
