import assert from "node:assert/strict";
import { join } from "node:path";
import { absolute, type Account, type Dovecot, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { imapString } from "./imap.ts";
import { view } from "./view.ts";

const mail = (subject: string): Uint8Array =>
  new TextEncoder().encode(`Subject: ${subject}\r\n\r\n${"ä line\r\n".repeat(500)}`);

/**
 * What of each mail must be the same when it comes back: content, flags, keywords, date. The save date is that of its
 * return, or whatever clears a mailbox by it would take the mail at once.
 */
const kept = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> =>
  [...(await view(dovecot, account)).mailboxes].flatMap(([name, { mails }]) =>
    [...mails.values()].map(({ flags, received, size, sha256 }) =>
      [name, flags, received, size, sha256].join(" ")
    )
  ).sort();

const PAIRS = [
  ["maildir:~/Maildir", "mdbox:~/mdbox"],
  ["mdbox:~/mdbox", "maildir:~/Maildir:LAYOUT=fs"],
] as const;

for (const [one, two] of PAIRS) {
  judged(
    `what a mirror takes away from ${two} is held, and comes back as it was`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const [left, right] = [await dovecot.account(one), await dovecot.account(two)];
      {
        await using imap = await dovecot.imap(left);
        await imap.append("INBOX", mail("stays"), ["\\Seen"], 1_000_000_000);
        await imap.append(
          "INBOX",
          mail("goes"),
          ["\\Answered", "\\Flagged", "$Work", "NonJunk"],
          1_100_000_000,
        );
        await imap.append("INBOX", mail("goes, too"), [], 1_200_000_000);
        await imap.ok(`CREATE ${imapString("Archiv/Ä")}`);
        await imap.append(
          "Archiv/Ä",
          mail("goes with its mailbox"),
          ["\\Draft", "$Work"],
          1_300_000_000,
        );
      }
      assert.deepEqual((await dsync.sync("mirror", left, right)).code, 0);
      const before = await kept(dovecot, right);
      assert.equal(before.length, 4);
      {
        await using imap = await dovecot.imap(left);
        await imap.select("INBOX");
        await imap.ok("STORE 2:3 +FLAGS (\\Deleted)");
        await imap.ok("EXPUNGE");
        await imap.ok(`DELETE ${imapString("Archiv/Ä")}`);
      }
      const hold = join(dsync.home, `hold-${one.slice(0, 5)}`);
      const mirrored = await dsync.sync("mirror", left, right, "--hold", hold);
      assert.deepEqual([mirrored.code, mirrored.stderr], [0, ""]);
      assert.equal((await kept(dovecot, right)).length, 1);
      // The hold is a Maildir that Dovecot opens; what it holds is what went.
      const held: Account = { ...right, location: `maildir:${hold}` };
      assert.deepEqual((await kept(dovecot, held)).length, 3);
      const settings = ["-o", `mail_location=${absolute(right)}`];
      const listed = await dsync.run([...settings, "restore", "--dry-run", hold]);
      assert.match(new TextDecoder().decode(listed.stdout), /3 mails held\n$/);
      const chosen = await dsync.run([...settings, "restore", "-m", "Archiv/Ä", hold]);
      assert.deepEqual([chosen.code, chosen.stderr], [0, ""]);
      assert.match(new TextDecoder().decode(chosen.stdout), /^1 mail put back/);
      const rest = await dsync.run([...settings, "restore", hold]);
      assert.deepEqual([rest.code, rest.stderr], [0, ""]);
      assert.match(new TextDecoder().decode(rest.stdout), /^2 mails put back/);
      assert.deepEqual(await kept(dovecot, right), before);
      // A later mirror takes them for what they are: new mails.
      assert.equal((await dsync.sync("mirror", left, right)).code, 0);
      assert.deepEqual(await kept(dovecot, left), before);
    },
  );
}
