/**
 * `deno task bench [--rounds N] [--only WORK] [--full] [--keep] [CORPUS...]`: dsync, doveadm, mbsync and a plain copy do the
 * same work in turn. Prints medians and their ratios; `--keep` writes them to bench/results, with a plot.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "@std/cli/parse-args";
import { Dovecot, hasDovecot } from "../tests/interop/dovecot.ts";
import { type Dsync, stageDsync } from "../tests/interop/dsync.ts";
import { CORPORA, type Corpus, writeCorpus } from "./corpus.ts";
import { type Job, jobsOf } from "./jobs.ts";
import type { Measured } from "./measure.ts";
import { type JobResult, jobText, ratioPlot, resultsPage } from "./report.ts";

const { rounds = "3", only = "", full, keep, _: names } = parseArgs(Deno.args, {
  string: ["rounds", "only"],
  boolean: ["full", "keep"],
});
const ROUNDS = Number(rounds);

/** Runs the ways in turn, several rounds. */
const runJob = async (corpus: Corpus, { name, ways }: Job): Promise<JobResult> => {
  const runs = ways.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, way] of ways.entries()) runs[i]!.push(await way.run());
  }
  return {
    corpus: corpus.name,
    job: name,
    ways: ways.map((way, i) => ({ name: way.name, runs: runs[i]! })),
  };
};

const benchCorpus = async function* (
  dovecot: Dovecot,
  dsync: Dsync,
  corpus: Corpus,
): AsyncGenerator<JobResult> {
  const source = await dovecot.account(
    "maildir:~/Maildir",
    (home) => void writeCorpus(corpus, `${home}/Maildir`),
  );
  const isWanted = (name: string): boolean => name.includes(only);
  for await (const job of jobsOf({ dovecot, dsync, source }, corpus.mails, isWanted)) {
    yield await runJob(corpus, job);
  }
};

const versionOf = async (program: string, ...args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
    const [line = ""] = new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).split("\n");
    return line;
  } catch {
    return "none";
  }
};

const headLines = async (): Promise<readonly string[]> => {
  const cpu = /model name\s*: (.*)/.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? "unknown";
  const [load] = Deno.loadavg();
  return [
    `${new Date().toISOString().slice(0, 10)}, medians of ${ROUNDS} rounds in turn, caches warm`,
    `${navigator.hardwareConcurrency} cores, ${cpu}, Linux ${Deno.osRelease()}, load ${
      load!.toFixed(2)
    }`,
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `Dovecot ${await versionOf("/usr/sbin/dovecot", "--version")}`,
    await versionOf("mbsync", "--version"),
    `temporary files in ${Deno.env.get("TMPDIR") ?? "/tmp"}`,
    "ratio: to the second way of the same work; CPU and memory of the process and its children",
  ];
};

if (!hasDovecot) {
  console.log(
    "bench: a Dovecot to compare with is missing (deno task test installs it on Debian as root)",
  );
  Deno.exit(1);
}
const head = await headLines();
console.log(head.join("\n"));
const results: JobResult[] = [];
const isNamed = (name: string): boolean =>
  names.length === 0 || names.some((one) => name.startsWith(String(one)));
for (const corpus of CORPORA) {
  if (!isNamed(corpus.name) || (corpus.isLong === true && !full)) continue;
  // Each has a machine of its own: what is left of it goes with it.
  await using dovecot = await Dovecot.start();
  const dsync = await stageDsync(dovecot);
  for await (const result of benchCorpus(dovecot, dsync, corpus)) {
    results.push(result);
    console.log(`\n${jobText(result)}`);
  }
}
if (keep) {
  const directory = join(import.meta.dirname!, "results");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(join(directory, "ratios.svg"), ratioPlot(results));
  await Deno.writeTextFile(join(directory, "README.md"), resultsPage(head, results, "ratios.svg"));
}
