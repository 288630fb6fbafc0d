/**
 * `deno task bench [--rounds N] [--only WORK] [CORPUS]`: dsync, doveadm and a plain copy do the same work in turn; prints
 * medians and their ratios.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "@std/cli/parse-args";
import { absolute, type Account, Dovecot, hasDovecot } from "../tests/interop/dovecot.ts";
import { type Dsync, stageDsync } from "../tests/interop/dsync.ts";
import { type Bench, doveadm, dsyncCommand, type Way } from "./commands.ts";
import { CORPORA, type Corpus, writeCorpus } from "./corpus.ts";
import { measure, type Measured, median } from "./measure.ts";
import { firstOverPipe } from "./pipe.ts";

const { rounds = "3", only = "", _: names } = parseArgs(Deno.args, { string: ["rounds", "only"] });
const ROUNDS = Number(rounds);

/** First conversions into an empty store of `location`. */
const firstConversion = (
  { dovecot, dsync, source }: Bench,
  from: Account,
  location: string,
): readonly Way[] => {
  const fresh = () => dovecot.account(location);
  return [
    {
      name: "dsync backup",
      run: async () => measure(dsyncCommand(dsync, from, "backup", [absolute(await fresh())])),
    },
    {
      name: "doveadm backup -R",
      run: async () => {
        const to = await fresh();
        return measure(doveadm(dovecot, to, ["backup", "-R", absolute(from)]));
      },
    },
    {
      name: "cp -r of the Maildir, sync",
      run: async () => {
        const to = await dovecot.machine.directory("copy");
        const script = 'cp -r "$1" "$2" && sync -f "$2"';
        const args = ["-c", script, "sh", join(source.home, "Maildir"), to];
        return measure(dovecot.machine.command("/bin/sh", args, { home: to }));
      },
    },
  ];
};

/** A mirror of two equal sides. */
const nothingNew = ({ dovecot, dsync, source }: Bench, to: Account): readonly Way[] => [
  {
    name: "dsync mirror",
    run: () => measure(dsyncCommand(dsync, source, "mirror", [absolute(to)])),
  },
  {
    name: "doveadm sync",
    run: () => measure(doveadm(dovecot, source, ["sync", absolute(to)])),
  },
];

/** Runs the ways in turn, several rounds, and prints a table; ratios are to the second way. */
const compare = async (title: string, ways: readonly Way[]): Promise<void> => {
  if (!title.includes(only)) return;
  const runs = ways.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, way] of ways.entries()) runs[i]!.push(await way.run());
  }
  const seconds = runs.map((of) => median(of.map((run) => run.seconds)));
  console.log(`\n${title}`);
  for (const [i, way] of ways.entries()) {
    const peak = Math.max(...runs[i]!.map((run) => run.peakMiB));
    const ratio = median(runs[i]!.map((run, round) => run.seconds / runs[1]![round]!.seconds));
    console.log(
      `  ${way.name.padEnd(28)} ${seconds[i]!.toFixed(2).padStart(7)} s` +
        `  x${ratio.toFixed(2)}  ${peak.toFixed(0).padStart(5)} MiB`,
    );
  }
};

const benchCorpus = async (dovecot: Dovecot, dsync: Dsync, corpus: Corpus): Promise<void> => {
  const source = await dovecot.account(
    "maildir:~/Maildir",
    (home) => void writeCorpus(corpus, `${home}/Maildir`),
  );
  const bench = { dovecot, dsync, source };
  await compare(
    `${corpus.name}: Maildir -> mdbox, first time`,
    firstConversion(bench, source, "mdbox:~/mdbox"),
  );
  const mdbox = await dovecot.account("mdbox:~/mdbox");
  await measure(dsyncCommand(dsync, source, "backup", [absolute(mdbox)]));
  await compare(
    `${corpus.name}: mdbox -> Maildir, first time`,
    firstConversion(bench, mdbox, "maildir:~/Maildir"),
  );
  await compare(`${corpus.name}: mirror with nothing new`, nothingNew(bench, mdbox));
  await compare(`${corpus.name}: first mirror over a pipe`, firstOverPipe(bench));
};

if (!hasDovecot) {
  console.log(
    "bench: a Dovecot to compare with is missing (deno task test installs it on Debian as root)",
  );
  Deno.exit(1);
}
await using dovecot = await Dovecot.start();
const dsync = await stageDsync(dovecot);
const wanted = CORPORA.filter(({ name }) => name.includes(String(names[0] ?? "")));
console.log(`medians of ${ROUNDS} rounds, in turn; warm cache; x: ratio to doveadm; peak memory`);
for (const corpus of wanted) await benchCorpus(dovecot, dsync, corpus);
