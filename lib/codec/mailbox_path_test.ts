import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { INBOX, type MailboxName, mailboxName } from "../model/mailbox.ts";
import {
  fitName,
  formatStorageName,
  nameRefusal,
  type Naming,
  parseStorageName,
} from "./mailbox_path.ts";

const MAILDIRPP: Naming = { layout: "maildir++", utf8: false };
const FS: Naming = { layout: "fs", utf8: false };
const MDBOX: Naming = { layout: "mdbox", utf8: false };
const UTF8: Naming = { layout: "fs", utf8: true };
const ROOT: Naming = { layout: "mdbox", utf8: false, besideFiles: true };
const ALL: readonly Naming[] = [
  MAILDIRPP,
  FS,
  MDBOX,
  UTF8,
  ROOT,
  { layout: "maildir++", utf8: true },
];

Deno.test("formatStorageName refuses a name that leaves the root or the layout", () => {
  const rows: readonly [string, readonly Naming[]][] = [
    ["", ALL],
    ["/etc", ALL],
    ["a//b", ALL],
    ["a/", ALL],
    ["..", ALL],
    ["a/../../b", ALL],
    ["a/.", ALL],
    ["a\0b", ALL],
    ["~root", ALL],
    ["a\ud800", ALL],
    ["x".repeat(300), ALL],
    ["x/".repeat(3000) + "x", ALL],
    ["ü".repeat(200), ALL],
    ["a.b", [MAILDIRPP]],
    ["a/cur", [FS, UTF8]],
    ["tmp", [FS]],
    ["dbox-Mails/x", [MDBOX]],
    ["subscriptions", [FS, UTF8, ROOT]],
    ["subscriptions/x", [FS, ROOT]],
    ["dsync.lock", [FS, ROOT]],
    ["dovecot.mailbox.log", [FS, ROOT]],
    ["dovecot.list.index.log", [FS, ROOT]],
    ["dovecot.index.log.2", [FS, ROOT]],
    ["dovecot-uidvalidity.6b0e775b", [FS, ROOT]],
    ["a/dovecot.index", [FS]],
    ["dovecot-uidlist", [FS]],
    ["a/dovecot-keywords", [FS]],
    ["storage", [ROOT]],
    [".dsync/x", [ROOT]],
    ["x".repeat(200) + "/" + "y".repeat(100), [MAILDIRPP]],
  ];
  for (const [name, namings] of rows) {
    for (const naming of namings) {
      const stored = formatStorageName(name as MailboxName, naming);
      assert.ok(E.isLeft(stored), `${name.slice(0, 40)} in ${naming.layout}`);
      assert.equal(stored.left._tag, "Unfit");
    }
  }
});

Deno.test("parseStorageName refuses what Dovecot cannot open", () => {
  const rows: readonly [string, Naming][] = [
    ["Entwürfe", MAILDIRPP],
    [".DOVECOT-TRASHED", MAILDIRPP],
    ["a..b", MAILDIRPP],
    ["inbox", FS],
    ["Inbox.child", MAILDIRPP],
    ["a/cur", FS],
    ["&AC8-", MDBOX],
    ["&AC4-&AC4-", MDBOX],
  ];
  for (const [stored, naming] of rows) {
    assert.ok(E.isLeft(parseStorageName(stored, naming)), stored);
  }
});

Deno.test("storage names of known mailboxes, both ways", () => {
  const rows: readonly [string, string, Naming][] = [
    ["INBOX", "INBOX", MAILDIRPP],
    ["INBOX/x", "INBOX.x", MAILDIRPP],
    ["x/Inbox", "x.Inbox", MAILDIRPP],
    ["Inboxes", "Inboxes", FS],
    ["Archive/2024/Q1", "Archive.2024.Q1", MAILDIRPP],
    ["Entwürfe/日本語", "Entw&APw-rfe.&ZeVnLIqe-", MAILDIRPP],
    ["Entwürfe/日本語", "Entw&APw-rfe/&ZeVnLIqe-", MDBOX],
    ["Entwürfe/日本語", "Entwürfe/日本語", UTF8],
    ["with space & amp", "with space &- amp", MDBOX],
    ["dot.name/.hid", "dot.name/.hid", MDBOX],
    ["100%/%s", "100%/%s", FS],
    ["a~/~b", "a~/~b", FS],
    ["cur", "cur", MDBOX],
    ["subscriptions", "subscriptions", MDBOX],
    ["subscriptions", "subscriptions", MAILDIRPP],
    ["a/subscriptions", "a/subscriptions", FS],
    ["dovecot-users", "dovecot-users", FS],
    ["dovecot.org", "dovecot.org", FS],
    ["a/storage", "a/storage", ROOT],
  ];
  for (const [name, stored, naming] of rows) {
    assert.deepEqual(formatStorageName(mailboxName(name), naming), E.right(stored));
    assert.deepEqual(parseStorageName(stored, naming), E.right(name));
  }
});

