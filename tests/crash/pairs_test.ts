/** Runs over two stores, killed at their durable steps: of each a sample, with DSYNC_CRASH=all at each of all. */
import { ALL, crashEverywhere } from "./crash.ts";
import { PAIRS } from "./pairs.ts";

/** Crashes of a scenario in the ordinary run, and the pairs of formats that have so many. */
const SAMPLE = 2;
const SAMPLED = /maildir to mdbox|mdbox to fs|mdbox to mdbox|fs to maildir/;
/** Larger samples: a Maildir that is filled, and a merge. */
const MORE: Readonly<Record<string, number>> = {
  "first_mirror, mdbox to maildir": 30,
  "merge, mdbox to mdbox": 120,
};

for (const { title, module, atLeast, verdict } of PAIRS) {
  if (!ALL && !(title in MORE) && !SAMPLED.test(title)) continue;
  Deno.test(`${title}: killed anywhere, the next run comes to the uninterrupted end`, async () => {
    await crashEverywhere(module, await verdict(), { atLeast, sample: MORE[title] ?? SAMPLE });
  });
}
