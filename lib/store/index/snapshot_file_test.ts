import assert from "node:assert/strict";
import { mailsOf } from "../../codec/_index_fixture.ts";
import {
  expungeMails,
  trackModSeqs,
  updateFlags,
  updateKeywords,
} from "../../codec/index_build.ts";
import { DONE, REQUEST, SYNC_DONE } from "../../codec/index_record.ts";
import { syncError } from "../../model/error.ts";
import { modSeq } from "../../model/ids.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { IndexView } from "../../codec/index_view.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { BASE, fresh, mails, open, os } from "./_index_home.ts";
import { type IndexFile, openIndex } from "./index_file.ts";
import { isWorthSnapshot } from "./snapshot_file.ts";

const always = () => true;

/** An index with a history: flags, keywords, modseqs, an expunge, and a request that nobody has carried out. */
const withHistory = async (home: string): Promise<IndexFile> => {
  const file = fresh(home, [mails(1, 2, 3, 7)], trackModSeqs(modSeq(3n)), [
    updateFlags([{ uid: 1, add: 8, remove: 0 }]),
    ...updateKeywords("add", new Map([["Work", [1, 7]], ["$Junk", [7]]])),
  ]);
  await file.withLock((writer) => {
    writer.append([expungeMails(Uint32Array.of(2))], SYNC_DONE);
    writer.appendTail();
    writer.append([expungeMails(Uint32Array.of(3))], REQUEST);
    writer.append([updateFlags([{ uid: 7, add: 2, remove: 0 }])], DONE);
  });
  return file;
};

/** All that an index says. */
const told = (file: IndexFile) => ({
  mails: mailsOf(file.view),
  highestModSeq: file.view.highestModSeq,
  uidNext: file.view.uidNext,
  uidValidity: file.view.uidValidity,
  // What the last group has introduced is of no use to the next one.
  position: { ...file.view.position, introRecordSize: null },
  tailOffset: file.view.tailOffset,
  requests: file.requests().length,
  changes: file.changes(),
  historyComplete: file.historyComplete,
  moment: file.moment,
});

Deno.test("isWorthSnapshot: counts what was logged since the last one, and how long the next one would be", () => {
  const view = IndexView.empty(1, { seq: 3, offset: 3 << 20, modSeq: 0n, introRecordSize: -1 });
  const at = (seq: number, offset: number) => isWorthSnapshot(view, { seq, offset });
  assert.deepEqual(
    [isWorthSnapshot(view, null), at(3, 40), at(3, 2 << 20), at(3, (2 << 20) + 1), at(2, 3 << 20)],
    [true, true, true, false, true],
  );
  const large = { ...view, position: view.position, count: 1_000_000 } as unknown as IndexView;
  assert.equal(isWorthSnapshot(large, null), false);
});

Deno.test("shorten: the index says the same with the snapshot, and what is added later", () =>
  withDirectory(async (home) => {
    const file = await withHistory(home);
    const before = told(file);
    assert.deepEqual([before.requests, before.mails.length], [1, 3]);
    await file.shorten(() => false);
    assert.equal(os.files.stat(`${home}/${BASE}`), null);
    await file.shorten(always);
    assert.deepEqual(told(file), before);
    const again = open(home);
    assert.deepEqual(told(again), before);
    for (const one of [file, again]) {
      await one.withLock((writer) => writer.append([mails(one === file ? 9 : 10)], DONE));
    }
    again.close();
    await file.shorten(always);
    const last = open(home);
    file.refresh();
    assert.deepEqual(told(last), told(file));
    assert.deepEqual([...last.view.uids], [1, 3, 7, 9, 10]);
    last.close();
    file.close();
    assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name).sort(), [
      BASE,
      `${BASE}.log`,
    ]);
  }));

Deno.test("shorten: is not done twice, nor without need", () =>
  withDirectory(async (home) => {
    const file = await withHistory(home);
    const lasts: unknown[] = [];
    const noting: typeof isWorthSnapshot = (_, last) => {
      lasts.push(last);
      return last === null;
    };
    await file.shorten(noting);
    await file.shorten(noting);
    await file.shorten();
    const { seq, offset } = file.view.position;
    assert.deepEqual(lasts, [null, null, { seq, offset }]);
    file.close();
    const again = open(home);
    await again.shorten(noting);
    assert.deepEqual(lasts.at(-1), { seq, offset });
    again.close();
  }));

Deno.test("shorten: whichever step fails or is the last one, the index says the same", () =>
  withDirectory(async (home) => {
    let stopAt = Infinity;
    let n = 0;
    const failing = makeOs({
      onStep: ({ kind, path }): { readonly keep: number } | undefined => {
        if (++n !== stopAt) return undefined;
        if (kind === "write") return { keep: 50 };
        throw new StreamFailure(syncError("Io", "store", { path }, "a disk that fails"));
      },
    });
    const file = await withHistory(home);
    const before = told(file);
    file.close();
    let steps = 0;
    for (stopAt = 1; stopAt <= steps + 1; stopAt++) {
      n = 0;
      const one = openIndex(failing, home, BASE)!;
      await one.shorten(always);
      assert.deepEqual(told(one), before, `step ${stopAt}`);
      one.close();
      steps = Math.max(steps, n);
      const again = open(home);
      assert.deepEqual(told(again), before, `opened again after step ${stopAt}`);
      again.close();
    }
    // The log is synced, what a dead process has left removed, the file made, written in two pieces, synced, put in place.
    assert.equal(steps, 7);
  }));
