import assert from "node:assert/strict";
import { compareViews, type Strictness } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { type Dsync, stageDsync } from "./dsync.ts";
import { trials } from "./judge.ts";
import { filledAccount, goldenAccount, withManyKeywords, writtenMaildir } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { type View, view } from "./view.ts";

/** A source, the location it goes to, and the one it comes back to. */
interface Row {
  readonly title: string;
  readonly source: (dovecot: Dovecot) => Promise<Account>;
  readonly there: string;
  readonly back: string;
}

const MAILDIR = "maildir:~/Maildir";
const MAILDIR_FS = "maildir:~/Maildir:LAYOUT=fs";
const MDBOX = "mdbox:~/mdbox";

const ROWS: readonly Row[] = [
  {
    title: "a Maildir that Dovecot left",
    source: (dovecot) => goldenAccount(dovecot, "maildir"),
    there: MDBOX,
    back: MAILDIR,
  },
  {
    title: "an mdbox that Dovecot left",
    source: (dovecot) => goldenAccount(dovecot, "mdbox"),
    there: MAILDIR_FS,
    back: MDBOX,
  },
  {
    title: "a written Maildir",
    source: (dovecot) => writtenMaildir(dovecot, MAILDIR, { seed: 21, mails: 300 }),
    there: MDBOX,
    back: MAILDIR,
  },
  {
    title: "LAYOUT=fs, CONTROL=, INDEX= and more than 26 keywords",
    source: async (dovecot) =>
      withManyKeywords(
        dovecot,
        await writtenMaildir(
          dovecot,
          "maildir:~/Maildir:LAYOUT=fs:CONTROL=~/control:INDEX=~/index",
          { seed: 22, mails: 200 },
        ),
      ),
    there: MDBOX,
    back: "maildir:~/Maildir:LAYOUT=fs:CONTROL=~/control:INDEX=~/index",
  },
  {
    title: "an mdbox of many files, lived in",
    source: (dovecot) => filledAccount(dovecot, MDBOX, { seed: 23, mails: 300 }),
    there: MAILDIR_FS,
    back: MDBOX,
  },
  {
    title: "a Maildir lived in",
    source: (dovecot) => filledAccount(dovecot, MAILDIR, { seed: 24, mails: 200 }),
    there: MDBOX,
    back: MAILDIR,
  },
  {
    title: "two thousand mails, one of 30 MB, one with a header line of 1 MB",
    source: (dovecot) =>
      writtenMaildir(dovecot, MAILDIR_FS, {
        seed: 25,
        mails: 2000,
        once: ["long header line", "huge"],
      }),
    there: MDBOX,
    back: MAILDIR_FS,
  },
];

/** Changes of an index, and of the times of directories in which it was locked. */
const SYNCED = /\/dovecot\.index(\.log)?: |: was directory/;

/** Backs up into an empty account and asserts that Dovecot sees there what was expected. */
const convert = async (
  dsync: Dsync,
  dovecot: Dovecot,
  from: Account,
  location: string,
  expected: View,
  how: Strictness = {},
): Promise<Account> => {
  const to = await dovecot.account(location);
  const before = treeOf(from.home);
  const { code, stderr } = await dsync.sync("backup", from, to);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  // Like any reader of a Maildir, dsync may bring the index up to date: nothing else of a source is written.
  const written = treeChanges(before, treeOf(from.home)).filter((line) => !SYNCED.test(line));
  assert.deepEqual(written, [], "the source was written to");
  const seen = await view(dovecot, to);
  assert.deepEqual(compareViews(expected, seen, { recent: true, ...how }), [], `in ${location}`);
  assert.deepEqual(await trials(dovecot, to, seen), [], `trials of ${location}`);
  return to;
};

/** Asserts that one more run, whichever the command, finds nothing to do and writes to no file. */
const assertSettled = async (dsync: Dsync, from: Account, to: Account): Promise<void> => {
  const [left, right] = [treeOf(from.home), treeOf(to.home)];
  for (const command of ["backup", "mirror"] as const) {
    const { code, stderr } = await dsync.sync(command, from, to);
    assert.deepEqual([code, stderr], [0, ""], command);
    assert.deepEqual(treeChanges(left, treeOf(from.home)), [], `${command}: the source`);
    assert.deepEqual(treeChanges(right, treeOf(to.home)), [], `${command}: the destination`);
  }
};

for (const { title, source, there, back } of ROWS) {
  judged(`backup carries every field there and back: ${title}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const first = await source(dovecot);
    const expected = await view(dovecot, first);
    assert.deepEqual(expected.complaints, []);
    const second = await convert(dsync, dovecot, first, there, expected);
    await assertSettled(dsync, first, second);
    const third = await convert(dsync, dovecot, second, back, expected, { saved: false });
    await assertSettled(dsync, second, third);
  });
}

judged("mirror into an empty account is a backup", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const first = await filledAccount(dovecot, MDBOX, { seed: 26, mails: 60 });
  const second = await dovecot.account(MAILDIR_FS);
  const { code, stderr } = await dsync.sync("mirror", first, second);
  assert.deepEqual([code, stderr], [0, ""]);
  const expected = await view(dovecot, first);
  assert.deepEqual(compareViews(expected, await view(dovecot, second)), []);
});
