import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogChange } from "../model/change.ts";
import { golden, LOG_HEADER, right, viewOfLog, wholeLog } from "./_index_fixture.ts";
import { foldChanges } from "./index_changes.ts";
import { appendMails, expungeMails, setHeader, uidRanges, updateFlags } from "./index_build.ts";
import { HEADER_AT } from "./index_header.ts";
import { decodeLog, logStart } from "./index_log.ts";
import {
  DONE,
  type LogRecord,
  type RecordMarks,
  REQUEST,
  SYNC_DONE,
  SYNC_REQUEST,
} from "./index_record.ts";
import { encodeRecords } from "./index_record_encode.ts";
import { IndexView } from "./index_view.ts";

type Step = readonly [record: LogRecord, marks: RecordMarks];

/** UIDVALIDITY and mails 1 to 9 come before the steps: modseq 2. */
const changesOf = (...steps: readonly Step[]): readonly LogChange[] => {
  const start: Step[] = [
    [setHeader([[HEADER_AT.uidValidity, 1]]), DONE],
    [appendMails(Uint32Array.from({ length: 9 }, (_, i) => i + 1), new Uint8Array(9)), DONE],
  ];
  const bytes = [...start, ...steps].flatMap((
    [record, marks],
  ) => [...encodeRecords([record], marks)]);
  const stretch = right(decodeLog(Uint8Array.from(bytes), 40, logStart(LOG_HEADER), LOG_HEADER));
  const view = IndexView.empty(9, logStart(LOG_HEADER));
  right(view.apply(stretch));
  return foldChanges(stretch.entries, view);
};

const flag = (uid: number, add: number, remove = 0): LogRecord =>
  updateFlags([{ uid, add, remove }]);
const keyword = (op: "add" | "remove", name: string, ...uids: number[]): LogRecord => ({
  _tag: "KeywordUpdate",
  op,
  name,
  uids: uidRanges(uids),
});
const GUID = new Uint8Array(16).fill(0xab);
const expunge = (uid: number, guid?: Uint8Array): LogRecord =>
  expungeMails(Uint32Array.of(uid), guid);
const ranges = (first: number, last: number): LogRecord => ({
  _tag: "Expunge",
  uids: { first: Uint32Array.of(first), last: Uint32Array.of(last) },
});

const flagsChanged = (
  uid: number,
  modSeq: bigint,
  changes:
    & Partial<Record<"add" | "remove", number>>
    & Partial<Record<"addKeywords" | "removeKeywords", readonly string[]>>,
) => ({
  _tag: "FlagsChanged",
  uid,
  add: 0,
  remove: 0,
  addKeywords: [],
  removeKeywords: [],
  modSeq,
  ...changes,
});
const expunged = (uid: number, modSeq: bigint, bySync: boolean, guid: string | null = null) => ({
  _tag: "Expunged",
  uid,
  guid,
  modSeq,
  bySync,
});
const guidOf = (change: LogChange | undefined): string =>
  change?._tag === "Expunged" ? String(change.guid) : "";
const withoutGuid = (changes: readonly LogChange[]) =>
  changes.map((change) => change._tag === "Expunged" ? { ...change, guid: null } : change);
const HEX = "ab".repeat(16);

