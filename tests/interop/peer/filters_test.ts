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

const FILTERS: readonly (readonly [option: string, value: string])[] = [
  ["-O", "-\\Seen"],
  ["-I", "4000"],
  ["-t", "2022-01-01"],
  ["-e", "2022-01-01"],
];

for (const [title, sync] of ROLES) {
  for (const [option, value] of FILTERS) {
    // A doveadm that is given -e alone sends what no other end takes.
    if (sync === serve && option === "-e") continue;
    judged(`${option}: mails outside of it stay where they are; ${title}`, async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const ours = await dovecot.account("mdbox:~/mdbox");
      const theirs = await dovecot.account("maildir:~/Maildir");
      const isOld = (isOut: boolean): boolean => isOut !== (option === "-e");
      const add = async (account: Account, isOut: boolean, subject: string): Promise<void> => {
        await using imap = await dovecot.imap(account);
        const body = isOut ? "x".repeat(9000) : "x";
        const bytes = new TextEncoder().encode(`Subject: ${subject}\r\n\r\n${body}\r\n`);
        const at = Date.UTC(isOld(isOut) ? 2021 : 2023, 1, 5) / 1000;
        await imap.append("INBOX", bytes, isOut ? ["\\Seen"] : [], at);
      };
      await add(theirs, true, "out");
      await add(theirs, false, "in");
      const words = [option, value];
      const run = () =>
        sync(dovecot, dsync, [ours, theirs], sync === lead ? ["mirror", ...words] : words);
      await run();
      assert.deepEqual(await mails(dovecot, ours), ["2\tin"]);
      for (const again of ["second", "third"]) {
        await run();
        assert.deepEqual(await mails(dovecot, theirs), ["1\tout", "2\tin"], again);
      }
      // What a user expunges goes on both sides; another mail outside of the filter comes between.
      await add(theirs, true, "out too");
      await add(ours, false, "new");
      {
        await using imap = await dovecot.imap(ours);
        await imap.select("INBOX");
        await imap.ok("UID STORE 2 +FLAGS (\\Deleted)");
        await imap.ok("UID EXPUNGE 2");
      }
      for (const again of ["fourth", "fifth"]) {
        await run();
        const there = (await mails(dovecot, theirs)).map((line) => line.split("\t")[1]).sort();
        assert.deepEqual(there, ["new", "out", "out too"], again);
        const here = (await mails(dovecot, ours)).map((line) => line.split("\t")[1]);
        assert.deepEqual(here, ["new"], again);
      }
    });
  }
}
