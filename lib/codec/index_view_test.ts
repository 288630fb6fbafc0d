import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import {
  expectedOf,
  golden,
  LOG_HEADER,
  mailsOf,
  right,
  viewOfLog,
  viewOfSnapshot,
  whole,
  wholeLog,
} from "./_index_fixture.ts";
import { formatHex } from "./guid.ts";
import {
  appendMails,
  type ExtensionKind,
  introduce,
  setExtensionHeader,
  setExtensionRecords,
  setHeader,
  uidRanges,
} from "./index_build.ts";
import { HEADER_AT } from "./index_header.ts";
import { decodeLog, logStart } from "./index_log.ts";
import { DONE, type LogRecord, type RecordMarks, REQUEST } from "./index_record.ts";
import { encodeRecords } from "./index_record_encode.ts";
import { decodeSnapshot } from "./index_snapshot.ts";
import { IndexView } from "./index_view.ts";

/** Applies records to an empty view, or gives what is wrong. */
const replay = (records: readonly LogRecord[]): string | IndexView => {
  const bytes = encodeRecords(records, DONE);
  const view = IndexView.empty(1, logStart(LOG_HEADER));
  const stretch = decodeLog(bytes, 40, logStart(LOG_HEADER), LOG_HEADER);
  if (E.isLeft(stretch)) return stretch.left.what;
  const done = view.apply(stretch.right);
  return E.isLeft(done) ? done.left.what : view;
};

const viewOf = (records: readonly LogRecord[]): IndexView => {
  const view = replay(records);
  if (typeof view === "string") throw new Error(view);
  return view;
};

const u32s = (...values: number[]): Uint32Array => Uint32Array.from(values);
const mails = (...uids: number[]): LogRecord =>
  appendMails(u32s(...uids), new Uint8Array(uids.length));
const VALID = setHeader([[HEADER_AT.uidValidity, 7]]);
const KIND: ExtensionKind = { name: "x", headerSize: 4, recordSize: 4, recordAlign: 4 };

const REFUSED: readonly (readonly [name: string, records: readonly LogRecord[], what: RegExp])[] = [
  ["a UID below UIDNEXT", [VALID, mails(5), mails(5)], /append of UID 5/],
  ["UIDs that descend", [VALID, mails(5, 4)], /append of UID 4/],
  ["UID 0", [VALID, mails(0)], /append of UID 0/],
  ["the highest UID", [VALID, mails(0xffffffff)], /highest UID/],
  ["mails without UIDVALIDITY", [mails(1)], /UIDVALIDITY is 0/],
  ["a header update beyond the header", [setHeader([[118, 1]])], /header update/],
  ["first recent UID above UIDNEXT", [setHeader([[HEADER_AT.firstRecentUid, 2]])], /first recent/],
  ["a tail beyond its record", [setHeader([[HEADER_AT.logTailOffset, 4096]])], /tail 4096/],
  ["modseqs before the extension", [
    VALID,
    mails(1),
    { _tag: "ModSeqUpdate", uids: u32s(1), modSeqs: BigUint64Array.of(5n) },
  ], /before they are enabled/],
  ["keywords introduced by hand", [introduce({ ...KIND, name: "keywords" })], /by hand/],
  [
    "an extension that holds nothing",
    [introduce({ ...KIND, headerSize: 0, recordSize: 0 })],
    /nothing/,
  ],
  ["an extension name that is not one", [introduce({ ...KIND, name: "a/b" })], /name is not valid/],
  ["alignment 0", [introduce({ ...KIND, recordAlign: 0 })], /alignment 0/],
  ["an unknown extension number", [{
    _tag: "ExtIntro",
    intros: [{ ...KIND, id: 3, name: "", resetId: 0, noShrink: true }],
  }], /number 3 is unknown/],
  ["extension data without introduction", [
    { _tag: "ExtRecordUpdate", recordSize: 4, uids: u32s(1), data: new Uint8Array(4), stride: 4 },
  ], /without an extension/],
  ["extension header without introduction", [
    { _tag: "ExtHeaderUpdate", parts: [{ offset: 0, data: new Uint8Array(4) }] },
  ], /without an extension/],
  [
    "a header byte that is not there",
    setExtensionHeader(KIND, new Uint8Array(5)),
    /no header byte 4/,
  ],
  [
    "data for a UID to come",
    [VALID, mails(1), ...setExtensionRecords(KIND, u32s(2), new Uint8Array(4))],
    /UID 2/,
  ],
  ["a number below 0", [
    VALID,
    mails(1),
    introduce({ ...KIND, recordSize: 2, recordAlign: 2 }),
    { _tag: "ExtAtomicInc", uids: u32s(1), diffs: Int32Array.of(-1) },
  ], /gives -1/],
  ["a header that takes 16 MB", [
    introduce({ ...KIND, headerSize: 16777215 }),
    { _tag: "ExtHeaderUpdate", parts: [{ offset: 16777214, data: new Uint8Array(1) }] },
  ], /more memory/],
  ["30 KB for each of many mails", [
    VALID,
    appendMails(Uint32Array.from({ length: 4000 }, (_, i) => i + 1), new Uint8Array(4000)),
    ...setExtensionRecords({ ...KIND, recordSize: 30000 }, u32s(1), new Uint8Array(30000)),
  ], /more memory/],
];

