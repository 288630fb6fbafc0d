import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type SampleAccount, sampleAccount } from "../sample/account.ts";
import { writeMaildir } from "../sample/maildir.ts";
import { compareViews } from "./compare.ts";
import { judged } from "./dovecot.ts";
import { dovecotAccount } from "./fill.ts";
import { imapString } from "./imap.ts";
import { trials } from "./judge.ts";
import { indexDirectory, lfHash, view } from "./view.ts";

Deno.test("lfHash is the hash of the LF form, however the bytes are cut", () => {
  const bytes = new TextEncoder().encode("\r\na\r\n\r\r\nb\rc\n\r\n\r");
  const whole = createHash("sha256").update("\na\n\r\nb\rc\n\n\r").digest("hex");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const hash = lfHash();
    hash.update(bytes.subarray(0, cut));
    hash.update(bytes.subarray(cut, cut));
    hash.update(bytes.subarray(cut));
    assert.equal(hash.hex(), whole, `cut at ${cut}`);
  }
});

judged("indexDirectory is where Dovecot says the index is", async (dovecot) => {
  const names = ["INBOX", "Archive/2024", "Entwürfe/日本語", "Projects/dsync/β & γ"];
  const locations = [
    "mdbox:~/mdbox",
    "mdbox:~/mdbox:INDEX=~/index",
    "maildir:~/Maildir",
    "maildir:~/Maildir:INDEX=~/index:CONTROL=~/control",
    "maildir:~/Maildir:LAYOUT=fs",
    "maildir:~/Maildir:LAYOUT=fs:INDEX=~/index",
    "maildir:~/Maildir:INBOX=~/inbox",
  ];
  for (const location of locations) {
    const account = await dovecot.account(location);
    for (const name of names) {
      const said = await dovecot.quietly(account, ["mailbox", "path", "-t", "index", name]);
      assert.equal(join(indexDirectory(account, name), "/"), join(said.trim(), "/"), location);
    }
  }
});

const sample = (): SampleAccount => sampleAccount({ seed: 7, mails: 60, dots: false });

/** Harm done to a Maildir, and the difference that must be found. */
type Harm = readonly [title: string, harm: (maildir: string) => void, found: RegExp];

const inUidlist =
  (mailbox: string, change: (text: string) => string) => (maildir: string): void => {
    const file = join(maildir, mailbox, "dovecot-uidlist");
    const before = Deno.readTextFileSync(file);
    const after = change(before);
    assert.notEqual(after, before);
    Deno.writeTextFileSync(file, after);
  };

const toFirstMail =
  (mailbox: string, change: (path: string) => void) => (maildir: string): void => {
    const cur = join(maildir, mailbox, "cur");
    change(join(cur, [...Deno.readDirSync(cur)].map(({ name }) => name).sort()[0]!));
  };

/** Each in a mailbox of its own, so that none hides another. */
const HARMS: readonly Harm[] = [
  [
    "a byte",
    toFirstMail(".Archive", (path) => {
      const bytes = Deno.readFileSync(path);
      bytes[3]! ^= 1;
      const { mtime } = Deno.statSync(path);
      Deno.writeFileSync(path, bytes);
      Deno.utimeSync(path, mtime!, mtime!);
    }),
    /^mailbox Archive UID \d+: sha256 is/,
  ],
  [
    "a received date",
    toFirstMail(".Archive.2023", (path) => Deno.utimeSync(path, 1, 1)),
    /^mailbox Archive\/2023 UID \d+: received is 1,/,
  ],
  [
    "a lost mail",
    toFirstMail(".Archive.2024", (path) => Deno.removeSync(path)),
    /^mailbox Archive\/2024 UID \d+: missing/,
  ],
  [
    "a UID",
    inUidlist(".Archive.2024.Q1", (text) => text.replace(/\n\d+( [^\n]*\n)$/, "\n9998$1")),
    /^mailbox Archive\/2024\/Q1 UID 9998: should not be there/,
  ],
  [
    "UIDNEXT",
    inUidlist(".with space", (text) => text.replace(/ N\d+/, " N99999")),
    /^mailbox with space: uidNext is 99999,/,
  ],
  [
    "a UIDVALIDITY",
    inUidlist(".Empty", (text) => text.replace(/ V\d+/, " V42")),
    /^mailbox Empty: uidValidity is 42,/,
  ],
  [
    "a mailbox GUID",
    inUidlist(".Entw&APw-rfe", (text) => text.replace(/ G\w+/, ` G${"5".repeat(32)}`)),
    /^mailbox Entwürfe: guid is 5{32},/,
  ],
  [
    "a GUID",
    inUidlist(
      ".Projects.dsync.&A7I- &- &A7M-",
      (text) => text.replace(/^(\d+)( \S+)* :/m, "$1 Gother :"),
    ),
    /^mailbox Projects\/dsync\/β & γ UID \d+: guid is other,/,
  ],
  [
    "a POP3 UIDL",
    inUidlist(".&AMQ-rzte.Rechnungen", (text) => text.replace(/^(\d+)( .*)? :/m, "$1$2 Pother :")),
    /^mailbox Ärzte\/Rechnungen UID \d+: uidl is other,/,
  ],
  [
    "a complaint",
    inUidlist(".Entw&APw-rfe.&ZeVnLIqe-", (text) => `broken\n${text}`),
    /^actual side: .*Broken file/,
  ],
];

