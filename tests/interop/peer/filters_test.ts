/** A mirror of some mails only, with a real doveadm at the other end, in either role. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";

/** The command that runs a doveadm on an account. */
const doveadmOn = (dovecot: Dovecot, account: Account): readonly string[] => [
  ...["env", `HOME=${account.home}`, "/usr/bin/doveadm", "-c", dovecot.config],
  ...["-o", `mail_location=${account.location}`],
];

/** One run of ours as the master. */
const lead = async (
  dovecot: Dovecot,
  dsync: Dsync,
  [ours, theirs]: readonly [Account, Account],
  words: readonly string[],
): Promise<void> => {
  const { code, stderr } = await dsync.run([
    ...["-o", `mail_location=${absolute(ours)}`, ...words],
    ...[...doveadmOn(dovecot, theirs), "dsync-server"],
  ]);
  assert.deepEqual([code, stderr], [0, ""], words.join(" "));
};

/** One run of a doveadm as the master, ours at the other end. */
const serve = async (
  dovecot: Dovecot,
  dsync: Dsync,
  [ours, theirs]: readonly [Account, Account],
  words: readonly string[],
): Promise<void> => {
  const { code, stderr } = await dovecot.doveadm(theirs, [
    ...["sync", ...words, "env", `HOME=${ours.home}`],
    ...Object.entries(dsync.env).map(([key, value]) => `${key}=${value}`),
    ...[dsync.program, ...dsync.args(["-o", `mail_location=${absolute(ours)}`, "server"])],
  ]);
  assert.deepEqual([code, stderr], [0, ""], words.join(" "));
};

/** Saves a mail of each subject in an INBOX. */
const save = async (
  dovecot: Dovecot,
  account: Account,
  ...subjects: readonly string[]
): Promise<void> => {
  await using imap = await dovecot.imap(account);
  for (const subject of subjects) {
    await imap.append("INBOX", new TextEncoder().encode(`Subject: ${subject}\r\n\r\nx\r\n`));
  }
};

/** The mails of an INBOX: UID and subject. */
const mails = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> =>
  (await dovecot.quietly(account, ["-f", "tab", "fetch", "uid hdr.subject", "ALL"]))
    .trim().split("\n").slice(1);

const ROLES = [["ours is the master", lead], ["ours is the slave", serve]] as const;

for (const [title, sync] of ROLES) {
  judged(`-t: an expunge that this end tells does not end a Dovecot; ${title}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const ours = await dovecot.account("mdbox:~/mdbox");
    const theirs = await dovecot.account("maildir:~/Maildir");
    await save(dovecot, ours, "a", "b", "c");
    await save(dovecot, theirs, "x", "y", "z");
    {
      await using imap = await dovecot.imap(ours);
      await imap.select("INBOX");
      await imap.ok("UID STORE 1 +FLAGS (\\Deleted)");
      await imap.ok("UID EXPUNGE 1");
    }
    for (const words of [["mirror", "-t", "2022-01-01"], ["mirror", "-t", "2022-01-01"]]) {
      await sync(dovecot, dsync, [ours, theirs], sync === lead ? words : words.slice(1));
    }
    const here = await mails(dovecot, ours);
    assert.deepEqual(await mails(dovecot, theirs), here);
    assert.deepEqual(here.map((line) => line.split("\t")[1]).sort(), ["b", "c", "x", "y", "z"]);
  });
}
