/** What a kill leaves of an mdbox at any step: Dovecot reads it without a word, and goes on after the next run. */
import assert from "node:assert/strict";
import { audit } from "../../crash/mdbox_audit.ts";
import { crashEverywhere } from "../../crash/crash.ts";
import { compareViews } from "../compare.ts";
import { type Account, type Dovecot, judged } from "../dovecot.ts";
import { trials } from "../judge.ts";
import { view } from "../view.ts";

const accountAt = async (dovecot: Dovecot, home: string): Promise<Account> => {
  const copy = await dovecot.machine.copy(home, "crashed");
  await dovecot.machine.own(copy);
  return { home: copy, location: "mdbox:~/mdbox" };
};

for (const module of ["mdbox_batches.ts", "mdbox_places.ts"]) {
  judged(`${module}: Dovecot finds nothing wrong after a kill at any step`, async (dovecot) => {
    const url = new URL(`../../crash/${module}`, import.meta.url).href;
    await crashEverywhere(url, {
      crashed: async (home, { step, torn }) => {
        // Half a record of a log: Dovecot 2.3 gives up the log, its own as well as ours. A kill alone cannot do that.
        if (torn && step.path.endsWith(".log")) return;
        const seen = await view(dovecot, await accountAt(dovecot, home));
        assert.deepEqual(seen.complaints, []);
      },
      mended: async (home, whole) => {
        assert.deepEqual(audit(`${home}/mdbox`).harm, []);
        const account = await accountAt(dovecot, home);
        const seen = await view(dovecot, account);
        const expected = await view(dovecot, await accountAt(dovecot, whole));
        assert.deepEqual(compareViews(expected, seen, { modSeq: "ignore" }), []);
        assert.deepEqual(await trials(dovecot, account, seen), []);
      },
    }, { atLeast: 30 });
  });
}
