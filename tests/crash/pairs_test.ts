/** Runs over two stores, killed at their durable steps: a sample of them, with DSYNC_CRASH=all each. */
import { ALL, crashEverywhere } from "./crash.ts";
import { PAIRS } from "./pairs.ts";

/** Crashes of each scenario in the ordinary run, and the pairs of formats it has. */
const SAMPLE = 2;
const SAMPLED = /maildir to mdbox|mdbox to fs|mdbox to mdbox|fs to maildir/;

for (const { title, module, atLeast, verdict } of PAIRS) {
  if (!ALL && !SAMPLED.test(title)) continue;
  Deno.test(`${title}: killed anywhere, the next run comes to the uninterrupted end`, async () => {
    await crashEverywhere(module, await verdict(), { atLeast, sample: SAMPLE });
  });
}
