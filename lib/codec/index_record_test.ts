import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { anyRecord } from "./_index_arbitrary.ts";
import { golden, GOLDEN_LOGS, LOG_HEADER, right, wholeLog, wrongOf } from "./_index_fixture.ts";
import { encodeLogHeader } from "./index_header.ts";
import { decodeLog, logStart } from "./index_log.ts";
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
    const result = decodeLog(bytes, 40, logStart(LOG_HEADER), LOG_HEADER);
    assert.match(wrongOf(result), what);
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

for (const name of GOLDEN_LOGS) {
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

Deno.test("encodeGroup: two records or more are bound together", () => {
  const one: LogRecord = { _tag: "IndexDeleted" };
  const tags = (bytes: Uint8Array): readonly string[] =>
    right(decodeLog(bytes, 40, logStart(LOG_HEADER), LOG_HEADER)).entries.map(({ record }) =>
      record._tag
    );
  assert.deepEqual(tags(encodeGroup([one], DONE)), ["IndexDeleted"]);
  const group = encodeGroup([one, one], SYNC_DONE);
  assert.deepEqual(tags(group), ["Boundary", "IndexDeleted", "IndexDeleted"]);
  const word = new DataView(group.buffer).getUint32(4, true);
  assert.equal(word, (RECORD_TYPE.Boundary | RECORD_EXTERNAL | RECORD_SYNC) >>> 0);
});

Deno.test("decodeLog: gives back any records that were encoded", () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 6 }),
      fc.boolean(),
      fc.boolean(),
      (list, external, sync) => {
        const bytes = encodeRecords(list, { external, sync });
        const { entries, end } = right(decodeLog(bytes, 40, logStart(LOG_HEADER), LOG_HEADER));
        assert.deepEqual(entries.map((entry) => entry.record), list);
        assert.ok(entries.every((entry) => entry.external === external && entry.sync === sync));
        assert.equal(end.offset, 40 + bytes.length);
      },
    ),
    { numRuns: 200 },
  );
});
