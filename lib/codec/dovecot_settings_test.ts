import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import {
  type DovecotConfiguration,
  mailLocationOf,
  mailPrefixOf,
  readConfiguration,
} from "./dovecot_settings.ts";

const read = (files: Readonly<Record<string, string>>) =>
  readConfiguration("/etc/dovecot.conf", {
    read: (path) => files[path] ?? null,
    glob: (pattern) =>
      Object.keys(files).filter((path) =>
        pattern.endsWith("/*.conf")
          ? path.startsWith(pattern.slice(0, -6)) && path.endsWith(".conf")
          : path === pattern
      ).sort(),
    env: (name) => name === "DOMAIN" ? "example.org" : undefined,
  });

const of = (files: Readonly<Record<string, string>>): DovecotConfiguration => {
  const found = read(files);
  assert.ok(E.isRight(found), JSON.stringify(found));
  return found.right;
};

const one = (text: string): DovecotConfiguration => of({ "/etc/dovecot.conf": text });

Deno.test("readConfiguration: what is wrong, with file and line", () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ["no file", {}, /the file cannot be read/],
    ["a section left open", { "/etc/dovecot.conf": "namespace x {\n" }, /not closed/],
    ["a brace too many", { "/etc/dovecot.conf": "a = b\n}\n" }, /line 2: a } without its {/],
    ["an include of nothing", { "/etc/dovecot.conf": "!include x\n" }, /line 1: .*no such file/],
    [
      "files that include each other",
      { "/etc/dovecot.conf": "!include a\n", "/etc/a": "\n!include dovecot.conf\n" },
      /include each other/,
    ],
    ["a file that is not there", { "/etc/dovecot.conf": "mail_home = <x\n" }, /line 1: the file x/],
    [
      "within an included file",
      { "/etc/dovecot.conf": "!include a\n", "/etc/a": "b\n" },
      /line 1: neither/,
    ],
  ];
  for (const [title, files, wanted] of rows) {
    const found = read(files);
    assert.ok(E.isLeft(found), title);
    assert.match(found.left.what, wanted, title);
  }
});

Deno.test("readConfiguration: the last one of a name counts, in the order of the files", () => {
  const { settings } = of({
    "/etc/dovecot.conf":
      "a = 1\n!include conf.d/*.conf\n!include_try local.conf\nb = $a $ENV:DOMAIN\n",
    "/etc/conf.d/20.conf": "a = 20\n",
    "/etc/conf.d/10.conf": "a = 10\nc = <secret\n",
    "/etc/conf.d/secret": "s\n",
  });
  assert.deepEqual([...settings], [["a", "20"], ["c", "s\n"], ["b", "20 example.org"]]);
});

Deno.test("readConfiguration: only sections for us count", () => {
  const { settings, namespaces } = one(`
a = outside
protocol imap {
  a = imap
}
remote 10.0.0.0/8 {
  a = remote
}
protocol doveadm {
  b = doveadm
}
namespace inbox {
  inbox = yes
  mailbox Trash {
    special_use = \\Trash
  }
}
namespace inbox {
  separator = /
}
namespace {
  prefix = public/
}
`);
  assert.deepEqual([...settings], [["a", "outside"], ["b", "doveadm"]]);
  assert.deepEqual([...namespaces].map(([name, own]) => [name, [...own]]), [
    ["inbox", [["inbox", "yes"], ["separator", "/"]]],
    ["#1", [["prefix", "public/"]]],
  ]);
});

Deno.test("mailPrefixOf: that of the namespace with the INBOX, by its separator", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["", ""],
    ["namespace x {\n prefix = a/\n}\n", ""],
    ["namespace x {\n inbox = yes\n}\n", ""],
    ["namespace x {\n inbox = yes\n prefix = INBOX.\n}\n", "INBOX/"],
    ["namespace x {\n inbox = yes\n prefix = a|b|\n separator = |\n}\n", "a/b/"],
    ["namespace x {\n inbox = yes\n prefix = a.b/\n separator = /\n}\n", "a.b/"],
  ];
  for (const [text, wanted] of rows) assert.equal(mailPrefixOf(one(text)), wanted, text);
});

Deno.test("mailLocationOf: 2.3's and 2.4's spelling", () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ["", null],
    ["mail_location = maildir:~/Maildir\n", "maildir:~/Maildir"],
    [
      "mail_location = maildir:~/a\nnamespace x {\n inbox = yes\n location = mdbox:~/b\n}\n",
      "mdbox:~/b",
    ],
    ["mail_location = maildir:~/a\nnamespace x {\n location = mdbox:~/b\n}\n", "maildir:~/a"],
    ["mail_driver = maildir\nmail_path = ~/Maildir\n", "maildir:~/Maildir"],
    [
      "mail_driver = mdbox\nmail_path = ~/mdbox\nmail_index_path = /idx/%{user}\n" +
      "mail_alt_path = /alt\nmailbox_directory_name = boxes\n",
      "mdbox:~/mdbox:INDEX=/idx/%{user}:ALT=/alt:MAILBOXDIR=boxes",
    ],
    [
      "mail_driver = maildir\nmail_path = ~/m\nmailbox_list_layout = fs\nmailbox_list_utf8 = yes\n",
      "maildir:~/m:LAYOUT=fs:UTF-8",
    ],
    [
      "mail_driver = mbox\nmail_path = ~/m\nnamespace x {\n inbox = yes\n mail_driver = maildir\n}\n",
      "maildir:~/m",
    ],
  ];
  for (const [text, wanted] of rows) assert.equal(mailLocationOf(one(text)), wanted, text);
});
