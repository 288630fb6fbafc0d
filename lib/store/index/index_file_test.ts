import assert from "node:assert/strict";
import { mailsOf, right, whole } from "../../codec/_index_fixture.ts";
import {
  expungeMails,
  trackModSeqs,
  updateFlags,
  updateKeywords,
} from "../../codec/index_build.ts";
import { decodeLogHeader, encodeLogHeader, type LogHeader } from "../../codec/index_header.ts";
import { DONE, REQUEST, SYNC_DONE } from "../../codec/index_record.ts";
import { encodeGroup } from "../../codec/index_record_encode.ts";
import { modSeq } from "../../model/ids.ts";
import { failureOf, rejectionOf } from "../../os/_failure.ts";
import { openFilesBelow } from "../../os/_open_files.ts";
import { lockElsewhere, withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import {
  appendBytes,
  BASE,
  fresh,
  mails,
  open,
  os,
  summaryOf,
  uids,
  VALID,
} from "./_index_home.ts";
import { type IndexFile, openIndex } from "./index_file.ts";

Deno.test("refresh: reads what was added, and nothing of a group that is not complete", () =>
  withDirectory((home) => {
    const file = fresh(home);
    const path = `${home}/${BASE}.log`;
    assert.equal(file.refresh(), false);
    const group = encodeGroup([mails(1), updateFlags([{ uid: 1, add: 8, remove: 0 }])], DONE);
    for (let cut = 1; cut < group.length; cut += 5) {
      const size = file.view.position.offset;
      appendBytes(path, group.subarray(0, cut));
      assert.equal(file.refresh(), false);
      assert.equal(file.view.count, 0);
      Deno.truncateSync(path, size);
    }
    appendBytes(path, group);
    assert.equal(file.refresh(), true);
    assert.deepEqual(mailsOf(file.view), [{ uid: 1, flags: ["\\Seen"], keywords: [], modseq: 3 }]);
    file.close();
  }));

Deno.test("refresh: a rotation is followed, a deleted mailbox is Missing", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1)]);
    const path = `${home}/${BASE}.log`;
    const { offset, seq, modSeq: highest } = file.view.position;
    const next: LogHeader = {
      ...right(decodeLogHeader(Deno.readFileSync(path))),
      fileSeq: seq + 1,
      prevFileSeq: seq,
      prevFileOffset: offset,
      initialModSeq: highest,
    };
    Deno.renameSync(path, `${path}.2`);
    Deno.writeFileSync(path, encodeLogHeader(next));
    appendBytes(path, encodeGroup([mails(2)], DONE));
    assert.equal(file.refresh(), true);
    assert.deepEqual([...file.view.uids], [1, 2]);
    assert.equal(file.view.position.seq, seq + 1);
    assert.equal(file.history().filter(({ record }) => record._tag === "Append").length, 2);
    Deno.removeSync(path);
    assert.equal(failureOf(() => file.refresh())._tag, "Missing");
    file.close();
  }));

Deno.test("changes: of mails older than the log it knows what the snapshot before it says", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1), updateFlags([{ uid: 1, add: 8, remove: 0 }])]);
    const path = `${home}/${BASE}.log`;
    const { offset, seq, modSeq: highest } = file.view.position;
    const next: LogHeader = {
      ...right(decodeLogHeader(Deno.readFileSync(path))),
      fileSeq: seq + 1,
      prevFileSeq: seq,
      prevFileOffset: offset,
      initialModSeq: highest,
    };
    const all = [updateFlags([{ uid: 1, add: 8 | 2, remove: 0x15 }])];
    for (const at of [{ seq, offset }, { seq: seq + 1, offset: next.headerSize }]) {
      Deno.writeFileSync(`${home}/${BASE}`, whole(file.view.encode(at)));
      Deno.writeFileSync(path, encodeLogHeader(next));
      appendBytes(path, encodeGroup(all, DONE));
      const later = open(home);
      assert.deepEqual(later.changes().map((change) => ({ ...change, modSeq: 0 })), [{
        _tag: "FlagsChanged",
        uid: 1,
        add: 2,
        remove: 0,
        addKeywords: [],
        removeKeywords: [],
        modSeq: 0,
      }]);
      later.close();
    }
    file.close();
  }));

