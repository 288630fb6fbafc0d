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
