import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogChange } from "../model/change.ts";
import { golden, LOG_HEADER, right, viewOfLog, wholeLog } from "./_index_fixture.ts";
import { foldChanges } from "./index_changes.ts";
import { appendMails, expungeMails, setHeader, uidRanges, updateFlags } from "./index_build.ts";
import { HEADER_AT } from "./index_header.ts";
import { decodeLog, logStart, type LogStretch } from "./index_log.ts";
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
const stretchOf = (...steps: readonly Step[]): LogStretch => {
  const start: Step[] = [
    [setHeader([[HEADER_AT.uidValidity, 1]]), DONE],
    [appendMails(Uint32Array.from({ length: 9 }, (_, i) => i + 1), new Uint8Array(9)), DONE],
  ];
  const bytes = [...start, ...steps].flatMap((
    [record, marks],
  ) => [...encodeRecords([record], marks)]);
  return right(decodeLog(Uint8Array.from(bytes), 40, logStart(LOG_HEADER), LOG_HEADER));
};

const viewOf = (stretch: LogStretch): IndexView => {
  const view = IndexView.empty(9, logStart(LOG_HEADER));
  right(view.apply(stretch));
  return view;
};

const changesOf = (...steps: readonly Step[]): readonly LogChange[] => {
  const stretch = stretchOf(...steps);
  return foldChanges(stretch.entries, viewOf(stretch));
};

const flag = (uid: number, add: number, remove = 0): LogRecord =>
  updateFlags([{ uid, add, remove }]);
const keyword = (op: "add" | "remove", name: string, ...uids: number[]): LogRecord => ({
  _tag: "KeywordUpdate",
  op,
  name,
  uids: uidRanges(uids),
});
const resetKeywords = (...uids: number[]): LogRecord => ({
  _tag: "KeywordReset",
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
  ], [flagsChanged(1, 3n, { add: 8 })]],
  ["of flags that are written anew those that have become others", [
    [flag(1, 8 | 2), DONE],
    [flag(1, 2 | 1, 0x1f & ~3), DONE],
  ], [flagsChanged(1, 4n, { add: 3, remove: 8 })]],
  ["nothing of flags that are written anew as they were", [
    [flag(1, 8 | 2), SYNC_DONE],
    [flag(1, 8 | 2, 0x1f & ~10), DONE],
  ], []],
  ["nothing of a change that dsync has turned round", [
    [flag(1, 8), DONE],
    [keyword("add", "Work", 1), DONE],
    [flag(1, 0, 8), SYNC_DONE],
    [keyword("remove", "work", 1), SYNC_DONE],
  ], []],
  ["of each keyword the last change, case ignored, in its last spelling", [
    [keyword("add", "Work", 1, 2), DONE],
    [keyword("remove", "WORK", 2), DONE],
    [keyword("add", "b", 2), DONE],
  ], [
    flagsChanged(1, 3n, { addKeywords: ["Work"] }),
    flagsChanged(2, 5n, { addKeywords: ["b"], removeKeywords: ["WORK"] }),
  ]],
  ["nothing of a keyword that was as it is set, case ignored", [
    [keyword("add", "Work", 1), SYNC_DONE],
    [keyword("add", "work", 1), DONE],
    [keyword("remove", "later", 1), DONE],
  ], []],
  ["keywords that were set when all were cleared as cleared, those set again as set", [
    [keyword("add", "Work", 1), DONE],
    [keyword("add", "later", 1, 3), DONE],
    [resetKeywords(1, 2), DONE],
    [keyword("add", "b", 1), DONE],
    [keyword("add", "Work", 1), DONE],
  ], [
    flagsChanged(1, 7n, { addKeywords: ["b", "Work"], removeKeywords: ["later"] }),
    flagsChanged(3, 4n, { addKeywords: ["later"] }),
  ]],
  ["nothing of keywords that dsync cleared", [
    [keyword("add", "Work", 1), DONE],
    [resetKeywords(1), SYNC_DONE],
    [resetKeywords(1), DONE],
    [keyword("remove", "b", 1), DONE],
  ], []],
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
    // Dovecot found another name for the file: it wrote all flags anew, of which one had become another.
    flagsChanged(3, 9n, { add: 2, addKeywords: ["Work"] }),
  ]);
  assert.match(guidOf(changes[1]), /^[0-9a-f]{32}$/);
});

/** The state after the first `n` steps, and what is told of the others with and without it. */
const continued = (n: number, ...steps: readonly Step[]) => {
  const bytes = (list: readonly Step[]) =>
    Uint8Array.from(list.flatMap(([record, marks]) => [...encodeRecords([record], marks)]));
  const start: Step[] = [
    [setHeader([[HEADER_AT.uidValidity, 1]]), DONE],
    [appendMails(Uint32Array.of(3, 5), Uint8Array.of(8, 0)), DONE],
  ];
  const first = bytes([...start, ...steps.slice(0, n)]);
  const one = right(decodeLog(first, 40, logStart(LOG_HEADER), LOG_HEADER));
  const two = right(decodeLog(bytes(steps.slice(n)), one.end.offset, one.end, LOG_HEADER));
  const before = IndexView.empty(9, logStart(LOG_HEADER));
  right(before.apply(one));
  const after = IndexView.empty(9, logStart(LOG_HEADER));
  right(after.apply(one));
  right(after.apply(two));
  return {
    knowing: foldChanges(two.entries, after, { before }),
    alone: foldChanges(two.entries, after),
  };
};

