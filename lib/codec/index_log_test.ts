import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { expectedOf, golden, mailsOf, right, viewOfLog, wholeLog } from "./_index_fixture.ts";
import { decodeLogHeader, encodeLogHeader, type LogHeader } from "./index_header.ts";
import { decodeLog, type LogEntry, logStart } from "./index_log.ts";
import {
  decodeSize,
  DONE,
  encodeSize,
  type LogRecord,
  RECORD_EXTERNAL,
  RECORD_SYNC,
  RECORD_TYPE,
  SYNC_DONE,
} from "./index_record.ts";
import { encodeGroup, encodeRecords } from "./index_record_encode.ts";
import { foldChanges } from "./index_changes.ts";
import { IndexView } from "./index_view.ts";

const LOGS = [
  "attribute-update/dovecot.index.log",
  "dsync-modseq-update/dovecot.index.log",
  "list-layout-index/dovecot.list.index.log",
  "list-maildirpp/dovecot.list.index.log",
  "list-mdbox/dovecot.list.index.log",
  "maildir-log-only/dovecot.index.log",
  "mdbox-log-only/dovecot.index.log",
  "mdbox-main-index/dovecot.index.log",
  "mdbox-map/dovecot.map.index.log",
  "mdbox-rotated/dovecot.index.log",
  "mdbox-rotated/dovecot.index.log.2",
];

const HEADER: LogHeader = {
  minorVersion: 3,
  headerSize: 40,
  indexId: 9,
  fileSeq: 2,
  prevFileSeq: 0,
  prevFileOffset: 0,
  createStamp: 1,
  initialModSeq: 1n,
};

const leftOf = <A>(either: E.Either<{ readonly what: string }, A>): string =>
  E.isLeft(either) ? either.left.what : "";

/** A record of a type word with a payload, by hand. */
const rawRecord = (type: number, payload: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(8 + payload.length);
  const view = new DataView(bytes.buffer);
  encodeSize(view, 0, bytes.length);
  view.setUint32(4, type, true);
  bytes.set(payload, 8);
  return bytes;
};

const word = (value: number): number[] => [
  value & 0xff,
  value >>> 8 & 0xff,
  value >>> 16 & 0xff,
  value >>> 24,
];

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

const HEADERS = [
  ["an empty file", new Uint8Array(0), /empty/],
  ["another major version", changed(encodeLogHeader(HEADER), 0, 2), /version 2/],
  ["a header cut short", encodeLogHeader(HEADER).subarray(0, 23), /shorter than its header/],
  ["a header size below 24", changed(encodeLogHeader(HEADER), 2, 20), /header size 20/],
  ["a header size beyond the file", changed(encodeLogHeader(HEADER), 2, 44), /header size 44/],
  ["another byte order", changed(encodeLogHeader(HEADER), 32, 0), /big-endian/],
  ["index id 0", encodeLogHeader({ ...HEADER, indexId: 0 }), /marked corrupted/],
] as const;

for (const [name, bytes, what] of HEADERS) {
  Deno.test(`decodeLogHeader: refuses ${name}`, () => {
    assert.match(leftOf(decodeLogHeader(bytes)), what);
  });
}