for (const [name, records, what] of REFUSED) {
  Deno.test(`IndexView.apply: refuses ${name}`, () => {
    const result = replay(records);
    assert.equal(typeof result, "string");
    assert.match(result as string, what);
  });
}

const MAILBOXES = ["mdbox-log-only", "maildir-log-only", "dsync-modseq-update", "attribute-update"];

for (const folder of MAILBOXES) {
  Deno.test(`IndexView: ${folder} is what Dovecot says`, () => {
    const expected = expectedOf(folder);
    const view = viewOfLog(golden(`${folder}/dovecot.index.log`));
    assert.equal(view.uidValidity, expected.uidvalidity);
    assert.equal(view.uidNext, expected.uidnext);
    assert.equal(Number(view.highestModSeq), expected.highestmodseq);
    assert.deepEqual(
      mailsOf(view),
      expected.mails.map(({ uid, flags, keywords, modseq }) => ({
        uid,
        flags,
        keywords: [...keywords].sort(),
        modseq,
      })),
    );
    const guids = view.extension("guid");
    if (guids !== undefined) {
      assert.deepEqual(
        Array.from({ length: view.count }, (_, row) => formatHex(guids.bytes(row))),
        expected.mails.map(({ guid }) => guid),
      );
    }
  });
}

const SNAPSHOTS = [
  ["mdbox-main-index", ["dovecot.index.log"]],
  ["mdbox-rotated", ["dovecot.index.log.2", "dovecot.index.log"]],
] as const;

for (const [folder, logs] of SNAPSHOTS) {
  const wanted = expectedOf(folder);
  const check = (view: IndexView): void => {
    assert.equal(view.uidNext, wanted.uidnext);
    assert.equal(Number(view.highestModSeq), wanted.highestmodseq);
    assert.deepEqual(
      mailsOf(view),
      wanted.mails.map(({ uid, flags, keywords, modseq }) => ({
        uid,
        flags,
        keywords: [...keywords].sort(),
        modseq,
      })),
    );
    if (wanted.extensions_in_order !== undefined) {
      assert.deepEqual(view.extensions.map(({ name }) => name), wanted.extensions_in_order);
    }
  };

  Deno.test(`IndexView: ${folder} from its logs alone is what Dovecot says`, () => {
    const first = wholeLog(golden(`${folder}/${logs[0]}`));
    const view = IndexView.empty(first.header.indexId, logStart(first.header));
    for (const log of logs) right(view.apply(wholeLog(golden(`${folder}/${log}`)).stretch));
    check(view);
  });

  Deno.test(`IndexView: ${folder} from its snapshot and the rest of the log is what Dovecot says`, () => {
    const snapshot = right(decodeSnapshot(golden(`${folder}/dovecot.index`)));
    const bytes = golden(`${folder}/${logs.at(-1)}`);
    const { header } = wholeLog(bytes);
    const head = snapshot.header.logHeadOffset;
    assert.equal(snapshot.header.logSeq, header.fileSeq);
    const cursor = right(decodeLog(bytes.subarray(0, head), 0, logStart(header), header)).end;
    assert.equal(cursor.offset, head);
    const view = right(IndexView.of(snapshot, cursor));
    right(view.apply(right(decodeLog(bytes, 0, cursor, header))));
    check(view);
  });
}

