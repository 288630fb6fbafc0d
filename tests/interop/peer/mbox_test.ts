/** An mbox behind a real doveadm: its mails cannot be given GUIDs, and are known by their headers. */
import assert from "node:assert/strict";
import { type Account, type Dovecot, judged } from "../dovecot.ts";
import { oursLeads, oursServes } from "./histories.ts";

const MBOX = "mbox:~/mbox:INBOX=~/mbox/inbox";

const mail = (word: string, more = ""): Uint8Array =>
  new TextEncoder().encode(
    `From: a@example.org\r\nSubject: ${word}\r\nDate: Mon, 08 Jan 2026 10:00:0${
      word.length % 10
    } +0000\r\nMessage-ID: <${word}@example.org>\r\n${more}\r\nBody of ${word}\r\n`,
  );

/** The mails of an account: UID, subject, flags. */
const picture = async (dovecot: Dovecot, account: Account): Promise<string> => {
  await using imap = await dovecot.imap(account);
  let text = "";
  for (const mailbox of ["INBOX", "Archive"]) {
    await imap.select(mailbox);
    const { untagged } = await imap.ok(
      "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
    );
    const lines = untagged.join("\n").replaceAll(/\\Recent ?/g, "");
    const mails = [...lines.matchAll(/UID (\d+) FLAGS \(([^)]*)\)[^]*?Subject: (\S+)/g)];
    text += `${mailbox}\n${
      mails.map(([, uid, flags, subject]) => `${uid} ${subject} ${flags!.trim()}\n`).join("")
    }`;
  }
  return text;
};

const act = async (dovecot: Dovecot, account: Account, acts: readonly string[]): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.select("INBOX");
  for (const one of acts) {
    const [verb, ...rest] = one.split(" ");
    if (verb === "save") await imap.append(rest[0]!, mail(rest[1]!));
    else await imap.ok(one);
  }
};

const withoutGuids = (title: string, role: typeof oursLeads) =>
  judged(`${title}: mails without GUIDs are known by their headers`, async (dovecot) => {
    const ours = await dovecot.account("mdbox:~/mdbox");
    const theirs = await dovecot.account(MBOX, (home) => Deno.mkdir(`${home}/mbox`));
    const [left, right] = role === oursServes ? [theirs, ours] : [ours, theirs];
    const dsync = role(dovecot);
    const sync = async (): Promise<void> => {
      const { code, stderr } = await dsync.sync("mirror", left, right);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(await picture(dovecot, right), await picture(dovecot, left));
    };
    await act(dovecot, ours, [
      "CREATE Archive",
      "save INBOX one",
      "save INBOX two",
      "save Archive three",
      "UID STORE 1 +FLAGS (\\Seen)",
    ]);
    await sync();
    const first = await picture(dovecot, ours);
    assert.equal(first, "INBOX\n1 one \\Seen\n2 two \nArchive\n1 three \n");
    await sync();
    assert.equal(await picture(dovecot, ours), first, "again");
    await act(dovecot, ours, ["UID STORE 2 +FLAGS (\\Flagged)"]);
    await act(dovecot, theirs, ["UID STORE 1 +FLAGS (\\Answered)", "save INBOX four"]);
    await sync();
    assert.equal(
      await picture(dovecot, ours),
      "INBOX\n1 one \\Answered \\Seen\n2 two \\Flagged\n3 four \nArchive\n1 three \n",
    );
    // One new mail each, at one UID: both get another, and neither is lost or doubled.
    await act(dovecot, ours, ["save INBOX five"]);
    await act(dovecot, theirs, ["save INBOX six"]);
    // An mbox cannot put a mail below one that it has just moved; a master with one says nothing of it.
    if (role === oursServes) await dsync.sync("mirror", left, right);
    await sync();
    const words = [...(await picture(dovecot, ours)).matchAll(/^\d+ (\S+)/gm)].map(([, w]) => w);
    assert.deepEqual(words.sort(), ["five", "four", "one", "six", "three", "two"]);
  });

withoutGuids("ours is the master", oursLeads);
withoutGuids("ours is the slave", oursServes);
