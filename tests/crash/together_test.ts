/** Two runs over the same stores at once: one is halted in the middle, a second comes, the first goes on. */
import assert from "node:assert/strict";
import { makeOs } from "../../lib/os/os.ts";
import { ALL } from "./crash.ts";
import { PAIRS } from "./pairs.ts";
import { pausedEverywhere, type RunEnd } from "./pause.ts";
import type { Scenario } from "./scenario.ts";

/** The pairs of the ordinary run. */
const TITLES = ["first_mirror, mdbox to fs", "merge, maildir to mdbox", "backup, fs to maildir"];

/**
 * A run does its work, or says why it does not: another has a lock, or, where it made its plan before the other came, a
 * mailbox is not where it was.
 */
const isClear = ({ failure }: RunEnd): boolean =>
  failure === null || /Busy/.test(failure) ||
  /problems: (?!.*"(Damaged|Unsafe|Io|Denied|Unsupported)")/.test(failure);

for (const { title, module, verdict } of PAIRS) {
  if (!ALL && !TITLES.includes(title)) continue;
  Deno.test(`${title}: two runs at once damage nothing`, async () => {
    const { scenario } = await import(module) as { readonly scenario: Scenario };
    const { whole, mended } = await verdict();
    let refused = 0;
    await pausedEverywhere(
      module,
      ALL ? Infinity : 4,
      whole,
      async (home, { step, first, second }) => {
        const where = `halted before step ${step.n}, ${step.kind} ${step.path}`;
        assert.ok(isClear(first), `${where}: the first run: ${first.failure}`);
        assert.ok(isClear(second), `${where}: the second run: ${second.failure}`);
        if (second.failure !== null) refused++;
        try {
          await scenario.run(makeOs(), home);
          await mended(home);
        } catch (thrown) {
          throw new Error(`${where}: ${thrown}`, { cause: thrown });
        }
      },
    );
    assert.ok(refused > 0, "no run was ever refused");
  });
}
