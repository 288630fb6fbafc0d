/** What one mirror with a filter left out is carried over by a later one that lets it through, and never deleted. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";

const saveAll = async (
  dovecot: Dovecot,
  account: Account,
  mails: readonly (readonly [subject: string, bytes: number])[],
): Promise<void> => {
  await using imap = await dovecot.imap(account);
  for (const [subject, bytes] of mails) {
    const text = `Subject: ${subject}\r\n\r\n${"x".repeat(bytes)}\r\n`;
    await imap.append("INBOX", new TextEncoder().encode(text));
  }
};

const subjects = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> => {
  const told = await dovecot.quietly(account, ["fetch", "hdr.subject", "mailbox", "INBOX", "all"]);
  return [...told.matchAll(/hdr.subject: (.*)/g)].map((found) => found[1]!).sort();
};

type Mirror = (dsync: Dsync, filter: readonly string[]) => ReturnType<Dsync["run"]>;

const KINDS: readonly (readonly [string, (d: Dovecot, l: Account, r: Account) => Mirror])[] = [
  [
    "two folders",
    (_, left, right) => (dsync, filter) => dsync.sync("mirror", left, right, ...filter),
  ],
  ["ours there", (_, left, right) => (dsync, filter) =>
    dsync.run([
      ...["-o", `mail_location=${absolute(left)}`, "mirror", ...filter],
      ...[dsync.program, ...dsync.args(["-o", `mail_location=${absolute(right)}`, "server"])],
    ])],
  ["a Dovecot there", (dovecot, left, right) => (dsync, filter) =>
    dsync.run([
      ...["-o", `mail_location=${absolute(left)}`, "mirror", ...filter],
      ...["env", `HOME=${right.home}`, "USER=nobody", "doveadm", "-c", dovecot.config],
      ...["-o", `mail_location=${absolute(right)}`, "dsync-server"],
    ])],
];

for (const [what, mirrorOf] of KINDS) {
  for (const wide of [["-I", "1M"], []]) {
    judged(`mirror ${wide.join(" ")} after -I 10k deletes nothing: ${what}`, async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const left = await dovecot.account("maildir:~/Maildir");
      const right = await dovecot.account("mdbox:~/mdbox");
      const mirror = async (filter: readonly string[]): Promise<void> => {
        const { code, stderr } = await mirrorOf(dovecot, left, right)(dsync, filter);
        assert.deepEqual([code, stderr], [0, ""], filter.join(" "));
      };
      await saveAll(dovecot, left, [["1", 10], ["large here", 100_000], ["3", 10]]);
      await mirror(["-I", "10k"]);
      assert.deepEqual(await subjects(dovecot, right), ["1", "3"]);
      await saveAll(dovecot, right, [["large there", 100_000], ["4", 10]]);
      await mirror(["-I", "10k"]);
      await mirror(wide);
      await mirror(wide);
      const all = ["1", "3", "4", "large here", "large there"];
      assert.deepEqual(await subjects(dovecot, left), all, "left");
      assert.deepEqual(await subjects(dovecot, right), all, "right");
    });
  }
}
