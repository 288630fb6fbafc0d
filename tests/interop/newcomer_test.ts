/** A newcomer's way: a Maildir from a mail client, the README's own command, and then Dovecot over IMAP. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";

const README = new URL("../../README.md", import.meta.url);

/** The words behind `cli/main.ts` in the README's second command. */
const readmesWords = async (): Promise<readonly string[]> => {
  const [, words] = /^npx \S+ \S+ run -A cli\/main\.ts (.* mirror maildir:~\/Maildir)$/m
    .exec(await Deno.readTextFile(README)) ?? [];
  assert.ok(words !== undefined, "the README shows it");
  return words.split(" ");
};

const mail = (word: string): string =>
  `From: a@example.org\nSubject: ${word}\nDate: Mon, 08 Jan 2024 10:00:00 +0000\n\nBody of ${word}\n`;

/** Files by their place below a home. */
type Files = Readonly<Record<string, string>>;

const write = async (home: string, files: Files): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    const place = join(home, path);
    const maildir = place.split("/").slice(0, -2).join("/");
    for (const one of ["cur", "new", "tmp"]) {
      await Deno.mkdir(join(maildir, one), { recursive: true });
    }
    await Deno.writeTextFile(place, text);
  }
};

/** mutt: names with host and process, folders as Maildir++ has them, flags in the names. */
const MUTT: Files = {
  "Maildir/cur/1704700000.R8923421.laptop:2,S": mail("read"),
  "Maildir/cur/1704700001.R8923422.laptop:2,RS": mail("answered"),
  "Maildir/new/1704700002.R8923423.laptop": mail("new"),
  "Maildir/.Sent/cur/1704700003.R8923424.laptop:2,S": mail("sent"),
  "Maildir/.Lists.mutt/cur/1704700004.R8923425.laptop:2,F": mail("flagged"),
};

/** Thunderbird: numbers with an ending, no flags in the names. */
const THUNDERBIRD: Files = {
  "Maildir/cur/1704700000123.eml": mail("one"),
  "Maildir/cur/1704700000124.eml": mail("two"),
  "Maildir/.Drafts/cur/1704700000125.eml": mail("draft"),
};

const seen = async (
  dovecot: Dovecot,
  account: Account,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  await using imap = await dovecot.imap(account);
  const { untagged } = await imap.ok('LIST "" *');
  const names = untagged.filter((line) => line.startsWith("LIST") && !/noselect/i.test(line))
    .map((line) => line.split('" ').at(-1)!.replaceAll('"', ""));
  const found: Record<string, string[]> = {};
  for (const name of names.sort()) {
    await imap.select(name);
    const answer = await imap.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
    const text = answer.untagged.join("\n").replaceAll(/\\Recent ?/g, "");
    found[name] = [...text.matchAll(/FLAGS \(([^)]*)\)[^]*?Subject: (\S+)/g)]
      .map(([, flags, subject]) => `${subject} ${flags!.trim()}`.trim()).sort();
  }
  return found;
};

for (
  const [client, files, wanted] of [
    ["mutt", MUTT, {
      INBOX: ["answered \\Answered \\Seen", "new", "read \\Seen"],
      "Lists/mutt": ["flagged \\Flagged"],
      Sent: ["sent \\Seen"],
    }],
    ["Thunderbird", THUNDERBIRD, { Drafts: ["draft"], INBOX: ["one", "two"] }],
  ] as const
) {
  judged(
    `a Maildir of ${client}, by the README's command, is served over IMAP`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const account = await dovecot.account("mdbox:~/mdbox", (home) => write(home, files));
      const { code, stdout, stderr } = await dsync.command(await readmesWords(), account.home)
        .output();
      assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
      assert.equal(stdout.length, 0);
      assert.deepEqual(await seen(dovecot, account), wanted);
    },
  );
}
