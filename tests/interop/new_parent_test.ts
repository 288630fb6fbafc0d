/** What Dovecot's list index knows of a mailbox that a killed run has made. */
import assert from "node:assert/strict";
import { crashEverywhere } from "../crash/crash.ts";
import { FORMATS } from "../crash/sides.ts";
import { type Dovecot, judged } from "./dovecot.ts";

const LOCATIONS = {
  "maildir": "maildir:~/left",
  "fs": "maildir:~/left:LAYOUT=fs",
  "mdbox": "mdbox:~/left",
} as const;

const listed = async (dovecot: Dovecot, home: string, location: string) => {
  await dovecot.machine.own(home);
  await using imap = await dovecot.imap({ home, location });
  const { untagged } = await imap.send('LIST "" A');
  const { status } = await imap.send("SELECT A");
  return { status, isThere: untagged.some((line) => !/\\(NoSelect|NonExistent)/i.test(line)) };
};

for (const format of FORMATS) {
  judged(
    `${format}: a parent that a killed run made a mailbox is one for Dovecot`,
    async (dovecot) => {
      const location = LOCATIONS[format];
      const account = await dovecot.account(location);
      {
        await using imap = await dovecot.imap(account);
        for (const command of ["CREATE A/B/C", 'LIST "" *', "SELECT INBOX"]) {
          assert.equal((await imap.send(command)).status, "OK", command);
        }
      }
      const url = new URL("../crash/scenarios/new_parent.ts", import.meta.url);
      url.search = `?left=${format}&right=${format}&start=${account.home}`;
      await crashEverywhere(url.href, {
        whole: async (_, whole) => {
          assert.deepEqual(await listed(dovecot, whole, location), { status: "OK", isThere: true });
        },
        mended: async (home) => {
          assert.deepEqual(await listed(dovecot, home, location), { status: "OK", isThere: true });
        },
      }, { atLeast: 8 });
    },
  );
}
