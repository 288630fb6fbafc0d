/** Mailbox names that a Dovecot would take for escaped, with a real doveadm at the other end, in either role. */
import assert from "node:assert/strict";
import { type Account, type Dovecot, judged } from "../dovecot.ts";
import { oursLeads, oursServes } from "./histories.ts";

const NAMES: readonly string[] = ["100%", "per%cent", "a%41b", "a%41b/%", "%25", "zz"];

/** What a user sees: names, how many mails, subscriptions. */
const seen = async (dovecot: Dovecot, account: Account): Promise<string> => {
  const status = await dovecot.quietly(account, ["mailbox", "status", "messages", "*"]);
  const subscribed = await dovecot.quietly(account, ["mailbox", "list", "-s"]);
  return [...status.trim().split("\n").sort(), ...subscribed.trim().split("\n").sort()].join("\n");
};

for (const [title, role] of [["the master", oursLeads], ["the slave", oursServes]] as const) {
  for (const location of ["maildir:~/Maildir", "mdbox:~/mdbox"]) {
    judged(`names with "%" come to ${location}, and stay; ours is ${title}`, async (dovecot) => {
      const ours = await dovecot.account("mdbox:~/mdbox");
      const theirs = await dovecot.account(location);
      const [left, right] = role === oursServes ? [theirs, ours] : [ours, theirs];
      const sync = async (): Promise<string> => {
        const { code, stderr } = await role(dovecot).sync("mirror", left, right);
        assert.deepEqual([code, stderr], [0, ""]);
        const here = await seen(dovecot, ours);
        assert.equal(await seen(dovecot, theirs), here);
        return here;
      };
      {
        await using imap = await dovecot.imap(ours);
        await imap.append("INBOX", new TextEncoder().encode("Subject: x\r\n\r\nx\r\n"));
        for (const name of NAMES) {
          await imap.ok(`CREATE "${name}"`);
          await imap.ok(`SUBSCRIBE "${name}"`);
          await imap.append(name, new TextEncoder().encode(`Subject: ${name}\r\n\r\nx\r\n`));
        }
      }
      const first = await sync();
      for (const name of NAMES) {
        assert.ok(first.split("\n").includes(`${name} messages=1`), `${name}: ${first}`);
      }
      assert.equal(await sync(), first, "again");
      {
        await using imap = await dovecot.imap(theirs);
        await imap.ok('RENAME "per%cent" "p%61"');
        await imap.ok('DELETE "100%"');
      }
      const second = await sync();
      assert.match(second, /^p%61 messages=1$/m);
      assert.doesNotMatch(second, /^(100%|per%cent) messages/m);
      assert.equal(await sync(), second, "again");
    });
  }
}
