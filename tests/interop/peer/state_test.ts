/** -s: a sync with a real Dovecot over a pipe goes on from the state that the last one has given. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";

const save = async (dovecot: Dovecot, account: Account): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", new TextEncoder().encode("Subject: x\r\n\r\nbody\r\n"));
};

/** The user's mails there. */
const count = (dovecot: Dovecot, account: Account): Promise<string> =>
  dovecot.quietly(account, ["mailbox", "status", "messages", "INBOX"]);

for (const words of [["mirror"], ["backup"], ["backup", "-R"], ["mirror", "-1"]]) {
  judged(`-s STATE with a Dovecot at the other end: ${words.join(" ")}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const ours = await dovecot.account("maildir:~/Maildir");
    const theirs = await dovecot.account("mdbox:~/mdbox");
    const [source, copy] = words.includes("-R") ? [theirs, ours] : [ours, theirs];
    const server = [
      ...["env", `HOME=${theirs.home}`, "/usr/bin/doveadm", "-c", dovecot.config],
      ...["-o", `mail_location=${absolute(theirs)}`, "dsync-server"],
    ];
    await save(dovecot, theirs);
    await dovecot.quietly(theirs, ["expunge", "mailbox", "INBOX", "all"]);
    let state = "";
    for (const mails of [1, 2, 3]) {
      await save(dovecot, source);
      const { code, stdout, stderr } = await dsync.run([
        ...["-o", `mail_location=${absolute(ours)}`, ...words, "-s", state, ...server],
      ]);
      assert.deepEqual([code, stderr], [0, ""], `with ${mails} mails`);
      state = new TextDecoder().decode(stdout).trim();
      assert.match(state, /^[A-Za-z0-9+/]{40,}=*$/);
      assert.equal((await count(dovecot, copy)).trim(), `INBOX messages=${mails}`);
    }
  });
}
