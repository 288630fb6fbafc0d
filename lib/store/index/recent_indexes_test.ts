import assert from "node:assert/strict";
import { appendMails } from "../../codec/index_build.ts";
import { DONE } from "../../codec/index_record.ts";
import { openFilesBelow } from "../../os/_open_files.ts";
import { withDirectory } from "../../os/_other_process.ts";
import type { IndexFile } from "./index_file.ts";
import { fresh, mails, open, os } from "./_index_home.ts";
import { RecentIndexes } from "./recent_indexes.ts";

const uidsOf = (index: IndexFile | null): readonly number[] | null =>
  index === null ? null : [...index.view.uids];

/** An index with these mails, and nobody who has it open. */
const make = (home: string, ...list: number[]): void => fresh(home, [mails(...list)]).close();

Deno.test("RecentIndexes: what was added meanwhile is there", () =>
  withDirectory(async (home) => {
    make(home, 1, 2);
    const recent = new RecentIndexes();
    assert.equal(recent.take(home), null);
    recent.keep(home, open(home));
    const writer = open(home);
    await writer.withLock((w) => w.append([mails(7)], DONE));
    writer.close();
    assert.deepEqual(uidsOf(recent.take(home)), [1, 2, 7]);
    assert.equal(recent.take(home), null, "it is taken once");
  }));

Deno.test("RecentIndexes: another index in its place is read from its beginning", () =>
  withDirectory((home) => {
    make(home, 1, 2);
    const recent = new RecentIndexes();
    recent.keep(home, open(home));
    Deno.removeSync(`${home}/dovecot.index.log`);
    make(home, 5);
    assert.deepEqual(uidsOf(recent.take(home)), [5]);
  }));

for (
  const [name, change] of [
    ["gone", (path: string) => Deno.removeSync(path)],
    ["damaged", (path: string) => Deno.truncateSync(path, 10)],
  ] as const
) {
  Deno.test(`RecentIndexes: one that is ${name} is not there, and has let go of its file`, () =>
    withDirectory((home) => {
      make(home, 1, 2);
      const recent = new RecentIndexes();
      recent.keep(home, open(home));
      assert.equal(openFilesBelow(home).length, 1);
      change(`${home}/dovecot.index.log`);
      assert.equal(recent.take(home), null);
      assert.deepEqual(openFilesBelow(home), []);
    }));
}

Deno.test("RecentIndexes: the oldest go, and all at the end, with their files", () =>
  withDirectory((home) => {
    const homes = Array.from({ length: 6 }, (_, i) => `${home}/${i}`);
    for (const one of homes) {
      os.disk.mkdir(one, 0o700);
      make(one, 1);
    }
    const recent = new RecentIndexes();
    for (const one of homes) recent.keep(one, open(one));
    assert.equal(openFilesBelow(home).length, 4);
    assert.equal(recent.take(homes[1]!), null);
    const kept = recent.take(homes[2]!);
    assert.deepEqual(uidsOf(kept), [1]);
    kept!.close();
    recent.close();
    assert.deepEqual(openFilesBelow(home), []);
  }));

Deno.test("RecentIndexes: one with more mails than may be kept is let go of", () =>
  withDirectory((home) => {
    const uids = Uint32Array.from({ length: 100_001 }, (_, i) => i + 1);
    fresh(home, [appendMails(uids, new Uint8Array(uids.length))]).close();
    const recent = new RecentIndexes();
    recent.keep(home, open(home));
    assert.equal(recent.take(home), null);
  }));
