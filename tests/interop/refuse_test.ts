import assert from "node:assert/strict";
import { join } from "node:path";
import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { goldenAccount } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";

/** A source that no backup may be made from, and what standard error must name. */
type Row = readonly [title: string, location: string, make: (home: string) => void, says: RegExp];

const closed = (format: "Maildir" | "mdbox") => (home: string): void => {
  Deno.mkdirSync(join(home, format));
  Deno.chmodSync(join(home, format), 0o000);
};

const ROWS: readonly Row[] = [
  ["no Maildir there", "maildir:~/Maildir", () => {}, /\/Maildir/],
  ["no mdbox there", "mdbox:~/mdbox", () => {}, /\/mdbox/],
  [
    "a directory of other things, as Maildir",
    "maildir:~/Maildir",
    (home) => {
      Deno.mkdirSync(join(home, "Maildir", "photos"), { recursive: true });
      Deno.writeTextFileSync(join(home, "Maildir", "letter.txt"), "not mail");
    },
    /\/Maildir/,
  ],
  [
    "a directory of other things, as mdbox",
    "mdbox:~/mdbox",
    (home) => Deno.mkdirSync(join(home, "mdbox", "photos"), { recursive: true }),
    /\/mdbox/,
  ],
  [
    "an empty directory, as mdbox",
    "mdbox:~/mdbox",
    (home) => Deno.mkdirSync(join(home, "mdbox")),
    /\/mdbox/,
  ],
  [
    "a file",
    "maildir:~/Maildir",
    (home) => Deno.writeTextFileSync(join(home, "Maildir"), "not mail"),
    /\/Maildir/,
  ],
  ["a Maildir that may not be read", "maildir:~/Maildir", closed("Maildir"), /\/Maildir/],
  ["an mdbox that may not be read", "mdbox:~/mdbox", closed("mdbox"), /\/mdbox/],
];

judged("backup refuses what is no readable mail store and touches nothing", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const destinations = [
    await goldenAccount(dovecot, "maildir"),
    await goldenAccount(dovecot, "mdbox"),
    await dovecot.account("mdbox:~/mdbox"),
  ];
  for (const [title, location, make, says] of ROWS) {
    const source = await dovecot.account(location, make);
    const there = treeOf(source.home);
    for (const to of destinations) {
      const before = treeOf(to.home);
      const { code, stderr } = await dsync.sync("backup", source, to);
      assert.equal(code, 1, `${title}: ${stderr}`);
      assert.match(stderr, says, title);
      assert.match(stderr, /^[^\n]+\n$/, `${title}: one line`);
      assert.deepEqual(treeChanges(before, treeOf(to.home)), [], `${title}: the destination`);
      assert.deepEqual(treeChanges(there, treeOf(source.home)), [], `${title}: the source`);
    }
  }
});

judged("backup -R refuses a second location that is no mail store", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const full = await goldenAccount(dovecot, "mdbox");
  const nothing = await dovecot.account("maildir:~/Maildir");
  const before = treeOf(full.home);
  const { code, stderr } = await dsync.sync("backup", full, nothing, "-R");
  assert.equal(code, 1, stderr);
  assert.deepEqual(treeChanges(before, treeOf(full.home)), []);
  assert.deepEqual([...treeOf(nothing.home)], []);
});
