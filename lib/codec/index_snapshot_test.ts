import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { golden, right, viewOfSnapshot, whole, wrongOf } from "./_index_fixture.ts";
import { HEADER_AT } from "./index_header.ts";
import { KeywordTable } from "./index_keywords.ts";
import { Column } from "./index_rows.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  layOut,
  type Snapshot,
  type SnapshotExtension,
} from "./index_snapshot.ts";
import { IndexView } from "./index_view.ts";

const REAL = "mdbox-main-index/dovecot.index";
const SNAPSHOTS = [REAL, "mdbox-rotated/dovecot.index"];

/** A real index with some fields of four bytes changed. */
const withWords = (...words: (readonly [at: number, value: number])[]): Uint8Array => {
  const bytes = golden(REAL);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of words) view.setUint32(at, value, true);
  return bytes;
};

/** The first extension header begins here; its fields by offset. */
const FIRST = 120;
/** The third extension, "cache", has four bytes per mail. */
const CACHE = FIRST + 40 + 56;

const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["an empty file", new Uint8Array(0), /empty/],
  ["a header cut short", golden(REAL).subarray(0, 119), /shorter than its header/],
  ["another major version", withWords([0, 8]), /version 8/],
  ["another byte order", withWords([12, 0]), /big-endian/],
  ["index id 0", withWords([HEADER_AT.indexId, 0]), /index id is 0/],
  ["the corrupted mark", withWords([HEADER_AT.flags, 1]), /marked corrupted/],
  ["a header size below the base", withWords([4, 64]), /header sizes/],
  ["a header size beyond the file", withWords([4, 8192]), /beyond the file/],
  ["a record size below 8", withWords([8, 4]), /record size 4/],
  ["UIDNEXT 0", withWords([HEADER_AT.nextUid, 0]), /UIDNEXT is 0/],
  ["no UIDVALIDITY", withWords([HEADER_AT.uidValidity, 0]), /UIDVALIDITY is 0/],
  ["more messages than records", withWords([HEADER_AT.messages, 5]), /go beyond the file/],
  ["more messages than memory", withWords([HEADER_AT.messages, 0xffffffff]), /go beyond the file/],
  ["more seen than messages", withWords([HEADER_AT.seen, 5]), /5 seen of 4/],
  ["more deleted than messages", withWords([HEADER_AT.deleted, 5]), /5 deleted of 4/],
  ["first recent UID 0", withWords([HEADER_AT.firstRecentUid, 0]), /first recent UID 0/],
  ["a low water above UIDNEXT", withWords([HEADER_AT.firstUnseenUid, 7]), /low water 7/],
  ["UIDNEXT not above the last UID", withWords([HEADER_AT.nextUid, 5]), /UIDNEXT 5 with UID 5/],
  ["UIDs that descend", withWords([712 + 48, 1]), /UID 1 after 1/],
  ["an extension header too long", withWords([FIRST, 0xffffff00]), /beyond the header/],
  ["an extension name too long", withWords([FIRST + 12, 0xffff0000]), /beyond the header/],
  ["an extension that holds nothing", withWords([FIRST, 0]), /holds nothing/],
  ["an extension outside the records", withWords([CACHE + 8, 0x0004002e]), /outside the records/],
  ["an extension over UID and flags", withWords([CACHE + 8, 0x00040004]), /outside the records/],
  ["an extension that is not aligned", withWords([CACHE + 8, 0x00040021]), /not aligned/],
  ["extensions over each other", withWords([CACHE + 8, 0x00200008]), /does not fit/],
];

for (const [name, bytes, what] of REFUSED) {
  Deno.test(`decodeSnapshot: refuses ${name}`, () => {
    assert.match(wrongOf(decodeSnapshot(bytes)), what);
  });
}

for (const name of SNAPSHOTS) {
  Deno.test(`encodeSnapshot: ${name} is Dovecot's own bytes again`, () => {
    const bytes = golden(name);
    const snapshot = right(decodeSnapshot(bytes));
    const { logSeq: seq, logTailOffset: tailOffset, logHeadOffset: headOffset } = snapshot.header;
    const log = { seq, tailOffset, headOffset };
    assert.deepEqual(whole(encodeSnapshot(snapshot, snapshot.uids.length, log)), bytes);
  });
}

Deno.test("layOut: places fields as Dovecot does", () => {
  const shape = (name: string, recordSize: number, recordAlign: number) => ({
    name,
    resetId: 0,
    headerSize: 0,
    recordSize,
    recordAlign,
  });
  const table = [
    shape("cache", 4, 4),
    shape("mdbox", 8, 4),
    shape("guid", 16, 1),
    shape("modseq", 8, 8),
    shape("keywords", 2, 1),
    shape("mdbox-hdr", 0, 0),
  ];
  assert.deepEqual(layOut(table), { offsets: [32, 36, 5, 24, 21, 0], recordSize: 48 });
  assert.deepEqual(layOut([]), { offsets: [], recordSize: 8 });
  assert.deepEqual(layOut([shape("ref", 2, 2)]), { offsets: [6], recordSize: 8 });
});

