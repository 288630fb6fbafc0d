/** The manual's procedures for converting one user's mail, with a live Dovecot, its sessions and its auth cache. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImapSession } from "./imap.ts";
import { MailServer, type ServerUser, whyNoServer } from "./server.ts";

const EVE: ServerUser = { name: "eve", uid: 61_003, extra: "" };
const CONVERTED: ServerUser = { ...EVE, extra: "userdb_mail=mdbox:~/mdbox" };

const append = (session: ImapSession, mailbox: string, word: string): Promise<number> =>
  session.append(
    mailbox,
    new TextEncoder().encode(
      `Subject: ${word}\r\nMessage-ID: <${word}@x>\r\n\r\nbody of ${word}\r\n`,
    ),
  );

/** Subjects with flags, by mailbox, as a client sees them. */
const seen = async (session: ImapSession): Promise<Readonly<Record<string, readonly string[]>>> => {
  const found: Record<string, string[]> = {};
  for (const mailbox of ["INBOX", "Work"]) {
    await session.select(mailbox);
    const { untagged } = await session.ok(
      "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
    );
    const text = untagged.join("\n").replaceAll(/\\Recent ?/g, "");
    found[mailbox] = [...text.matchAll(/FLAGS \(([^)]*)\)[^]*?Subject: (\S+)/g)]
      .map(([, flags, subject]) => `${subject} ${flags!.trim()}`.trim()).sort();
  }
  return found;
};

const fill = async (server: MailServer): Promise<void> => {
  await using session = await server.login("eve");
  await session.ok("CREATE Work");
  await session.ok("SUBSCRIBE Work");
  for (const word of ["one", "two", "three"]) await append(session, "INBOX", word);
  await append(session, "Work", "four");
  await session.select("INBOX");
  await session.ok("STORE 1 +FLAGS (\\Seen)");
};

const DONE = { code: 0, stdout: "", stderr: "" };

Deno.test({
  name: "the conversion of one user: mirror into the new location, then let Dovecot use it",
  ignore: whyNoServer() !== null,
  fn: async () => {
    await using server = await MailServer.start([EVE]);
    await fill(server);
    await using before = await server.login("eve");
    const wanted = await seen(before);
    assert.deepEqual(await server.dsync("-u", "eve", "mirror", "mdbox:~/mdbox"), DONE);
    await server.setUsers([CONVERTED]);
    await server.doveadm("auth", "cache", "flush", "eve");
    await using after = await server.login("eve");
    assert.deepEqual(await seen(after), wanted);
    assert.match((await after.ok('LSUB "" *')).untagged.join(), /Work/);
    assert.equal(
      (await server.doveadm("mailbox", "status", "-u", "eve", "uidnext", "INBOX"))
        .trim(),
      "INBOX uidnext=4",
    );
    assert.deepEqual(await server.foreign(EVE), []);
  },
});

Deno.test({
  name:
    "the conversion without downtime, in five steps: changes that arrive between them are not lost",
  ignore: whyNoServer() !== null,
  fn: async () => {
    await using server = await MailServer.start([EVE]);
    await fill(server);
    const old = await server.login("eve");
    await old.select("INBOX");

    // 1. All that there is, while the user goes on working.
    assert.deepEqual(await server.dsync("-u", "eve", "mirror", "mdbox:~/mdbox"), DONE);
    await append(old, "INBOX", "after-1");
    await old.ok("STORE 2 +FLAGS (\\Flagged)");

    // 2. New sessions shall use the new location.
    await server.setUsers([CONVERTED]);
    await append(old, "INBOX", "after-2");
    await append(old, "Work", "work-after-2");

    // 3. What the auth process still knows is forgotten.
    await server.doveadm("auth", "cache", "flush", "eve");
    await using fresh = await server.login("eve");
    await append(fresh, "INBOX", "new-after-3");
    await fresh.select("Work");
    await fresh.ok("STORE 1 +FLAGS (\\Answered)");
    await append(old, "INBOX", "old-after-3");

    // 4. Old sessions end.
    await server.doveadm("kick", "eve");
    await old.close();
    await using other = await server.login("eve");
    await append(other, "INBOX", "after-4");

    // 5. What came to the old location meanwhile follows.
    assert.deepEqual(await server.dsync("-u", "eve", "mirror", "maildir:~/Maildir"), DONE);
    await using last = await server.login("eve");
    assert.deepEqual(await seen(last), {
      INBOX: [
        "after-1",
        "after-2",
        "after-4",
        "new-after-3",
        "old-after-3",
        "one \\Seen",
        "three",
        "two \\Flagged",
      ],
      Work: ["four \\Answered", "work-after-2"],
    });
    // Both locations are equal now, and Dovecot has nothing to complain of.
    const again = await server.dsync("-u", "eve", "-v", "mirror", "maildir:~/Maildir");
    assert.deepEqual([again.code, again.stderr], [0, ""]);
    assert.match(again.stdout, /nothing to do\n.*nothing to do\n$/);
    assert.deepEqual(await server.foreign(CONVERTED), []);
    const log = await Deno.readTextFile(join(server.root, "log"));
    assert.doesNotMatch(log, /panic|corrupt|fsck|broken|duplicate/i);
  },
});
