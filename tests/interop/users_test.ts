/** -u: users of a real Dovecot auth process, each with ids, a home and settings of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MailServer, type ServerUser, whyNoServer } from "./server.ts";

const EVE: ServerUser = { name: "eve", uid: 61_001, extra: "" };
const ADAM: ServerUser = {
  name: "adam@example.org",
  uid: 61_002,
  extra: "userdb_mail=mdbox:~/mdbox",
};
const ROOT: ServerUser = { name: "root", uid: 0, extra: "" };

const exists = async (...path: readonly string[]): Promise<boolean> =>
  await Deno.lstat(join(...path)).then(() => true, () => false);

const maildirOf = async (server: MailServer, { name, uid }: ServerUser): Promise<void> => {
  const root = join(server.home(name), "Maildir");
  for (const path of [root, ...["cur", "new", "tmp"].map((one) => join(root, one))]) {
    await Deno.mkdir(path, { mode: 0o700 });
    await Deno.chown(path, uid, uid);
  }
  const mail = join(root, "cur", "1700000000.M1P1.host:2,S");
  await Deno.writeTextFile(mail, "Subject: x\n\nbody\n", { mode: 0o600 });
  await Deno.chown(mail, uid, uid);
};

Deno.test({
  name: "-u: the mail of Dovecot's users, with their rights",
  ignore: whyNoServer() !== null,
  fn: async () => {
    await using server = await MailServer.start([EVE, ADAM, ROOT]);
    const [eve, adam] = [server.home("eve"), server.home(ADAM.name)];
    await maildirOf(server, EVE);
    const done = { code: 0, stdout: "", stderr: "" };
    assert.deepEqual(await server.dsync("-u", "eve", "backup", "mdbox:~/copy"), done);
    assert.ok(await exists(eve, "copy", "storage", "m.1"));
    assert.deepEqual(await server.foreign(EVE), []);
    // What is remembered between runs is the user's, too, and in the user's home.
    assert.deepEqual(await server.dsync("-u", "eve", "mirror", "mdbox:~/copy"), done);
    assert.ok(await exists(eve, ".local", "state", "dsync"));
    assert.equal(await exists(server.root, "roots-state"), false);
    assert.deepEqual(await server.foreign(EVE), []);

    // The userdb's mail location counts, and %n and %d are the user's.
    await maildirOf(server, ADAM);
    const named = `maildir:${adam}/%d-%n`;
    assert.deepEqual(
      await server.dsync("-u", ADAM.name, "backup", "-R", "maildir:~/Maildir"),
      done,
    );
    assert.ok(await exists(adam, "mdbox", "storage", "m.1"));
    assert.deepEqual(await server.dsync("-u", ADAM.name, "backup", named), done);
    assert.ok(await exists(adam, "example.org-adam", "cur"));
    assert.deepEqual(await server.foreign(ADAM), []);

    // Nobody reaches another one's mail, and mail is never touched as root.
    const other = await server.dsync("-u", "eve", "backup", `maildir:${adam}/stolen`);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /denied/i);
    const missing = await server.dsync("-u", "nobody", "mirror", "maildir:~/x");
    assert.equal(missing.code, 67);
    assert.match(missing.stderr, /there is no user nobody/);
    const rooted = await server.dsync("-u", "root", "mirror", "maildir:~/x");
    assert.ok([67, 77].includes(rooted.code), String(rooted.code));
    assert.match(rooted.stderr, /no user root|not touched as root/);
  },
});

Deno.test({
  name: "root without -u: the mail of a user stays the user's, new mailboxes and logs included",
  ignore: whyNoServer() !== null,
  fn: async () => {
    await using server = await MailServer.start([EVE]);
    const eve = server.home("eve");
    await maildirOf(server, EVE);
    const [mail, copy] = [`maildir:${eve}/Maildir`, `mdbox:${eve}/copy`];
    const done = { code: 0, stdout: "", stderr: "" };
    assert.deepEqual(await server.dsync("-o", `mail_location=${mail}`, "backup", copy), done);
    assert.deepEqual(await server.foreign(EVE), []);
    await server.doveadm("mailbox", "create", "-u", "eve", "-s", "New");
    await server.doveadm("-o", `mail_location=${copy}`, "mailbox", "create", "-u", "eve", "Other");
    assert.deepEqual(await server.dsync("-o", `mail_location=${mail}`, "mirror", copy), done);
    assert.deepEqual(await server.foreign(EVE), []);
    // The user can use all of it.
    for (const at of [mail, copy]) {
      const names = await server.doveadm(
        "-o",
        `mail_location=${at}`,
        "mailbox",
        "list",
        "-u",
        "eve",
      );
      assert.deepEqual(names.trim().split("\n").sort(), ["INBOX", "New", "Other"]);
      await server.doveadm(
        ...["-o", `mail_location=${at}`, "copy", "-u", "eve", "New", "mailbox", "INBOX", "all"],
      );
    }
  },
});
