import assert from "node:assert/strict";
import { join } from "node:path";
import { absolute, type Account, judged } from "./dovecot.ts";
import { type Dsync, stageDsync } from "./dsync.ts";

const mail = new TextEncoder().encode("Subject: a\r\n\r\nb\r\n");

/** What breaks a mailbox so that only Dovecot can build it anew. */
const BROKEN: readonly (readonly [string, string, (home: string) => void])[] = [
  ["maildir:~/Maildir", "dovecot-uidlist", (home) => {
    Deno.writeTextFileSync(join(home, "Maildir", "dovecot-uidlist"), "no list of UIDs\n");
  }],
  ["mdbox:~/mdbox", "index", (home) => {
    const path = join(home, "mdbox", "mailboxes", "INBOX", "dbox-Mails", "dovecot.index.log");
    Deno.writeTextFileSync(path, "no index\n", { create: false });
  }],
];

const complaints = async (
  dsync: Dsync,
  account: Account,
): Promise<readonly { readonly what: string; readonly mend: { readonly command?: string } }[]> => {
  const { stdout, stderr } = await dsync.run([
    "--json",
    "doctor",
    absolute(account),
    `mdbox:${join(dsync.home, "new")}`,
  ]);
  assert.equal(stderr, "");
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
};

for (const [location, what, damage] of BROKEN) {
  judged(`doctor: a damaged ${what} of ${location} is mended by what it says`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const account = await dovecot.account(location);
    {
      await using imap = await dovecot.imap(account);
      await imap.append("INBOX", mail, ["\\Seen"], 1_000_000_000);
    }
    assert.deepEqual(await complaints(dsync, account), []);
    damage(account.home);
    const [first] = await complaints(dsync, account);
    assert.ok(first !== undefined, "it is found");
    const words = /^doveadm -o \S+ (force-resync) (\S+)$/.exec(first.mend.command ?? "");
    assert.ok(words !== null, JSON.stringify(first));
    const { code } = await dovecot.doveadm(account, [words[1]!, words[2]!.replaceAll("'", "")]);
    assert.equal(code, 0);
    assert.deepEqual(await complaints(dsync, account), []);
  });
}

for (const [name, made] of [["A copy", "before"], ["Work-old", "behind"]] as const) {
  judged(
    `doctor: a mailbox that was copied by hand gets an identity of its own, sorted ${made} it`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const account = await dovecot.account("maildir:~/Maildir");
      {
        await using imap = await dovecot.imap(account);
        await imap.ok("CREATE Work");
        await imap.append("Work", mail, ["\\Seen"], 1_000_000_000);
      }
      const at = (box: string) => join(account.home, "Maildir", `.${box}`);
      const listOf = (box: string) => Deno.readTextFileSync(join(at(box), "dovecot-uidlist"));
      const original = listOf("Work");
      // Not in the same tick of the file system's clock.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await new Deno.Command("cp", { args: ["-a", at("Work"), at(name)] }).output();
      const [first, ...more] = await complaints(dsync, account);
      assert.ok(first !== undefined && more.length === 0);
      assert.match(first.what, /it has the same GUID as/);
      const words = /^doveadm -o \S+ mailbox update --mailbox-guid ([0-9a-f]{32}) ('?)(.+)\2$/
        .exec(first.mend.command ?? "");
      assert.ok(words !== null, JSON.stringify(first));
      assert.equal(words[3], name, "the copy, not the original");
      const mended = ["mailbox", "update", "--mailbox-guid", words[1]!, words[3]!];
      assert.equal((await dovecot.doveadm(account, mended)).code, 0);
      assert.deepEqual(await complaints(dsync, account), []);
      const ofMails = (list: string) => list.split("\n").slice(1);
      assert.deepEqual(ofMails(listOf(name)), ofMails(original), "its mails keep their UIDs");
    },
  );
}
