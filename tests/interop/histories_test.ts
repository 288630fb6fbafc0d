import assert from "node:assert/strict";
import { OWN_DUPLICATE } from "./acts.ts";
import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { liveHistory, PAIRS } from "./histories.ts";

// 300 of them are in long/.
const EACH = 4;
/**
 * Of those that once ended badly. 36: both sides copied one mail to one UID, and one expunged its copy. 251: two lines of
 * dovecot-uidlist with one file name.
 */
const ONCE_BAD = [36, 144, 251];

for (const [i, pair] of PAIRS.entries()) {
  judged(
    `random histories of ${pair.join(" and ")} end as their users may expect`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      for (let n = 0; n < EACH; n++) {
        await liveHistory(dovecot, dsync, 1000 + i + n * PAIRS.length, false);
      }
    },
  );
}

for (const seed of ONCE_BAD) {
  judged(`random history ${seed} does not end badly again`, async (dovecot) => {
    await liveHistory(dovecot, await stageDsync(dovecot), seed, true);
  });
}

judged(
  "Dovecot alone writes a second line for a copy whose original was expunged",
  async (dovecot) => {
    const account = await dovecot.account("maildir:~/Maildir");
    const session = async (...commands: readonly string[]): Promise<string> => {
      await using imap = await dovecot.imap(account);
      for (const command of ["SELECT INBOX", ...commands]) {
        assert.equal((await imap.send(command)).status, "OK", command);
      }
      return await imap.close();
    };
    const append = "APPEND INBOX () {8+}\r\nA: b\r\n\r\n";
    // So many that one expunged mail does not make Dovecot write the list anew.
    const others = Array.from({ length: 12 }, () => append);
    const gone = ["UID STORE 1 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 1"];
    assert.equal(await session(append, "UID COPY 1 INBOX", ...gone, ...others), "");
    assert.equal(await session("UID COPY 2 INBOX"), "");
    assert.match((await session(append)).trimEnd(), OWN_DUPLICATE);
  },
);