/** The same over IMAP: a command, and the difference it makes. */
const COMMANDS: readonly (readonly [command: string, found: RegExp | null])[] = [
  ["SELECT INBOX", null],
  ["STORE 1 FLAGS.SILENT (\\Draft)", /^mailbox INBOX UID \d+: flags is \\draft,/],
  ["STORE 2 +FLAGS.SILENT (Another)", /^mailbox INBOX UID \d+: flags is .*another/],
  ["STORE 3 +FLAGS.SILENT (\\Deleted)", null],
  ["EXPUNGE", /^mailbox INBOX UID \d+: missing/],
  ["CREATE New", /^mailbox New: should not be there/],
  ["RENAME Empty Full", /^mailbox Empty: missing/],
  ["SUBSCRIBE Full", /^subscription Full: should not be there/],
  [`UNSUBSCRIBE ${imapString("Entwürfe/日本語")}`, /^subscription Entwürfe\/日本語: missing/],
];

const assertFound = (title: string, differences: readonly string[], found: RegExp): void =>
  assert.ok(differences.some((line) => found.test(line)), `${title}: ${differences.join("\n")}`);

judged("compareViews finds each harm done to a Maildir, and none in a copy", async (dovecot) => {
  const account = await dovecot.account("maildir:~/Maildir", (home) => {
    writeMaildir(sample(), join(home, "Maildir"), { layout: "maildir++", dovecotFiles: "full" });
  });
  const before = await view(dovecot, account);
  assert.deepEqual(compareViews(before, await view(dovecot, account)), []);
  assert.deepEqual(await trials(dovecot, account, before), []);

  const harmed = await dovecot.copy(account);
  for (const [, harm] of HARMS) harm(join(harmed.home, "Maildir"));
  await dovecot.machine.own(harmed.home);
  const harms = compareViews(before, await view(dovecot, harmed));
  for (const [title, , found] of HARMS) assertFound(title, harms, found);

  const changed = await dovecot.copy(account);
  const imap = await dovecot.imap(changed);
  for (const [command] of COMMANDS) await imap.ok(command);
  await imap.close();
  const changes = compareViews(before, await view(dovecot, changed));
  for (const [command, found] of COMMANDS) if (found !== null) assertFound(command, changes, found);
});

judged(
  "compareViews finds a changed MODSEQ, trials a broken record, in an mdbox",
  async (dovecot) => {
    const account = await dovecotAccount(dovecot, "mdbox:~/mdbox", sample(), {
      mdbox_rotate_size: "16k",
    });
    const before = await view(dovecot, account);
    assert.deepEqual(before.complaints, []);
    assert.equal(before.mailboxes.get("INBOX")!.modSeqs, "mails");
    assert.equal(before.mailboxes.get("Archive")!.modSeqs, "mailbox");
    assert.deepEqual(await trials(dovecot, account, before), []);

    const stored = await dovecot.copy(account);
    const imap = await dovecot.imap(stored);
    await imap.ok("SELECT INBOX");
    await imap.ok("UID STORE 1 +FLAGS (Twice)");
    await imap.ok("UID STORE 1 -FLAGS (Twice)");
    await imap.close();
    const differences = compareViews(before, await view(dovecot, stored));
    const pattern = /^mailbox INBOX( UID 1)?: (HIGHEST)?MODSEQ is/;
    assert.equal(
      differences.filter((line) => pattern.test(line)).length,
      2,
      differences.join("\n"),
    );
    assert.equal(differences.length, 2, differences.join("\n"));

    const broken = await dovecot.copy(account);
    const file = join(broken.home, "mdbox", "storage", "m.1");
    const bytes = Deno.readFileSync(file);
    bytes.fill(0, bytes.length - 600);
    Deno.writeFileSync(file, bytes);
    const complaints = await trials(dovecot, broken, before);
    assert.ok(complaints.some((line) => line.startsWith("purge: ")), complaints.join("\n"));
  },
);