const RECORDS = [
  ["an unknown type", rawRecord(0x10200000, word(0)), /unknown record type 0x200000/],
  ["an expunge without protection", rawRecord(0x10000001, word(1)), /unknown record type/],
  ["an expunge with half a protection", rawRecord(0x10002000, word(1)), /unknown record type/],
  ["an empty record", rawRecord(RECORD_TYPE.Append, []), /empty record/],
  ["a size below 8", rawRecord(RECORD_TYPE.Append, []).fill(0x81, 3, 4), /record of 4 bytes/],
  ["half a mail", rawRecord(RECORD_TYPE.Append, word(1)), /does not fit/],
  [
    "a range that ends before it begins",
    rawRecord(RECORD_TYPE.Expunge, [...word(2), ...word(1)]),
    /UID range 2\.\.1/,
  ],
  ["a range from UID 0", rawRecord(RECORD_TYPE.KeywordReset, [...word(0), ...word(1)]), /range 0/],
  [
    "ranges that overlap",
    rawRecord(RECORD_TYPE.Expunge, [1, 4, 4, 9].flatMap(word)),
    /UID range 4\.\.9 after 4/,
  ],
  ["an expunge of UID 0", rawRecord(RECORD_TYPE.ExpungeGuid, new Array(20).fill(0)), /UID 0/],
  [
    "a header part too long",
    rawRecord(RECORD_TYPE.HeaderUpdate, [24, 0, 5, 0, 1, 2, 3, 4]),
    /beyond/,
  ],
  [
    "a wide header part too long",
    rawRecord(RECORD_TYPE.ExtHeaderUpdate32, [...word(0), ...word(0xffffffff)]),
    /beyond/,
  ],
  ["an introduction of nothing", rawRecord(RECORD_TYPE.ExtIntro, word(1)), /no extension/],
  [
    "an extension name too long",
    rawRecord(RECORD_TYPE.ExtIntro, [...word(0xffffffff), ...new Array(14).fill(0), 9, 0]),
    /name beyond/,
  ],
  [
    "an extension without id or name",
    rawRecord(RECORD_TYPE.ExtIntro, [...word(0xffffffff), ...new Array(16).fill(0)]),
    /without id or name/,
  ],
  ["data of no extension", rawRecord(RECORD_TYPE.ExtRecordUpdate, word(1)), /without an extension/],
  [
    "increments of no extension",
    rawRecord(RECORD_TYPE.ExtAtomicInc, [1, 1].flatMap(word)),
    /without/,
  ],
  ["an empty keyword", rawRecord(RECORD_TYPE.KeywordUpdate, word(0)), /empty keyword/],
  ["an unknown keyword operation", rawRecord(RECORD_TYPE.KeywordUpdate, word(2)), /operation 2/],
  ["a keyword too long", rawRecord(RECORD_TYPE.KeywordUpdate, [0, 0, 9, 0]), /beyond the record/],
  [
    "a keyword of no mail",
    rawRecord(RECORD_TYPE.KeywordUpdate, [0, 0, 1, 0, 97, 0, 0, 0]),
    /no UID/,
  ],
  [
    "an attribute change of no kind",
    rawRecord(RECORD_TYPE.AttributeUpdate, word(0x00617021)),
    /neither/,
  ],
  [
    "an attribute without end",
    rawRecord(RECORD_TYPE.AttributeUpdate, word(0x6161702b)),
    /without end/,
  ],
] as const;

for (const [name, bytes, what] of RECORDS) {
  Deno.test(`decodeLog: refuses ${name}, and says where`, () => {
    const result = decodeLog(bytes, 40, logStart(HEADER), HEADER);
    assert.match(leftOf(result), what);
    assert.equal(E.isLeft(result) && result.left.where.offset, 40);
  });
}

Deno.test("encodeSize: the size words of the format's description", () => {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  const table = [
    [12, 0x80808083],
    [16, 0x80808084],
    [508, 0x808080ff],
    [512, 0x80808180],
    [65536, 0x80818080],
    [0x3ffffffc, 0xffffffff],
  ] as const;
  for (const [size, raw] of table) {
    encodeSize(view, 0, size);
    assert.equal(view.getUint32(0), raw);
    assert.equal(decodeSize(view, 0), size);
  }
  for (const raw of [0, 0x80808003, 0x00808083, 0x80800083]) {
    view.setUint32(0, raw);
    assert.equal(decodeSize(view, 0), 0);
  }
});

