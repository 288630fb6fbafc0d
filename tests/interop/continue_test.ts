import assert from "node:assert/strict";
import { compareViews } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { type Dsync, stageDsync } from "./dsync.ts";
import { imapString } from "./imap.ts";
import { trials } from "./judge.ts";
import { filledAccount } from "./stores.ts";
import { treeOf } from "./tree.ts";
import { view } from "./view.ts";

const mail = (subject: string): Uint8Array =>
  new TextEncoder().encode(`From: me@example.org\r\nSubject: ${subject}\r\n\r\n${subject}!\r\n`);

/** A day in the life of an account: every kind of change that IMAP and delivery can make. */
const live = async (dovecot: Dovecot, account: Account): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", mail("appended"), ["\\Seen", "Fresh"], 1_234_567_890);
  await imap.append("Entwürfe/日本語", mail("another"), ["\\Draft"]);
  await imap.select("INBOX");
  await imap.ok("STORE 1,3 +FLAGS (\\Flagged Later)");
  await imap.ok("STORE 2 FLAGS (\\Answered)");
  await imap.ok(`COPY 1,2 ${imapString("Entwürfe/日本語")}`);
  await imap.ok(`MOVE 5:6 ${imapString("Archive/2024/Q1")}`);
  await imap.ok("STORE 7 +FLAGS (\\Deleted)");
  await imap.ok("EXPUNGE");
  await imap.ok(`RENAME ${imapString("Ärzte/Rechnungen")} ${imapString("Ärzte/Bezahlt")}`);
  await imap.ok(`CREATE ${imapString("Brandneu/ß")}`);
  await imap.append("Brandneu/ß", mail("first"));
  await imap.ok("DELETE Empty");
  await imap.ok(`SUBSCRIBE ${imapString("Brandneu/ß")}`);
  await imap.ok(`UNSUBSCRIBE ${imapString("Entwürfe/日本語")}`);
  assert.equal(await imap.close(), "");
  await dovecot.deliver(
    account,
    "INBOX",
    new TextEncoder().encode("Subject: delivered\n\nhello\n"),
  );
};

/** And the next day, on the copy. */
const liveOn = async (dovecot: Dovecot, account: Account, doomed: string): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", mail("on the copy"), ["\\Flagged"]);
  await imap.select("INBOX", true);
  await imap.ok("STORE 1 -FLAGS (Later)");
  await imap.ok(`COPY 1:3 ${imapString("Brandneu/ß")}`);
  await imap.ok(`MOVE 2 ${imapString("Brandneu/ß")}`);
  await imap.ok(`RENAME ${imapString("Brandneu/ß")} Older`);
  await imap.ok(`DELETE ${imapString(doomed)}`);
  assert.equal(await imap.close(), "");
  await dovecot.deliver(account, "INBOX", new TextEncoder().encode("Subject: again\n\nhello\n"));
};

const backup = async (
  dsync: Dsync,
  from: Account,
  to: Account,
  ...options: readonly string[]
): Promise<void> => {
  const { code, stderr } = await dsync.sync("backup", from, to, ...options);
  assert.deepEqual([code, stderr], [0, ""], `${from.location} to ${to.location}`);
};

const assertEqual = async (dovecot: Dovecot, from: Account, to: Account): Promise<void> => {
  const seen = await view(dovecot, to);
  // What is changed, not made anew, may get a higher MODSEQ than in the source: a log only counts upwards.
  const differences = compareViews(await view(dovecot, from), seen, { modSeq: "not lower" });
  assert.deepEqual(differences, [], `in ${to.location}`);
  assert.deepEqual(await trials(dovecot, to, seen), [], `trials of ${to.location}`);
};

/** Files of mail whose inode or time is another than before: mails that were written again. */
const rewritten = (before: ReadonlyMap<string, string>, home: string): string[] => {
  const after = treeOf(home);
  const isMail = (path: string): boolean => /\/(cur|new)\//.test(path);
  const bases = (tree: ReadonlyMap<string, string>): Map<string, string> =>
    new Map(
      [...tree].filter(([path]) => isMail(path)).map((
        [path, is],
      ) => [path.replace(/:2,.*$/, ""), is]),
    );
  const [was, is] = [bases(before), bases(after)];
  return [...was].filter(([path, state]) => is.has(path) && is.get(path) !== state).map(([path]) =>
    path
  );
};

// Once a parent is deleted in a Maildir++, by whomever, doveadm 2.3.19.1 stumbles over it: its list index still has it
// as a mailbox. So there a mailbox without children goes.
const WAYS = [
  ["maildir:~/Maildir", "mdbox:~/mdbox", "Archive/2023"],
  ["mdbox:~/mdbox", "maildir:~/Maildir:LAYOUT=fs", "Archive"],
] as const;

for (const [from, to, doomed] of WAYS) {
  judged(
    `a second backup carries over what Dovecot did since: ${from} to ${to}`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const source = await filledAccount(dovecot, from, { seed: 31, mails: 120 });
      const copy = await dovecot.account(to);
      await backup(dsync, source, copy);

      await live(dovecot, source);
      const written = treeOf(copy.home);
      await backup(dsync, source, copy);
      assert.deepEqual(rewritten(written, copy.home), []);
      await assertEqual(dovecot, source, copy);

      await liveOn(dovecot, copy, doomed);
      const original = treeOf(source.home);
      await backup(dsync, copy, source);
      assert.deepEqual(rewritten(original, source.home), []);
      await assertEqual(dovecot, copy, source);
    },
  );
}

judged("backup discards what the destination did on its own", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const source = await filledAccount(dovecot, "mdbox:~/mdbox", { seed: 32, mails: 80 });
  for (const location of ["maildir:~/Maildir:LAYOUT=fs", "mdbox:~/mdbox"]) {
    const copy = await dovecot.account(location);
    await backup(dsync, source, copy);
    await live(dovecot, copy);
    await backup(dsync, source, copy);
    const seen = await view(dovecot, copy);
    assert.deepEqual(compareViews(await view(dovecot, source), seen, { modSeq: "not lower" }), []);
    assert.deepEqual(await trials(dovecot, copy, seen), []);
  }
});

judged("backup rebuilds a mailbox whose UIDs tell of other mails", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  for (const [from, to] of WAYS) {
    const source = await filledAccount(dovecot, from, { seed: 33, mails: 60 });
    const stranger = await filledAccount(dovecot, to, { seed: 34, mails: 60 });
    // All that the stranger has goes: that has to be said.
    const stopped = await dsync.sync("backup", source, stranger);
    assert.deepEqual([stopped.code, /would be deleted/.test(stopped.stderr)], [1, true]);
    await backup(dsync, source, stranger, "--max-delete", "100%");
    await assertEqual(dovecot, source, stranger);
  }
});
