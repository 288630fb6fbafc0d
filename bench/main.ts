/**
 * `deno task bench [--rounds N] [--only WORK] [--in DIR] [--long] [--full] [--keep] [CORPUS...]`: dsync, doveadm, mbsync
 * and a plain copy do the same work in turn. Prints medians and their ratios, and what came of the targets; `--keep`
 * writes them to bench/results, with plots. WORK is a part of a name in names.ts, CORPUS the first words of one in
 * corpus.ts. DIR is where the mail is, on a disk by default: durability costs nothing on a tmpfs.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "@std/cli/parse-args";
import { Dovecot, hasDovecot } from "../tests/interop/dovecot.ts";
import { stageDsync } from "../tests/interop/dsync.ts";
import { hasMbsync } from "./commands.ts";
import { CORPORA, type Corpus, writeCorpus } from "./corpus.ts";
import type { WorkName } from "./names.ts";
import { canCount, dropCaches, whyNotCold } from "./gauge.ts";
import { headLines } from "./head.ts";
import { type Job, warmUp } from "./job.ts";
import { jobsOf } from "./jobs.ts";
import { pagesOf } from "./page.ts";
import { type JobResult, jobText } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { verdictsOf } from "./targets.ts";

const USAGE =
  "deno task bench [--rounds N] [--only WORK] [--in DIR] [--long] [--full] [--keep] [CORPUS...]";

const { full, long, keep, _: names, ...options } = parseArgs(Deno.args, {
  string: ["rounds", "only", "in"],
  boolean: ["full", "long", "keep"],
  unknown: (_, option) => {
    if (option === undefined) return true;
    console.log(USAGE);
    Deno.exit(2);
  },
});
const rounds = Number(options.rounds ?? "3");
const only = options.only ?? "";
/** Seconds that a first round may take for the work to be repeated. */
const patience = full ? 300 : long ? 60 : 25;
const directory = options.in ?? "/var/tmp";
Deno.env.set("TMPDIR", directory);

/** What is measured with a corpus. */
const worksOf = (corpus: Corpus): readonly WorkName[] =>
  full
    ? corpus.full
    : long
    ? [...corpus.quick, ...corpus.long ?? [], ...corpus.alone ?? []]
    : corpus.quick;

/** The ways to do a piece of work that are measured. */
const measured = (corpus: Corpus, job: Job): Job =>
  !full && corpus.alone?.includes(job.name) ? { ...job, ways: job.ways.slice(0, 1) } : job;

const results: JobResult[] = [];
const left: string[] = [];

const keepPages = async (head: readonly string[]): Promise<void> => {
  const place = join(import.meta.dirname!, "results");
  for (const [name, text] of Object.entries(pagesOf({ head, results, left }))) {
    await Deno.writeTextFile(join(place, name), text);
  }
};

/** Measures the work on a corpus, on a machine of its own: what is left of it goes with it. */
const benchCorpus = async (corpus: Corpus, isCold: boolean): Promise<void> => {
  await using dovecot = await Dovecot.start();
  const dsync = await stageDsync(dovecot);
  const source = await dovecot.account(
    "maildir:~/Maildir",
    (home) => void writeCorpus(corpus, `${home}/Maildir`),
  );
  // Dovecot has seen it before, and made its indexes.
  await dovecot.quietly(source, ["mailbox", "status", "messages", "*"]);
  await warmUp({ dovecot, dsync });
  const set = worksOf(corpus);
  const jobs = jobsOf(
    { dovecot, dsync, source, corpus },
    (work) => set.includes(work) && work.includes(only),
  );
  let since = performance.now();
  for await (const job of jobs) {
    const isColdToo = isCold && corpus.cold.includes(job.name) &&
      (full || corpus.quick.includes(job.name));
    const cold = isColdToo ? (full ? rounds : 1) : 0;
    try {
      const ways = await runRounds(dovecot.machine, measured(corpus, job), {
        warm: rounds,
        cold,
        patience,
      });
      for (const caches of ["warm", "cold"] as const) {
        if (ways[caches] === undefined) continue;
        const about = { corpus: corpus.name, mails: corpus.mails, work: job.name, caches };
        results.push({ ...about, ways: ways[caches] });
        console.log(`\n${jobText(results.at(-1)!)}`);
      }
    } catch (error) {
      left.push(`${corpus.name}: ${job.name}: failed: ${(error as Error).message}`);
      console.log(`\n${left.at(-1)}`);
    }
    const now = performance.now();
    console.log(`  (${((now - since) / 1000).toFixed(0)} s with what goes before and after)`);
    since = now;
  }
};

if (!hasDovecot) {
  console.log(
    "bench: a Dovecot to compare with is missing (deno task test installs it on Debian as root)",
  );
  Deno.exit(1);
}
const begun = performance.now();
const head = await headLines(directory);
console.log(head.join("\n"));
const notCold = await whyNotCold(directory);
if (notCold !== null) left.push(`cold caches: ${notCold}`);
if (!canCount()) left.push("fsyncs: there is no strace to count them with");
if (!hasMbsync()) left.push("mbsync: not installed");
if (!full) left.push("work that only `deno task bench:full` does");
const isNamed = ({ name }: Corpus): boolean =>
  names.length === 0 || names.some((one) => name.startsWith(`${one} `));
const corpora = CORPORA.filter(isNamed);
if (corpora.length === 0) {
  console.log(`bench: no such corpus; there are: ${CORPORA.map(({ name }) => name).join("; ")}`);
  Deno.exit(2);
}
for (const corpus of corpora) {
  if (worksOf(corpus).length === 0) continue;
  // What the corpus before has left must not be measured.
  if (notCold === null) await dropCaches();
  await benchCorpus(corpus, notCold === null);
  if (keep) await keepPages(head);
}
console.log("\nTargets");
for (const { what, limit, value, verdict } of verdictsOf(results)) {
  console.log(
    `  ${verdict.padEnd(13)}${what}: ${value === "" ? "" : `${value}, `}at most ${limit}`,
  );
}
for (const one of left) console.log(`not measured: ${one}`);
console.log(`It took ${((performance.now() - begun) / 60_000).toFixed(1)} minutes.`);