Deno.test("KeywordTable.decode: refuses names that are not where they should be", () => {
  const table = new KeywordTable();
  for (const name of ["Work", "$Junk"]) table.add(name);
  const header = table.encode();
  assert.deepEqual([...header.subarray(20, 32)], [...new TextEncoder().encode("Work\0$Junk\0"), 0]);
  assert.equal(header.length, 32 + 128);
  const bad: readonly (readonly [number, number, RegExp])[] = [
    [0, 200, /200 keywords do not fit/],
    [16, 6, /keyword 1 is not where/],
    [20, 0, /keyword 0 has no name/],
    [header.length - 1, 1, /does not end with NUL/],
  ];
  for (const [at, value, what] of bad) {
    const copy = header.slice();
    copy[at] = value;
    const result = KeywordTable.decode(copy);
    assert.match(E.isLeft(result) ? result.left : "", what);
  }
});

const extension = (name: string, count: number): fc.Arbitrary<SnapshotExtension> =>
  fc.tuple(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.constantFrom(...[[0, 0], [1, 1], [2, 2], [3, 1], [4, 4], [8, 4], [8, 8], [16, 1]] as const),
    fc.nat(),
    fc.uint8Array({ minLength: 16 * count, maxLength: 16 * count }),
  ).map(([header, [recordSize, recordAlign], resetId, data]) => {
    const column = recordSize === 0 ? null : new Column(recordSize, count);
    column?.fill(0, count, recordSize, data, 0, 16);
    const headerSize = header.length;
    return { name, resetId, headerSize, header, recordSize, recordAlign, column };
  });

const snapshot = fc.nat(20).chain((count) =>
  fc.tuple(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: count, maxLength: count }),
    fc.uint8Array({ minLength: count, maxLength: count }),
    fc.nat(5).chain((n) =>
      fc.tuple(...Array.from({ length: n }, (_, i) => extension(`ext ${i}`, count)))
    ),
  ).map(([gaps, flags, extensions]): Omit<Snapshot, "header"> => {
    let uid = 0;
    const base = golden(REAL).slice(0, 120);
    const uids = Uint32Array.from(gaps, (gap) => uid += gap);
    new DataView(base.buffer).setUint32(HEADER_AT.nextUid, uid + 1, true);
    return { base, extensions, uids, flags: new Uint8Array(flags) };
  })
);

Deno.test("decodeSnapshot: gives back any snapshot that was encoded", () => {
  fc.assert(
    fc.property(snapshot, (given) => {
      const count = given.uids.length;
      const log = { seq: 3, tailOffset: 40, headOffset: 44 };
      const got = right(decodeSnapshot(whole(encodeSnapshot(given, count, log))));
      assert.deepEqual([...got.uids], [...given.uids]);
      assert.deepEqual([...got.flags], [...given.flags]);
      assert.equal(got.header.logHeadOffset, 44);
      assert.equal(got.header.seen, given.flags.filter((flag) => (flag & 8) !== 0).length);
      assert.deepEqual(
        got.extensions.map(({ column, ...rest }) => [rest, column?.bytes]),
        given.extensions.map(({ column, ...rest }) => [rest, column?.bytes]),
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("decodeSnapshot, IndexView.of: no mutation of a real index makes a reader throw", () => {
  const edit = fc.oneof(
    fc.record({ at: fc.nat(903), value: fc.nat(255) }),
    fc.record({ at: fc.integer({ min: 120, max: 711 }), value: fc.constantFrom(0, 1, 8, 255) }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...SNAPSHOTS),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat(904)),
      (name, edits, cut) => {
        const bytes = golden(name);
        for (const { at, value } of edits) bytes[at] = value;
        const decoded = decodeSnapshot(cut === null ? bytes : bytes.subarray(0, cut));
        if (E.isLeft(decoded)) return;
        const position = { seq: 2, offset: 2424, modSeq: 1n, introRecordSize: -1 };
        const view = IndexView.of(decoded.right, position);
        if (E.isRight(view)) whole(view.right.encode({ seq: 2, offset: 40 }));
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("IndexView.of: modseqs of 0 are the highest once the header is older than the position", () => {
  const bytes = golden(REAL);
  const rows = [712 + 24, 712 + 48 + 24];
  for (const at of rows) bytes.fill(0, at, at + 8);
  const snapshot = right(decodeSnapshot(bytes));
  const at = (offset: number): IndexView =>
    right(IndexView.of(right(decodeSnapshot(bytes)), {
      seq: 2,
      offset,
      modSeq: 99n,
      introRecordSize: -1,
    }));
  const { logHeadOffset } = snapshot.header;
  assert.deepEqual([0, 1].map((row) => at(logHeadOffset).modSeqOf(row)), [99n, 99n]);
  assert.deepEqual([0, 1].map((row) => at(logHeadOffset + 4).modSeqOf(row)), [25n, 25n]);
  assert.equal(viewOfSnapshot(golden(REAL)).modSeqOf(0), 15n);
});