const TYPE_NAMES: Readonly<Record<string, LogRecord["_tag"]>> = {
  APPEND: "Append",
  FLAG_UPDATE: "FlagUpdate",
  HEADER_UPDATE: "HeaderUpdate",
  EXT_INTRO: "ExtIntro",
  EXT_RESET: "ExtReset",
  EXT_HDR_UPDATE: "ExtHeaderUpdate",
  EXT_REC_UPDATE: "ExtRecordUpdate",
  EXT_ATOMIC_INC: "ExtAtomicInc",
  KEYWORD_UPDATE: "KeywordUpdate",
  KEYWORD_RESET: "KeywordReset",
  EXPUNGE_GUID: "ExpungeGuid",
  MODSEQ_UPDATE: "ModSeqUpdate",
  BOUNDARY: "Boundary",
  ATTRIBUTE_UPDATE: "AttributeUpdate",
};

const WITH_RECORDS = [
  ["attribute-update", ["dovecot.index.log"]],
  ["dsync-modseq-update", ["dovecot.index.log"]],
  ["maildir-log-only", ["dovecot.index.log"]],
  ["mdbox-log-only", ["dovecot.index.log"]],
  ["mdbox-main-index", ["dovecot.index.log"]],
  ["mdbox-rotated", ["dovecot.index.log.2", "dovecot.index.log"]],
] as const;

for (const [folder, logs] of WITH_RECORDS) {
  Deno.test(`decodeLog: every record of ${folder}, with its modseq`, () => {
    const entries = logs.flatMap((log) => wholeLog(golden(`${folder}/${log}`)).stretch.entries);
    assert.deepEqual(
      entries.map((
        { seq, offset, size, record, external, sync, modSeq },
      ) => [seq, offset, size, record._tag, external, sync, Number(modSeq)]),
      expectedOf(folder).log_records.map((
        r,
      ) => [r.file_seq, r.offset, r.size, TYPE_NAMES[r.type], r.external, r.sync, r.modseq_after]),
    );
  });
}

for (const name of LOGS) {
  Deno.test(`encodeRecords: each record of ${name} gives Dovecot's own bytes again`, () => {
    const bytes = golden(name);
    const { header, stretch } = wholeLog(bytes);
    assert.equal(stretch.end.offset, bytes.length);
    assert.deepEqual(encodeLogHeader(header), bytes.subarray(0, 40));
    for (const { record, external, sync, offset, size } of stretch.entries) {
      const again = encodeRecords([record], { external, sync });
      const original = bytes.slice(offset, offset + size);
      assert.deepEqual(again, original, `${record._tag} at ${offset}`);
    }
  });
}

Deno.test("decodeLog: a log cut at any byte ends at its last complete record or group", () => {
  const bytes = golden("mdbox-log-only/dovecot.index.log");
  const { header, stretch } = wholeLog(bytes);
  /** Where each record becomes visible: at its own end, or at the end of its group. */
  const ends: number[] = [];
  let groupEnd = 0;
  for (const { record, offset, size } of stretch.entries) {
    if (record._tag === "Boundary") groupEnd = offset + record.size;
    ends.push(Math.max(offset + size, groupEnd));
  }
  for (let cut = 40; cut <= bytes.length; cut++) {
    const part = right(decodeLog(bytes.subarray(0, cut), 0, logStart(header), header));
    assert.equal(part.entries.length, ends.filter((end) => end <= cut).length, `cut at ${cut}`);
    const view = IndexView.empty(header.indexId, logStart(header));
    right(view.apply(part));
  }
});

Deno.test("decodeLog: read in any two pieces gives what reading it whole gives", () => {
  const bytes = golden("mdbox-main-index/dovecot.index.log");
  const { header, stretch } = wholeLog(bytes);
  const whole = mailsOf(viewOfLog(bytes));
  for (let cut = 40; cut <= bytes.length; cut += 4) {
    const first = right(decodeLog(bytes.subarray(0, cut), 0, logStart(header), header));
    const rest = bytes.slice(first.end.offset);
    const second = right(decodeLog(rest, first.end.offset, first.end, header));
    assert.deepEqual(second.end, stretch.end);
    const view = IndexView.empty(header.indexId, logStart(header));
    right(view.apply(first));
    right(view.apply(second));
    assert.deepEqual(mailsOf(view), whole);
  }
});