Deno.test("fitName changes only what does not fit", () => {
  const rows: readonly [string, string, Naming][] = [
    ["inbox", "INBOX", FS],
    ["Inbox/child", "INBOX/child", MDBOX],
    ["Inbox/a.b", "INBOX/a_b", MAILDIRPP],
    ["\u0131nbox/x", "\u0131nbox/x", MDBOX],
    ["a.b/c", "a_b/c", MAILDIRPP],
    ["a.b/c", "a.b/c", FS],
    ["~a/~b", "_a/~b", FS],
    ["../.", "__/_", MDBOX],
    ["a//b", "a/_/b", MDBOX],
    ["a/cur", "a/cur_", FS],
    ["dbox-Mails", "dbox-Mails_", MDBOX],
    ["a\0", "a_", FS],
    ["subscriptions", "subscriptions_", FS],
    ["subscriptions/a", "subscriptions_/a", FS],
    ["dovecot.index.log/b", "dovecot.index.log_/b", FS],
    ["storage", "storage_", ROOT],
  ];
  for (const [name, fit, naming] of rows) assert.equal(fitName(name as MailboxName, naming), fit);
});

const part = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", ".", "..", "cur", "dbox-Mails", "subscriptions", "~", "a.b", "\0", "\ud800"),
  fc.integer({ min: 0, max: 600 }).map((n) => "ü日x".repeat(n)),
);
const anyName = fc.array(part, { minLength: 1, maxLength: 40 }).map((parts) =>
  parts.join("/") as MailboxName
);

Deno.test("fitName puts in the stand-in that is wanted, unless no name could have it", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["A.B/c.d", "-", "A-B/c-d"],
    ["A.B", "日", "A日B"],
    ["A.B", ".", "A_B"],
    ["A.B", "/", "A_B"],
    ["~x", "~", "_x"],
    ["A.B", "", "A_B"],
  ];
  for (const [name, altChar, fit] of rows) {
    const naming = { layout: "maildir++", utf8: false, altChar } as const;
    assert.equal(fitName(name as MailboxName, naming), fit, `${name} ${altChar}`);
  }
});

Deno.test("fitName gives a name that fits, and the same one again", () => {
  fc.assert(fc.property(anyName, fc.constantFrom(...ALL), (name, naming) => {
    const fit = fitName(name, naming);
    assert.equal(nameRefusal(fit, naming), null);
    assert.equal(fitName(fit, naming), fit);
    if (nameRefusal(name, naming) === null) assert.equal(fit, name);
  }));
});

Deno.test("parseStorageName undoes formatStorageName, and no name leaves the root", () => {
  fc.assert(fc.property(anyName, fc.constantFrom(...ALL), (name, naming) => {
    const fit = fitName(name, naming);
    const stored = formatStorageName(fit, naming);
    assert.ok(E.isRight(stored));
    assert.deepEqual(parseStorageName(stored.right, naming), E.right(fit));
    for (const step of stored.right.split("/")) {
      assert.ok(step !== "" && step !== "." && step !== ".." && !step.includes("\0"));
    }
  }));
});

Deno.test("parseStorageName takes any text without throwing, and gives names that lead back", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...ALL), (text, naming) => {
    const name = parseStorageName(text, naming);
    if (E.isRight(name)) assert.deepEqual(formatStorageName(name.right, naming), E.right(text));
  }));
});

Deno.test("fitName keeps names apart that are cut", () => {
  const a = fitName(`${"x".repeat(400)}a` as MailboxName, FS);
  const b = fitName(`${"x".repeat(400)}b` as MailboxName, FS);
  assert.notEqual(a, b);
  assert.equal(a.length, 255);
  assert.equal(fitName(INBOX, MAILDIRPP), INBOX);
});