Deno.test("IndexView: the modseqs of mdbox-log-only are right after each command", () => {
  const bytes = golden("mdbox-log-only/dovecot.index.log");
  for (const step of expectedOf("mdbox-log-only").steps!) {
    const view = viewOfLog(bytes.subarray(0, step.log_size));
    assert.equal(Number(view.highestModSeq), step.highestmodseq, step.after);
    for (const [uid, modseq] of Object.entries(step.modseqs)) {
      const row = view.rowOf(Number(uid));
      assert.equal(Number(view.modSeqOf(row)), modseq, `${step.after}: UID ${uid}`);
    }
  }
});

Deno.test("IndexView: the map of mdbox-map is what Dovecot says", () => {
  interface Stored {
    readonly map_uid: number;
    readonly file_id: number;
    readonly offset: number;
    readonly size: number;
    readonly refcount: number;
  }
  const expected = JSON.parse(new TextDecoder().decode(golden("mdbox-map/expected.json")));
  const view = viewOfLog(golden("mdbox-map/dovecot.map.index.log"));
  const map = view.extension("map")!;
  const ref = view.extension("ref")!;
  assert.equal(map.headerU32(0), expected.highest_file_id);
  assert.equal(view.tailOffset, view.position.offset);
  const stored = Array.from({ length: view.count }, (_, row): Stored => ({
    map_uid: view.uidOf(row),
    file_id: map.u32(row, 0),
    offset: map.u32(row, 4),
    size: map.u32(row, 8),
    refcount: ref.u16(row, 0),
  }));
  assert.deepEqual(stored, expected.mails);
});

Deno.test("IndexView.encode: a snapshot of Dovecot's is the same state again", () => {
  for (const folder of ["mdbox-main-index", "mdbox-rotated"]) {
    const view = viewOfSnapshot(golden(`${folder}/dovecot.index`));
    const again = viewOfSnapshot(whole(view.encode(view.position)));
    assert.deepEqual(mailsOf(again), mailsOf(view));
    assert.deepEqual(again.keywordNames, view.keywordNames);
    assert.equal(again.uidValidity, view.uidValidity);
    assert.equal(again.firstRecentUid, view.firstRecentUid);
    for (const [i, extension] of view.extensions.entries()) {
      const copy = again.extensions[i]!;
      assert.equal(copy.name, extension.name);
      assert.equal(copy.resetId, extension.resetId);
      for (let row = 0; row < view.count; row++) {
        assert.deepEqual(copy.bytes(row), extension.bytes(row), extension.name);
      }
    }
  }
});

Deno.test("IndexView.apply: a mail expunged in one record is not found by the next", () => {
  const view = viewOf([
    VALID,
    mails(1, 2, 3, 7),
    { _tag: "ExpungeGuid", uids: u32s(7, 2), guids: new Uint8Array(32) },
    {
      _tag: "FlagUpdate",
      uids: uidRanges([2, 3]),
      add: Uint8Array.of(8),
      remove: Uint8Array.of(0),
      force: Uint8Array.of(0),
    },
    ...setExtensionRecords(KIND, u32s(1, 2, 3), Uint8Array.from({ length: 12 }, (_, i) => i)),
    mails(9),
  ]);
  assert.deepEqual([...view.uids], [1, 3, 9]);
  assert.deepEqual([0, 1, 2].map((row) => view.flagsOf(row) as number), [0, 8, 0]);
  const data = view.extension("x")!;
  assert.deepEqual([0, 1, 2].map((row) => [...data.bytes(row)]), [
    [0, 1, 2, 3],
    [8, 9, 10, 11],
    [0, 0, 0, 0],
  ]);
  assert.deepEqual([view.rowOf(2), view.rowOf(3), view.rowOf(7), view.rowOf(10)], [-1, 1, -1, -1]);
});