Deno.test("encodeGroup: two records or more are bound together", () => {
  const one: LogRecord = { _tag: "IndexDeleted" };
  const tags = (bytes: Uint8Array): readonly string[] =>
    right(decodeLog(bytes, 40, logStart(HEADER), HEADER)).entries.map(({ record }) => record._tag);
  assert.deepEqual(tags(encodeGroup([one], DONE)), ["IndexDeleted"]);
  const group = encodeGroup([one, one], SYNC_DONE);
  assert.deepEqual(tags(group), ["Boundary", "IndexDeleted", "IndexDeleted"]);
  const word = new DataView(group.buffer).getUint32(4, true);
  assert.equal(word, (RECORD_TYPE.Boundary | RECORD_EXTERNAL | RECORD_SYNC) >>> 0);
});

const uid = fc.integer({ min: 1, max: 5000 });
const uids = fc.uniqueArray(uid, { minLength: 1, maxLength: 20 })
  .map((list) => Uint32Array.from(list).sort());
const ranges = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 10 })
  .map((steps) => {
    const first: number[] = [];
    const last: number[] = [];
    let at = 0;
    for (const [gap, length] of steps) {
      first.push(at + 1 + gap);
      at += 1 + gap + length;
      last.push(at);
    }
    return { first: Uint32Array.from(first), last: Uint32Array.from(last) };
  });
const bytesFor = (count: number, each: number) =>
  fc.uint8Array({ minLength: count * each, maxLength: count * each });
const part = fc.record({
  offset: fc.nat(70000),
  data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
}).map((values) => ({ ...values }));

const record: fc.Arbitrary<LogRecord> = fc.oneof(
  uids.chain((list) =>
    bytesFor(list.length, 1).map((flags): LogRecord => ({ _tag: "Append", uids: list, flags }))
  ),
  ranges.chain((list) =>
    bytesFor(list.first.length, 3).map((bits): LogRecord => ({
      _tag: "FlagUpdate",
      uids: list,
      add: bits.slice(0, list.first.length),
      remove: bits.slice(list.first.length, 2 * list.first.length),
      force: bits.slice(2 * list.first.length),
    }))
  ),
  fc.array(part.filter(({ offset }) => offset < 65536), { minLength: 1, maxLength: 5 })
    .map((parts): LogRecord => ({ _tag: "HeaderUpdate", parts })),
  fc.array(part, { minLength: 1, maxLength: 5 })
    .map((parts): LogRecord => ({ _tag: "ExtHeaderUpdate", parts })),
  fc.record({
    name: fc.stringMatching(/^[a-z-]{1,20}$/),
    resetId: fc.nat(),
    headerSize: fc.nat(),
    recordSize: fc.nat(40),
    recordAlign: fc.nat(8),
    noShrink: fc.boolean(),
  }).map((intro): LogRecord => ({ _tag: "ExtIntro", intros: [{ ...intro, id: null }] })),
  fc.record({ resetId: fc.nat(), preserve: fc.boolean() })
    .map((reset): LogRecord => ({ _tag: "ExtReset", ...reset })),
  fc.tuple(fc.boolean(), fc.string({ minLength: 1, maxLength: 12 }), ranges)
    .filter(([, name]) => !name.includes("\0"))
    .map(([add, name, list]): LogRecord => ({
      _tag: "KeywordUpdate",
      op: add ? "add" : "remove",
      name,
      uids: list,
    })),
  ranges.map((list): LogRecord => ({ _tag: "KeywordReset", uids: list })),
  ranges.map((list): LogRecord => ({ _tag: "Expunge", uids: list })),
  uids.chain((list) =>
    bytesFor(list.length, 16)
      .map((guids): LogRecord => ({ _tag: "ExpungeGuid", uids: list, guids }))
  ),
  uids.chain((list) =>
    fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), {
      minLength: list.length,
      maxLength: list.length,
    }).map((values): LogRecord => ({
      _tag: "ModSeqUpdate",
      uids: list,
      modSeqs: BigUint64Array.from(values),
    }))
  ),
  fc.array(
    fc.record({
      op: fc.constantFrom("set" as const, "unset" as const),
      scope: fc.constantFrom("private" as const, "shared" as const),
      name: fc.stringMatching(/^[a-z/]{1,12}$/),
      at: fc.nat(),
      valueLength: fc.nat(),
    }),
    { minLength: 1, maxLength: 4 },
  ).map((changes): LogRecord => ({
    _tag: "AttributeUpdate",
    changes: changes.map((change) =>
      change.op === "set" ? { ...change } : { ...change, valueLength: 0 }
    ),
  })),
);

