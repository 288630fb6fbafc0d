import assert from "node:assert/strict";
import { compareViews } from "./compare.ts";
import { absolute, type Account, type Dovecot, judged, type Settings } from "./dovecot.ts";
import { type Dsync, stageDsync } from "./dsync.ts";
import { filledAccount } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { view } from "./view.ts";

const MAILDIR = "maildir:~/Maildir:LAYOUT=fs";
const MDBOX = "mdbox:~/mdbox";

/** A Dovecot that compresses what it saves. */
const compressing = (how: string): Settings => ({
  mail_plugins: "zlib",
  "plugin/zlib_save": how,
  "plugin/zlib_save_level": "6",
});

/** Sizes, and texts of many words, so that some mails are streams in whatever way they are stored. */
const deliverLarge = async (dovecot: Dovecot, account: Account, how: string): Promise<void> => {
  await using imap = await dovecot.imap(account, compressing(how));
  let seed = 1;
  const word = (): string =>
    ((seed = Math.imul(seed, 1103515245) + 12345 & 0x7fffffff) >> 8).toString(36);
  for (const lines of [1, 40, 4000, 90_000]) {
    const text = Array.from({ length: lines }, () => `${word()} the same words ${word()}`);
    const mail = ["Subject: large", "", ...text, ""].join("\r\n");
    await imap.append("INBOX", new TextEncoder().encode(mail));
  }
};

const done = async (dsync: Dsync, ...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await dsync.run(args);
  assert.deepEqual([code, stderr], [0, ""], args.join(" "));
};

for (const how of ["gz", "lz4", "zstd"]) {
  for (const [from, to] of [[MAILDIR, MDBOX], [MDBOX, MAILDIR]] as const) {
    judged(`what Dovecot has compressed (${how}) goes from ${from} to ${to}`, async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const first = await filledAccount(dovecot, from, { seed: 41, mails: 60 }, compressing(how));
      await deliverLarge(dovecot, first, how);
      const expected = await view(dovecot, first, compressing(how));
      assert.deepEqual(expected.complaints, []);
      const second = await dovecot.account(to);
      const run = await dsync.sync("backup", first, second);
      assert.deepEqual([run.code, run.stderr], [0, ""]);
      // Dovecot without the plugin, which would see compressed bytes as such.
      assert.deepEqual(compareViews(expected, await view(dovecot, second), { recent: true }), []);

      await done(dsync, "check", "--bytes", absolute(first), absolute(second));
      const [left, right] = [treeOf(first.home), treeOf(second.home)];
      assert.equal((await dsync.sync("mirror", first, second, "-f")).code, 0);
      assert.deepEqual(treeChanges(left, treeOf(first.home)), []);
      assert.deepEqual(treeChanges(right, treeOf(second.home)), []);
    });
  }
}

judged(
  "what is compressed with bzip2 is named and left, and the rest is synced",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    for (const [from, to] of [[MAILDIR, MDBOX], [MDBOX, MAILDIR]] as const) {
      const first = await dovecot.account(from);
      const second = await dovecot.account(to);
      for (const [how, subject] of [["bz2", "bzip2"], ["gz", "gzip"]] as const) {
        await using imap = await dovecot.imap(first, compressing(how));
        const mail = `Subject: ${subject}\r\n\r\n${"a line of it\r\n".repeat(30)}`;
        await imap.append("INBOX", new TextEncoder().encode(mail));
      }
      const { code, stderr } = await dsync.sync("mirror", first, second);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^dsync: [^\n]*UID 1[^\n]*: the mail is compressed with bzip2\n$/);
      const subjects = await dovecot.quietly(second, ["fetch", "uid hdr.subject", "ALL"]);
      assert.equal(subjects, "uid: 2\nhdr.subject: gzip\n");
    }
  },
);