Deno.test("IndexView.apply: in the next log the tail begins at its start", () => {
  const next = { ...LOG_HEADER, fileSeq: 3, prevFileSeq: 2, prevFileOffset: 80 };
  const stretchOf = (records: readonly LogRecord[], marks: RecordMarks) =>
    right(decodeLog(encodeRecords(records, marks), 40, logStart(next), next));
  const view = viewOf([VALID]);
  // Nobody has said yet what of the first log is done.
  assert.equal(view.tailOffset, 0);
  const rotated = view.copy();
  right(rotated.apply(stretchOf([], DONE)));
  assert.deepEqual([rotated.tailOffset, rotated.position.offset], [40, 40]);
  const done = view.copy();
  right(done.apply(stretchOf([mails(1), mails(2)], DONE)));
  assert.deepEqual([done.tailOffset, done.position.offset], [72, 72]);
  const requested = view.copy();
  right(requested.apply(stretchOf([mails(1), mails(2)], REQUEST)));
  assert.deepEqual([requested.tailOffset, requested.position.offset], [40, 72]);
});

Deno.test("IndexView.apply: extension data of an older reset id is void", () => {
  const late = introduce(KIND, 0);
  const view = viewOf([
    VALID,
    mails(1),
    ...setExtensionRecords(KIND, u32s(1), Uint8Array.of(1, 2, 3, 4)),
    { _tag: "ExtReset", resetId: 9, preserve: false },
    late,
    {
      _tag: "ExtRecordUpdate",
      recordSize: 4,
      uids: u32s(1),
      data: Uint8Array.of(5, 6, 7, 8),
      stride: 4,
    },
  ]);
  assert.deepEqual([...view.extension("x")!.bytes(0)], [0, 0, 0, 0]);
  assert.equal(view.extension("x")!.resetId, 9);
});

Deno.test("IndexView.apply: a wider extension keeps its data and a shorter write zeroes the rest", () => {
  const view = viewOf([
    VALID,
    mails(1, 2),
    ...setExtensionRecords(KIND, u32s(1, 2), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    introduce({ ...KIND, recordSize: 6 }),
    ...setExtensionRecords({ ...KIND, recordSize: 3 }, u32s(2), Uint8Array.of(9, 9, 9)),
  ]);
  const data = view.extension("x")!;
  assert.deepEqual([...data.bytes(0)], [1, 2, 3, 4, 0, 0]);
  assert.deepEqual([...data.bytes(1)], [9, 9, 9, 0, 0, 0]);
});

Deno.test("IndexView.keywordsOf: mails with the same set share one array, case is that of the first use", () => {
  const keyword = (op: "add" | "remove", name: string, ...uids: number[]): LogRecord => ({
    _tag: "KeywordUpdate",
    op,
    name,
    uids: uidRanges(uids),
  });
  const many = Array.from({ length: 70 }, (_, i) => keyword("add", `k${i}`, 3));
  const view = viewOf([
    VALID,
    mails(1, 2, 3),
    keyword("add", "Work", 1, 2),
    keyword("add", "work", 3),
    ...many,
  ]);
  assert.deepEqual(view.keywordsOf(0), ["Work"]);
  assert.equal(view.keywordsOf(0), view.keywordsOf(1));
  assert.equal(view.keywordsOf(2).length, 71);
  const cleared = viewOf([VALID, mails(1), keyword("add", "a", 1), {
    _tag: "KeywordReset",
    uids: uidRanges([1]),
  }]);
  assert.deepEqual(cleared.keywordsOf(0), []);
});
