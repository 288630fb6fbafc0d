/** Backups to a real doveadm whose mailboxes are in the way: it deletes them, but for the INBOX of a Maildir. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";
import type { Ended } from "../machine.ts";

const save = async (
  dovecot: Dovecot,
  account: Account,
  mailbox: string,
  ...subjects: readonly string[]
): Promise<void> => {
  await using imap = await dovecot.imap(account);
  if (mailbox !== "INBOX") await imap.ok(`CREATE ${mailbox}`);
  for (const subject of subjects) {
    await imap.append(mailbox, new TextEncoder().encode(`Subject: ${subject}\r\n\r\nx\r\n`));
  }
};

const backup = (
  dsync: Dsync,
  ours: Account,
  words: readonly string[],
  server: readonly string[],
): Promise<Ended> =>
  dsync.run(["-o", `mail_location=${absolute(ours)}`, "backup", ...words, ...server]);

/** The mails of an account: mailbox, UID and subject. */
const mails = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> =>
  (await dovecot.quietly(account, ["-f", "tab", "fetch", "mailbox uid hdr.subject", "ALL"]))
    .trim().split("\n").slice(1).sort();

const SOURCE = ["INBOX\t1\ta", "INBOX\t2\tb", "Work\t1\tc", "Zz\t1\td"];

for (const location of ["maildir:~/Maildir", "mdbox:~/mdbox"]) {
  judged(`a backup over conflicts in ${location}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const ours = await dovecot.account("mdbox:~/mdbox");
    const theirs = await dovecot.account(location);
    await save(dovecot, ours, "INBOX", "a", "b");
    await save(dovecot, ours, "Work", "c");
    await save(dovecot, ours, "Zz", "d");
    for (const mailbox of ["INBOX", "Work", "Zz"]) await save(dovecot, theirs, mailbox, "other");
    const doveadm = [
      ...["env", `HOME=${theirs.home}`, "/usr/bin/doveadm", "-c", dovecot.config],
      ...["-o", `mail_location=${theirs.location}`, "dsync-server"],
    ];
    const isMaildir = location.startsWith("maildir");
    for (const run of ["first", "again"]) {
      const { code, stderr } = await backup(dsync, ours, [], doveadm);
      assert.equal(code, isMaildir ? 2 : 0, `${run}: ${stderr}`);
      const named = stderr.split("\n").filter((line) => line.startsWith("dsync: mailbox"));
      assert.equal(named.length, isMaildir ? 1 : 0, `${run}: ${stderr}`);
      if (isMaildir) assert.match(named[0]!, /^dsync: mailbox INBOX: it is not copied/, run);
      const others = SOURCE.filter((line) => !isMaildir || !line.startsWith("INBOX"));
      assert.deepEqual(await mails(dovecot, theirs), others, run);
    }
    if (!isMaildir) return;
    const alone = await backup(dsync, ours, ["-m", "INBOX"], doveadm);
    assert.equal(alone.code, 2, alone.stderr);
    // As the line says: one of ours at that end fills it.
    const server = [
      ...["env", `HOME=${theirs.home}`, `DENO_DIR=${dsync.cache}`, dsync.program],
      ...dsync.args(["-o", `mail_location=${absolute(theirs)}`, "server"]),
    ];
    const { code, stderr } = await backup(dsync, ours, [], server);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(await mails(dovecot, theirs), SOURCE);
  });
}
