import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { anyRecord } from "./_index_arbitrary.ts";
import {
  expectedOf,
  golden,
  GOLDEN_LOGS,
  LOG_HEADER,
  mailsOf,
  right,
  viewOfLog,
  whole,
  wholeLog,
  wrongOf,
} from "./_index_fixture.ts";
import { foldChanges } from "./index_changes.ts";
import { decodeLogHeader, encodeLogHeader } from "./index_header.ts";
import { decodeLog, isBrokenOff, type LogEntry, logStart } from "./index_log.ts";
import { DONE, type LogRecord } from "./index_record.ts";
import { encodeRecords } from "./index_record_encode.ts";
import { IndexView } from "./index_view.ts";

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};

const HEADERS = [
  ["an empty file", new Uint8Array(0), /empty/],
  ["another major version", changed(encodeLogHeader(LOG_HEADER), 0, 2), /version 2/],
  ["a header cut short", encodeLogHeader(LOG_HEADER).subarray(0, 23), /shorter than its header/],
  ["a header size below 24", changed(encodeLogHeader(LOG_HEADER), 2, 20), /header size 20/],
  ["a header size beyond the file", changed(encodeLogHeader(LOG_HEADER), 2, 44), /header size 44/],
  ["another byte order", changed(encodeLogHeader(LOG_HEADER), 32, 0), /big-endian/],
  ["index id 0", encodeLogHeader({ ...LOG_HEADER, indexId: 0 }), /marked corrupted/],
] as const;

for (const [name, bytes, what] of HEADERS) {
  Deno.test(`decodeLogHeader: refuses ${name}`, () => {
    assert.match(wrongOf(decodeLogHeader(bytes)), what);
  });
}

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

Deno.test("isBrokenOff: of a real log only what ends before it is whole", () => {
  const bytes = golden("mdbox-log-only/dovecot.index.log");
  const { stretch: { entries, end } } = wholeLog(bytes);
  let groupEnd = 0;
  for (const { record, offset, size } of entries) {
    const isLed = offset < groupEnd;
    if (record._tag === "Boundary") groupEnd = offset + record.size;
    if (isLed) continue;
    const next = Math.max(offset + size, groupEnd);
    for (let cut = offset; cut < next; cut++) assert.ok(isBrokenOff(bytes.subarray(offset, cut)));
    assert.ok(!isBrokenOff(bytes.subarray(offset, next)));
    // What a reader sees that has lost its way; all records are at multiples of four.
    for (let astray = offset + 4; astray < next && end.offset - next >= 8; astray += 4) {
      assert.ok(!isBrokenOff(bytes.subarray(astray)), `at ${astray}`);
    }
  }
  assert.ok(isBrokenOff(new Uint8Array(5000)));
  assert.ok(!isBrokenOff(Uint8Array.of(...new Uint8Array(5000), 1)));
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
  whole(view.encode({ seq: 2, offset: 40 }));
};

const mutation = fc.record({
  file: fc.constantFrom(...GOLDEN_LOGS),
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
      fc.array(anyRecord, { maxLength: 8 }),
      (tail, list) => {
        const records = encodeRecords(list, DONE);
        readAll(Uint8Array.of(...encodeLogHeader(LOG_HEADER), ...records, ...tail));
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
  const old = { ...LOG_HEADER, initialModSeq: 0n };
  const { entries } = right(decodeLog(bytes, 40, logStart(old), old));
  assert.deepEqual(entries.map((entry: LogEntry) => entry.modSeq), [0n, 0n, 1n, 2n]);
});
