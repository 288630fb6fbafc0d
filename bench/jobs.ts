/**
 * The pieces of work that are measured, each with the ways to do it.
 *
 * @module
 */
import {
  afterChanges,
  BETWEEN_MAILDIRS,
  HERE,
  HERE_WITH_FULL,
  OVER_PIPE,
  Pairs,
  type Tool,
} from "./again.ts";
import { type Change, deliver, expunge, noChange, turnFlags } from "./changes.ts";
import { hasMbsync } from "./commands.ts";
import { betweenMaildirs, firstOverPipe, mdboxOf, toMaildir, toMdbox } from "./first_time.ts";
import { type Bench, type Job, removeAccount, type Way } from "./job.ts";
import { WORK, type WorkName } from "./names.ts";
import { startUp } from "./start_up.ts";

/** The wanted work on a corpus, in order; each is prepared when it is asked for, and what it made goes at the end. */
export const jobsOf = async function* (
  bench: Bench,
  isWanted: (name: WorkName) => boolean,
): AsyncGenerator<Job> {
  const job = function* (name: WorkName, ways: () => readonly Way[]): Generator<Job> {
    if (isWanted(name)) yield { name, ways: ways() };
  };
  yield* job(WORK.startUp, () => startUp(bench));
  yield* job(WORK.toMdbox, () => toMdbox(bench));
  if (isWanted(WORK.toMaildir)) {
    const mdbox = await mdboxOf(bench);
    yield { name: WORK.toMaildir, ways: toMaildir(bench, mdbox) };
    await removeAccount(mdbox);
  }
  yield* job(WORK.firstOverPipe, () => firstOverPipe(bench));
  const percent = Math.max(1, Math.round(bench.corpus.mails / 100));
  const again = function* (name: WorkName, pairs: Pairs, tools: readonly Tool[], change: Change) {
    if (!isWanted(name)) return;
    yield { name, ways: afterChanges(pairs, tools, change), check: () => pairs.mustBeEqual() };
  };
  {
    await using pairs = new Pairs(bench, "mdbox:~/mdbox");
    yield* again(WORK.nothing, pairs, HERE_WITH_FULL, noChange);
    yield* again(WORK.ten, pairs, HERE, turnFlags(bench, 10));
    yield* again(WORK.flags, pairs, HERE, turnFlags(bench, percent));
    yield* again(WORK.fresh, pairs, HERE, deliver(bench, percent));
    yield* again(WORK.expunged, pairs, HERE, expunge(bench, percent));
    yield* again(WORK.nothingOverPipe, pairs, OVER_PIPE, noChange);
    yield* again(WORK.tenOverPipe, pairs, OVER_PIPE, turnFlags(bench, 10));
  }
  if (!hasMbsync()) return;
  yield* job(WORK.betweenMaildirs, () => betweenMaildirs(bench));
  await using pairs = new Pairs(bench, "maildir:~/Maildir");
  yield* again(WORK.nothingBetweenMaildirs, pairs, BETWEEN_MAILDIRS, noChange);
  yield* again(WORK.tenBetweenMaildirs, pairs, BETWEEN_MAILDIRS, turnFlags(bench, 10));
};
