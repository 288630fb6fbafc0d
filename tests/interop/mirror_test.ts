import assert from "node:assert/strict";
import { compareViews } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { imapString } from "./imap.ts";
import { trials } from "./judge.ts";
import { filledAccount } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { type View, view } from "./view.ts";

/** Changes on one side; `side` is in the names of all that is new. */
const live = async (dovecot: Dovecot, account: Account, side: string): Promise<void> => {
  const mail = (subject: string): Uint8Array =>
    new TextEncoder().encode(`Subject: ${subject} ${side}\r\n\r\n${side}\r\n`);
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", mail("one"), ["\\Seen", `From-${side}`]);
  await imap.append("INBOX", mail("two"));
  await imap.select("INBOX");
  await imap.ok(`STORE 1 +FLAGS (\\Flagged Only-${side})`);
  await imap.ok(`CREATE ${imapString(`New ${side}/ß`)}`);
  await imap.append(`New ${side}/ß`, mail("three"));
  await imap.ok(`SUBSCRIBE ${imapString(`New ${side}/ß`)}`);
  assert.equal(await imap.close(), "");
};

const digests = (seen: View, mailbox: string): string[] =>
  [...seen.mailboxes.get(mailbox)?.mails.values() ?? []].map(({ sha256 }) => sha256).sort();

for (const to of ["mdbox:~/mdbox", "maildir:~/Maildir:LAYOUT=fs"]) {
  judged(`mirror merges what both sides did: an mdbox and ${to}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const left = await filledAccount(dovecot, "mdbox:~/mdbox", { seed: 81, mails: 80 });
    const right = await dovecot.account(to);
    const mirror = async (): Promise<void> => {
      const { code, stderr } = await dsync.sync("mirror", left, right);
      assert.deepEqual([code, stderr], [0, ""]);
    };
    await mirror();
    await live(dovecot, left, "left");
    await live(dovecot, right, "right");
    const wanted = [await view(dovecot, left), await view(dovecot, right)];
    await mirror();

    const [one, two] = [await view(dovecot, left), await view(dovecot, right)];
    assert.deepEqual(compareViews(one, two, { saved: false }), []);
    const union = new Set(wanted.flatMap((seen) => digests(seen, "INBOX")));
    assert.deepEqual(new Set(digests(one, "INBOX")), union);
    assert.ok(one.mailboxes.has("New left/ß") && one.mailboxes.has("New right/ß"));
    const first = [...one.mailboxes.get("INBOX")!.mails.values()][0]!;
    assert.match(first.flags, /only-left only-right/);

    for (const [account, seen] of [[left, one], [right, two]] as const) {
      assert.deepEqual(await trials(dovecot, account, seen), []);
    }
    const settled = [treeOf(left.home), treeOf(right.home)] as const;
    await mirror();
    assert.deepEqual(treeChanges(settled[0], treeOf(left.home)), []);
    assert.deepEqual(treeChanges(settled[1], treeOf(right.home)), []);
  });
}

for (
  const [from, to] of [["maildir:~/Maildir", "mdbox:~/mdbox"], [
    "mdbox:~/mdbox",
    "maildir:~/Maildir",
  ]]
) {
  judged(
    `mirror gives one MODSEQ to both where only the left side tracks: ${from} and ${to}`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const [left, right] = [await dovecot.account(from!), await dovecot.account(to!)];
      const mirror = async (): Promise<void> => {
        const { code, stderr } = await dsync.sync("mirror", left, right);
        assert.deepEqual([code, stderr], [0, ""]);
      };
      const change = async (account: Account, commands: readonly string[]): Promise<void> => {
        await using imap = await dovecot.imap(account);
        for (const command of commands) await imap.ok(command);
        assert.equal(await imap.close(), "");
      };
      for (const account of [left, right]) {
        await using imap = await dovecot.imap(account);
        const text = `Subject: in ${account.location}\r\n\r\n.\r\n`;
        for (let i = 0; i < 3; i++) await imap.append("INBOX", new TextEncoder().encode(text));
      }
      await change(left, ["ENABLE CONDSTORE", "SELECT INBOX", "STORE 1 +FLAGS (\\Seen)"]);
      // Counted, but not kept: each mail of the right side has the highest.
      const often = Array.from({ length: 20 }, (_, i) => `STORE 2 ${"+-"[i % 2]}FLAGS (\\Seen)`);
      await change(right, ["SELECT INBOX", ...often]);
      assert.ok(!(await view(dovecot, right)).mailboxes.get("INBOX")!.modSeqs.includes("mails"));
      await mirror();
      const [one, two] = [await view(dovecot, left), await view(dovecot, right)];
      assert.deepEqual(compareViews(one, two, { saved: false }), []);
      assert.deepEqual(compareViews(two, one, { saved: false }), []);
      for (const [account, seen] of [[left, one], [right, two]] as const) {
        assert.deepEqual(await trials(dovecot, account, seen), []);
      }
    },
  );
}