const TABLE: readonly (readonly [string, readonly Step[], readonly unknown[]])[] = [
  ["nothing of mails that only came", [], []],
  ["nothing of what dsync changed", [
    [flag(1, 8), SYNC_DONE],
    [keyword("add", "Work", 1), SYNC_DONE],
    [flag(2, 8), SYNC_REQUEST],
  ], []],
  ["nothing of Dovecot's own bits", [[flag(1, 0x80, 0x40), DONE]], []],
  ["of each flag the last change", [
    [flag(3, 8 | 1), DONE],
    [flag(3, 2, 8), REQUEST],
    [flag(3, 4), DONE],
    [flag(3, 0, 4), DONE],
  ], [flagsChanged(3, 6n, { add: 3, remove: 12 })]],
  ["a flag that one record clears and sets as set", [
    [flag(1, 8, 0xff), DONE],
  ], [flagsChanged(1, 3n, { add: 8, remove: 0x17 })]],
  ["of each keyword the last change, case ignored, in its last spelling", [
    [keyword("add", "Work", 1, 2), DONE],
    [keyword("remove", "WORK", 2), DONE],
    [keyword("add", "b", 2), DONE],
  ], [
    flagsChanged(1, 3n, { addKeywords: ["Work"] }),
    flagsChanged(2, 5n, { addKeywords: ["b"], removeKeywords: ["WORK"] }),
  ]],
  ["no keyword that was set before all were cleared", [
    [keyword("add", "Work", 1), DONE],
    [{ _tag: "KeywordReset", uids: uidRanges([1, 2]) }, DONE],
    [keyword("add", "b", 1), DONE],
  ], [flagsChanged(1, 5n, { addKeywords: ["b"] })]],
  ["no request to expunge that nobody has carried out", [[expunge(1, GUID), REQUEST]], []],
  ["an expunge swallows changes of flags", [
    [flag(1, 8), DONE],
    [expunge(1), DONE],
  ], [expunged(1, 4n, false)]],
  ["an expunge with the GUID of its request", [
    [expunge(1, GUID), REQUEST],
    [expunge(1), DONE],
  ], [expunged(1, 3n, false, HEX)]],
  ["an expunge that dsync asked for and Dovecot carried out is dsync's", [
    [expunge(1, GUID), SYNC_REQUEST],
    [expunge(1), DONE],
  ], [expunged(1, 3n, true, HEX)]],
  ["an expunge that dsync carried out itself is dsync's", [
    [expunge(1, GUID), SYNC_DONE],
  ], [expunged(1, 3n, true, HEX)]],
  ["an expunge that a user asked for too is the user's", [
    [expunge(1, GUID), SYNC_REQUEST],
    [expunge(1, GUID), REQUEST],
    [expunge(1), DONE],
  ], [expunged(1, 3n, false, HEX)]],
  ["an expunge that a user asked for and dsync carried out is the user's", [
    [expunge(1, GUID), REQUEST],
    [expunge(1), SYNC_DONE],
  ], [expunged(1, 3n, false, HEX)]],
  ["old expunges of mails that the log knows, whatever else their ranges cover", [
    [ranges(8, 0xffffffff), DONE],
  ], [expunged(8, 3n, false), expunged(9, 3n, false)]],
];

for (const [name, steps, expected] of TABLE) {
  Deno.test(`foldChanges: tells ${name}`, () => {
    assert.deepEqual(changesOf(...steps), expected);
  });
}

Deno.test("foldChanges: what a replica of doveadm backup knows", () => {
  const bytes = golden("dsync-modseq-update/dovecot.index.log");
  const changes = foldChanges(wholeLog(bytes).stretch.entries, viewOfLog(bytes));
  assert.deepEqual(withoutGuid(changes), [expunged(2, 20n, true)]);
  assert.match(guidOf(changes[0]), /^[0-9a-f]{32}$/);
});

Deno.test("foldChanges: what maildir-log-only knows", () => {
  const bytes = golden("maildir-log-only/dovecot.index.log");
  const changes = foldChanges(wholeLog(bytes).stretch.entries, viewOfLog(bytes));
  assert.deepEqual(withoutGuid(changes), [
    flagsChanged(1, 6n, { add: 8, addKeywords: ["$MDNSent"] }),
    expunged(2, 8n, false),
    // Dovecot found another name for the file: it wrote all flags anew.
    flagsChanged(3, 9n, { add: 2, remove: 29, addKeywords: ["Work"] }),
  ]);
  assert.match(guidOf(changes[1]), /^[0-9a-f]{32}$/);
});

Deno.test("foldChanges: flags that were changed are what the index has", () => {
  const step = fc.record({
    uid: fc.integer({ min: 1, max: 9 }),
    add: fc.nat(31),
    remove: fc.nat(31),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (list) => {
      const flags = new Array<number>(10).fill(0);
      for (const { uid, add, remove } of list) flags[uid] = (flags[uid]! & ~remove) | add;
      for (
        const change of changesOf(
          ...list.map(({ uid, add, remove }) => [flag(uid, add, remove), DONE] as const),
        )
      ) {
        assert.ok(change._tag === "FlagsChanged");
        assert.equal(change.add & change.remove, 0);
        assert.equal(change.add, flags[change.uid]);
      }
    }),
    { numRuns: 100 },
  );
});