Deno.test("decodeLog: gives back any records that were encoded", () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 6 }),
      fc.boolean(),
      fc.boolean(),
      (list, external, sync) => {
        const bytes = encodeRecords(list, { external, sync });
        const { entries, end } = right(decodeLog(bytes, 40, logStart(HEADER), HEADER));
        assert.deepEqual(entries.map((entry) => entry.record), list);
        assert.ok(entries.every((entry) => entry.external === external && entry.sync === sync));
        assert.equal(end.offset, 40 + bytes.length);
      },
    ),
    { numRuns: 200 },
  );
});

/** Everything that a reader does with a log, whatever its bytes are. */
const readAll = (bytes: Uint8Array): void => {
  const header = decodeLogHeader(bytes);
  if (E.isLeft(header)) return;
  const stretch = decodeLog(bytes, 0, logStart(header.right), header.right);
  if (E.isLeft(stretch)) return;
  const view = IndexView.empty(header.right.indexId, logStart(header.right));
  const { entries } = stretch.right;
  const applied = view.apply(stretch.right);
  if (E.isLeft(applied)) return;
  mailsOf(view);
  foldChanges(entries, view);
  view.encode({ seq: 2, offset: 40 });
};

const mutation = fc.record({
  file: fc.constantFrom(...LOGS),
  edits: fc.array(
    fc.oneof(
      fc.record({ at: fc.nat(3000), value: fc.nat(255) }),
      // A size word says that bytes are missing or more, without breaking its own form.
      fc.record({ at: fc.nat(700).map((n) => n * 4), value: fc.constantFrom(0x80, 0x83, 0xff) }),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  cut: fc.option(fc.nat(3000)),
});

Deno.test("decodeLog, IndexView: no mutation of a real log makes a reader throw", () => {
  fc.assert(
    fc.property(mutation, ({ file, edits, cut }) => {
      const bytes = golden(file);
      for (const { at, value } of edits) bytes[at % bytes.length] = value;
      readAll(cut === null ? bytes : bytes.subarray(0, cut));
    }),
    { numRuns: 1500 },
  );
});

Deno.test("decodeLog, IndexView: no bytes behind a header make a reader throw", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(record, { maxLength: 8 }),
      (tail, list) => {
        const records = encodeRecords(list, DONE);
        readAll(Uint8Array.of(...encodeLogHeader(HEADER), ...records, ...tail));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("modSeqAfter: with initial modseq 0 nothing counts until the extension is introduced", () => {
  const intro = (name: string): LogRecord => ({
    _tag: "ExtIntro",
    intros: [{
      id: null,
      name,
      resetId: 0,
      headerSize: 16,
      recordSize: 8,
      recordAlign: 8,
      noShrink: true,
    }],
  });
  const mail = (one: number): LogRecord => ({
    _tag: "Append",
    uids: Uint32Array.of(one),
    flags: Uint8Array.of(0),
  });
  const bytes = encodeRecords([mail(1), intro("guid"), intro("modseq"), mail(2)], DONE);
  const old = { ...HEADER, initialModSeq: 0n };
  const { entries } = right(decodeLog(bytes, 40, logStart(old), old));
  assert.deepEqual(entries.map((entry: LogEntry) => entry.modSeq), [0n, 0n, 1n, 2n]);
});
