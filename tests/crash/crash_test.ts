import assert from "node:assert/strict";
import { crashEverywhere } from "./crash.ts";
import { ENTRIES } from "./diary.ts";

const DIARY = new URL("diary.ts", import.meta.url).href;
const LOG = ["a diary", ...ENTRIES, ""].join("\n");
const SUMMARY = `${ENTRIES.length} entries`;

const contents = (home: string): Record<string, string> =>
  Object.fromEntries(
    [...Deno.readDirSync(home)].map(({ name }) => [name, Deno.readTextFileSync(`${home}/${name}`)]),
  );

Deno.test("crashEverywhere: dies at every step and in every write, and the next run mends it", async () => {
  let [halfLines, leftLocks] = [0, 0];
  const crashes = await crashEverywhere(DIARY, {
    crashed: (home) => {
      const { log = "", summary, "summary.lock": lock } = contents(home);
      assert.ok(LOG.startsWith(log), log);
      assert.ok(summary === "nothing yet" || summary === SUMMARY, summary);
      if (!log.endsWith("\n")) halfLines++;
      if (lock !== undefined) leftLocks++;
    },
    mended: (home, whole) => {
      assert.deepEqual(contents(home), { log: LOG, summary: SUMMARY });
      assert.deepEqual(contents(home), contents(whole));
    },
  }, { atLeast: 8 });
  const names = crashes.map(({ step, torn }) => `${step.n} ${step.kind}${torn ? " torn" : ""}`);
  assert.deepEqual(names, [
    ...["1 write", "1 write torn", "2 write", "2 write torn", "3 write", "3 write torn", "4 sync"],
    ...["5 unlink", "6 create", "6 create torn", "7 rename", "8 syncDir"],
  ]);
  // The processes did die in the middle: half a line thrice, and nobody took the dotlock away.
  assert.deepEqual([halfLines, leftLocks], [3, crashes.length]);
});

Deno.test("crashEverywhere: a scenario with too few steps is no proof", async () => {
  await assert.rejects(
    () => crashEverywhere(DIARY, { mended: () => {} }, { atLeast: 9 }),
    /8 durable steps were seen, at least 9 expected/,
  );
});

Deno.test("crashEverywhere: what the verdict throws names the crash", async () => {
  const verdict = {
    mended: () => {
      throw new Error("not equal");
    },
  };
  await assert.rejects(
    () => crashEverywhere(DIARY, verdict, { atLeast: 8, every: 8 }),
    /killed (before|in the middle of) step 1, write .*log: Error: not equal/,
  );
});