Deno.test("changes: up to a moment of this index they are settled, another's moment is none", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1, 2), updateFlags([{ uid: 1, add: 8, remove: 0 }])]);
    const { moment } = file;
    const { indexId, position: { seq, offset } } = file.view;
    appendBytes(file.path, encodeGroup([updateFlags([{ uid: 2, add: 2, remove: 0 }])], DONE));
    file.refresh();
    const told = (since?: string) => file.changes(since).map(({ uid }) => uid);
    assert.deepEqual(told(), [1, 2]);
    assert.deepEqual(told(moment), [2]);
    assert.deepEqual(told(file.moment), []);
    const others = ["", "x", `${indexId}`, `${indexId + 1}.${seq}.${offset}`, `${moment}00`];
    for (const other of [...others, `${indexId}.${seq + 1}.${offset}`]) {
      assert.deepEqual(told(other), [1, 2], other);
    }
    file.close();
  }));

Deno.test("saves: what users added since a moment of this index, also what is gone", () =>
  withDirectory((home) => {
    const file = fresh(home, [mails(1, 2)]);
    const { moment } = file;
    appendBytes(file.path, encodeGroup([mails(3)], DONE));
    appendBytes(file.path, encodeGroup([mails(4)], SYNC_DONE));
    appendBytes(file.path, encodeGroup([mails(5, 6), expungeMails(Uint32Array.of(5))], DONE));
    file.refresh();
    assert.deepEqual(file.saves(moment), [3, 5, 6]);
    assert.deepEqual(file.saves(file.moment), []);
    for (const other of ["", "x", `${file.view.indexId + 1}.2.40`]) {
      assert.deepEqual(file.saves(other), [], other);
    }
    file.close();
  }));

Deno.test("withLock: waits for another process, and gives up in time", () =>
  withDirectory(async (home) => {
    const file = fresh(home);
    const other = await lockElsewhere("fcntl", `${home}/${BASE}.log`);
    assert.ok(other.held);
    const open = openFilesBelow(home);
    const busy = await rejectionOf(() => file.withLock(() => {}, 60));
    assert.deepEqual(openFilesBelow(home), open);
    assert.deepEqual([busy._tag, busy.where.path], ["Busy", `${home}/${BASE}.log`]);
    const done = file.withLock((writer) => writer.append([mails(1)], SYNC_DONE));
    await other.end();
    await done;
    assert.equal(file.view.count, 1);
    file.close();
  }));

Deno.test("withLock: the view is up to date inside, and what is appended is in it", () =>
  withDirectory(async (home) => {
    const [one, two] = [fresh(home), open(home)];
    await one.withLock((writer) => {
      writer.append([mails(1, 2), ...updateKeywords("add", new Map([["Work", [2]]]))], SYNC_DONE);
      writer.sync();
    });
    await two.withLock((writer) => {
      assert.deepEqual([...writer.view.uids], [1, 2]);
      writer.append([expungeMails(uids(1))], SYNC_DONE);
    });
    one.refresh();
    assert.deepEqual(mailsOf(one.view), mailsOf(two.view));
    const whole = open(home);
    assert.deepEqual(mailsOf(whole.view), mailsOf(two.view));
    assert.deepEqual(one.changes(), [
      { _tag: "Expunged", uid: 1, guid: null, modSeq: modSeq(4n), bySync: true },
    ]);
    for (const file of [one, two, whole]) file.close();
  }));

Deno.test("withLock: two users of one process take turns", () =>
  withDirectory(async (home) => {
    const [one, two] = [fresh(home), open(home)];
    const turns: string[] = [];
    const take = (file: IndexFile, name: string) =>
      file.withLock(async (writer) => {
        turns.push(name);
        await os.sleep(15);
        writer.append([mails(writer.view.uidNext)], DONE);
        turns.push(name);
      });
    await Promise.all([take(one, "a"), take(two, "b"), take(one, "a")]);
    assert.equal(turns.length, 6);
    for (let i = 0; i < 6; i += 2) assert.equal(turns[i], turns[i + 1]);
    one.refresh();
    assert.deepEqual([...one.view.uids], [1, 2, 3]);
    one.close();
    two.close();
  }));

const TAILS = [
  ["stray bytes", Uint8Array.of(1, 2, 3, 4, 5)],
  ["zeros", new Uint8Array(64)],
  ["half a record", encodeGroup([mails(9)], DONE).subarray(0, 11)],
  ["half a group", encodeGroup([mails(9), VALID], DONE).subarray(0, 28)],
] as const;

for (const [name, tail] of TAILS) {
  Deno.test(`withLock: ${name} behind the last record are cut off, and nothing before`, () =>
    withDirectory(async (home) => {
      const file = fresh(home, [mails(1)]);
      const path = `${home}/${BASE}.log`;
      const whole = Deno.readFileSync(path);
      appendBytes(path, tail);
      file.refresh();
      assert.equal(Deno.statSync(path).size, whole.length + tail.length);
      await file.withLock(() => {});
      assert.deepEqual(Deno.readFileSync(path), whole);
      file.close();
    }));
}

