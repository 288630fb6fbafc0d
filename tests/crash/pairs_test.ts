/** Runs over two stores, killed at their durable steps: at each of two scenarios, at a sample of others, with DSYNC_CRASH=all at each of all. */
import { ALL, crashEverywhere } from "./crash.ts";
import { PAIRS } from "./pairs.ts";

/** Crashes of a scenario in the ordinary run, and the pairs of formats that have so many. */
const SAMPLE = 2;
const SAMPLED = /maildir to mdbox|mdbox to fs|mdbox to mdbox|fs to maildir/;
/** What is killed everywhere in the ordinary run, too: a Maildir that is filled, and a merge. */
const WHOLE = ["first_mirror, mdbox to maildir", "merge, mdbox to mdbox"];

for (const { title, module, atLeast, verdict } of PAIRS) {
  const isWhole = WHOLE.includes(title);
  if (!ALL && !isWhole && !SAMPLED.test(title)) continue;
  Deno.test(`${title}: killed anywhere, the next run comes to the uninterrupted end`, async () => {
    const options = isWhole ? { atLeast } : { atLeast, sample: SAMPLE };
    await crashEverywhere(module, await verdict(), options);
  });
}