Deno.test("foldChanges: of mails older than the log it needs the state before it", () => {
  const { knowing, alone } = continued(
    2,
    [keyword("add", "Work", 3, 5), SYNC_DONE],
    [expunge(5), DONE],
    [flag(3, 8 | 2, 0x1f & ~10), DONE],
    [keyword("add", "work", 3), DONE],
    [resetKeywords(3), DONE],
  );
  assert.deepEqual(knowing, [flagsChanged(3, 7n, { add: 2, removeKeywords: ["Work"] })]);
  assert.deepEqual(alone, [
    flagsChanged(3, 7n, { add: 10, remove: 0x15, removeKeywords: ["work"] }),
  ]);
});

Deno.test("foldChanges: flags and keywords that were changed before a moment are settled", () => {
  const stretch = stretchOf(
    [flag(1, 8), DONE],
    [keyword("add", "Work", 1), DONE],
    [expunge(2, GUID), DONE],
    [flag(1, 2, 8), DONE],
    [keyword("add", "Work", 1, 3), DONE],
  );
  const view = viewOf(stretch);
  const tell = (at: number) => {
    const { seq, offset } = stretch.entries[at]!;
    return foldChanges(stretch.entries, view, { since: { seq, offset } });
  };
  const late = [
    flagsChanged(1, 6n, { add: 2, remove: 8 }),
    expunged(2, 5n, false, HEX),
    flagsChanged(3, 7n, { addKeywords: ["Work"] }),
  ];
  assert.deepEqual(tell(4), late);
  assert.deepEqual(tell(0), [
    flagsChanged(1, 6n, { add: 2, remove: 8, addKeywords: ["Work"] }),
    ...late.slice(1),
  ]);
});

/** A naive fold of what happens to one mail, as sets of names: flags by their bits, keywords as they are. */
class OneMail {
  readonly now = new Set<string>();
  readonly told = new Map<string, "add" | "remove">();

  turn(name: string, set: boolean, bySync: boolean): void {
    if (this.now.has(name) === set) return;
    if (set) this.now.add(name);
    else this.now.delete(name);
    if (bySync) this.told.delete(name);
    else this.told.set(name, set ? "add" : "remove");
  }

  names(how: "add" | "remove", isFlag: boolean): string[] {
    return [...this.told].filter(([name, told]) => told === how && /^[0-9]/.test(name) === isFlag)
      .map(([name]) => name).sort();
  }
}

const BITS = [1, 2, 4, 8, 16];
const bitsOf = (set: number): string[] => BITS.filter((bit) => (set & bit) !== 0).map(String);

const aChange = fc.record({
  uid: fc.integer({ min: 1, max: 4 }),
  add: fc.nat(31),
  remove: fc.nat(31),
  name: fc.constantFrom("a", "b", null, null),
  op: fc.constantFrom("add" as const, "remove" as const, "reset" as const),
  bySync: fc.boolean(),
});

Deno.test("foldChanges: tells what a naive fold of each mail by itself tells, from any moment on", () => {
  fc.assert(
    fc.property(fc.array(aChange, { maxLength: 30 }), fc.nat(30), (list, settled) => {
      const mails = new Map([1, 2, 3, 4].map((uid) => [uid, new OneMail()]));
      const steps = list.map(({ uid, add, remove, name, op, ...change }, i): Step => {
        const mail = mails.get(uid)!;
        const marks = change.bySync ? SYNC_DONE : DONE;
        const bySync = change.bySync || i < settled;
        if (name === null) {
          for (const bit of bitsOf(remove & ~add)) mail.turn(bit, false, bySync);
          for (const bit of bitsOf(add)) mail.turn(bit, true, bySync);
          return [flag(uid, add, remove), marks];
        }
        if (op === "reset") {
          for (const one of ["a", "b"]) mail.turn(one, false, bySync);
          return [resetKeywords(uid), marks];
        }
        mail.turn(name, op === "add", bySync);
        return [keyword(op, name, uid), marks];
      });
      const stretch = stretchOf(...steps);
      const { seq, offset } = stretch.entries[stretch.entries.length - list.length + settled] ??
        stretch.end;
      const since = { seq, offset };
      const told = foldChanges(stretch.entries, viewOf(stretch), { since }).map((change) => {
        assert.ok(change._tag === "FlagsChanged");
        const { uid, add, remove, addKeywords, removeKeywords } = change;
        return [uid, bitsOf(add), bitsOf(remove), addKeywords, removeKeywords];
      });
      const expected = [...mails].map(([uid, mail]) => [
        uid,
        mail.names("add", true).sort((a, b) => Number(a) - Number(b)),
        mail.names("remove", true).sort((a, b) => Number(a) - Number(b)),
        mail.names("add", false),
        mail.names("remove", false),
      ]).filter((row) => row.slice(1).some((names) => (names as string[]).length > 0));
      assert.deepEqual(told, expected);
    }),
    { numRuns: 200 },
  );
});