const UNREADABLE = [
  ["a group behind zeros", Uint8Array.of(0, 0, 0, 0, ...encodeGroup([mails(2), VALID], DONE))],
  ["0xff bytes", new Uint8Array(9).fill(0xff)],
] as const;

for (const [name, tail] of UNREADABLE) {
  Deno.test(`withLock: ${name} may be records of somebody and stay`, () =>
    withDirectory(async (home) => {
      const file = fresh(home, [mails(1)]);
      const path = `${home}/${BASE}.log`;
      const { offset } = file.view.position;
      appendBytes(path, tail);
      const before = Deno.readFileSync(path);
      const error = await rejectionOf(() => file.withLock(() => {}));
      assert.deepEqual([error._tag, error.where], ["Damaged", { path, offset }]);
      assert.deepEqual(Deno.readFileSync(path), before);
      file.close();
    }));
}

Deno.test("append: where somebody has written without lock nothing is added", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(1)]);
    const path = `${home}/${BASE}.log`;
    const error = await rejectionOf(() =>
      file.withLock((writer) => {
        appendBytes(path, encodeGroup([mails(2)], DONE));
        writer.append([mails(2)], DONE);
      })
    );
    assert.deepEqual([error._tag, error.where.path], ["Changed", path]);
    await file.withLock((writer) => writer.append([mails(3)], DONE));
    assert.deepEqual([...file.view.uids], [1, 2, 3]);
    file.close();
  }));

Deno.test("append: what the view refuses is not written, and the view is right again", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(5)]);
    const path = `${home}/${BASE}.log`;
    const before = Deno.readFileSync(path);
    const error = await rejectionOf(() =>
      file.withLock((writer) => writer.append([mails(6), mails(3)], SYNC_DONE))
    );
    assert.deepEqual(summaryOf(error, home).slice(0, 2), ["Damaged", `${BASE}.log`]);
    assert.deepEqual(Deno.readFileSync(path), before);
    assert.deepEqual([...file.view.uids], [5]);
    await file.withLock((writer) => writer.append([mails(6)], SYNC_DONE));
    assert.deepEqual([...file.view.uids], [5, 6]);
    file.close();
  }));

Deno.test("append: a write that falls short leaves the file as it was", () =>
  withDirectory(async (home) => {
    fresh(home).close();
    const path = `${home}/${BASE}.log`;
    const before = Deno.readFileSync(path);
    const full = makeOs({ onStep: (step) => step.kind === "write" ? { keep: 20 } : undefined });
    const file = openIndex(full, home, BASE)!;
    const error = await rejectionOf(() =>
      file.withLock((writer) => writer.append([mails(1), VALID], SYNC_DONE))
    );
    assert.deepEqual([error._tag, error.where.path], ["Io", path]);
    assert.deepEqual(Deno.readFileSync(path), before);
    assert.equal(file.view.count, 0);
    file.close();
  }));

Deno.test("requests: what is asked for behind the tail, until the tail says it was done", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(1, 2)]);
    await file.withLock((writer) => {
      writer.append([expungeMails(uids(2))], REQUEST);
      assert.equal(writer.view.count, 2);
    });
    assert.deepEqual(file.requests().map(({ record }) => record._tag), ["ExpungeGuid"]);
    await file.withLock((writer) => {
      writer.append([expungeMails(uids(2))], DONE);
      writer.appendTail();
    });
    assert.deepEqual(file.requests(), []);
    assert.equal(file.view.tailOffset, file.view.position.offset);
    assert.equal(file.view.tailOffset, Deno.statSync(file.path).size);
    file.close();
  }));

Deno.test("trackModSeqs: mails have the highest modseq until something changes them", () =>
  withDirectory(async (home) => {
    const file = fresh(home, [mails(1, 2)]);
    assert.equal(file.view.modSeqTracked, false);
    await file.withLock((writer) => {
      writer.append(trackModSeqs(writer.view.highestModSeq), SYNC_DONE);
      writer.append([updateFlags([{ uid: 2, add: 2, remove: 0 }])], SYNC_DONE);
    });
    assert.equal(file.view.modSeqTracked, true);
    assert.deepEqual(mailsOf(file.view).map(({ modseq }) => modseq), [2, 3]);
    file.close();
  }));
