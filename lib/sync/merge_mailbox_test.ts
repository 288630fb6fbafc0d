import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogChange } from "../model/change.ts";
import { ALL_FLAGS, type Flags, keywords } from "../model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { assignUids } from "./assign_uids.ts";
import { type CommonRules, findCommonPart } from "./common_part.ts";
import { type FlagView, mergeFlags } from "./merge_flags.ts";
import { mergeMailbox, type MergeSide } from "./merge_mailbox.ts";

const mail = (at: number, id: string, over: Partial<MailRecord> = {}): MailRecord => ({
  uid: uid(at),
  guid: guid(id),
  flags: 0 as Flags,
  keywords: [],
  modSeq: modSeq(1n),
  ...over,
});

const gone = (at: number, id: string | null): LogChange => ({
  _tag: "Expunged",
  uid: uid(at),
  guid: id === null ? null : guid(id),
  modSeq: modSeq(2n),
  bySync: false,
});

const side = (
  records: readonly MailRecord[],
  changes: readonly LogChange[] = [],
  over: {
    readonly complete?: boolean;
    readonly pending?: readonly number[];
    readonly uidNext?: number;
    readonly modSeqTracked?: boolean;
  } = {},
): MergeSide => ({
  status: {
    guid: mailboxGuid("0".repeat(32)),
    uidValidity: 1,
    uidNext: over.uidNext ??
      Math.max(0, ...records.map((r) => r.uid), ...changes.map((c) => c.uid)) + 1,
    messages: records.length,
    firstRecentUid: 1,
    highestModSeq: modSeq(9n),
    modSeqTracked: over.modSeqTracked ?? true,
  },
  records,
  changes,
  complete: over.complete ?? true,
  pending: new Set(over.pending),
  saves: new Set(),
  unreadable: new Set(),
});

const parts = (left: MergeSide, right: MergeSide, rules: CommonRules = {}) => {
  const history = (s: MergeSide) => ({
    ...s,
    expunged: new Map(
      s.changes.map((c) => [c.uid as number, c._tag === "Expunged" ? c.guid : null]),
    ),
    removed: new Map(
      s.changes.flatMap((c) =>
        c._tag === "Expunged" && !c.bySync && c.guid !== null ? [[c.uid as number, c.guid]] : []
      ),
    ),
  });
  const found = findCommonPart(history(left), history(right), rules);
  const uids = (list: readonly MailRecord[]) => list.map((r) => r.uid as number);
  return {
    common: found.lastCommonUid,
    expungeLeft: uids(found.expungeLeft),
    expungeRight: uids(found.expungeRight),
    newLeft: uids(found.newLeft),
    newRight: uids(found.newRight),
  };
};

const nothing = { expungeLeft: [], expungeRight: [], newLeft: [], newRight: [] };

Deno.test("findCommonPart expunges nothing where there is no common history", () => {
  const found = parts(side([mail(1, "a"), mail(2, "b")]), side([mail(1, "x"), mail(3, "y")]));
  assert.deepEqual(found, { common: 0, ...nothing, newLeft: [1, 2], newRight: [1, 3] });
});

Deno.test("findCommonPart lets an expunge below the common UID win, and only there", () => {
  const left = side([mail(1, "a"), mail(2, "b"), mail(3, "c")]);
  assert.deepEqual(parts(left, side([mail(1, "a"), mail(3, "c")], [gone(2, "b")])), {
    common: 3,
    ...nothing,
    expungeLeft: [2],
  });
  assert.deepEqual(parts(left, side([mail(1, "a"), mail(3, "other")], [gone(2, "x")])), {
    common: 1,
    ...nothing,
    newLeft: [2, 3],
    newRight: [3],
  });
});

Deno.test("findCommonPart takes silence for an expunge where the log is short and both had the mail", () => {
  const left = side([mail(1, "a"), mail(2, "b"), mail(3, "c")]);
  const others = [mail(1, "a"), mail(3, "c")];
  const short = side(others, [], { complete: false });
  assert.deepEqual(parts(left, short, { equalBelow: 3 }).expungeLeft, [2]);
  assert.deepEqual(parts(left, short, { equalBelow: Infinity }).expungeLeft, [2]);
  // It came since, and the mail above it was brought by a run that did not come to its end.
  assert.deepEqual(parts(left, short, { equalBelow: 2 }).newLeft, [2]);
  assert.deepEqual(parts(left, short).newLeft, [2]);
  assert.deepEqual(parts(left, side(others), { equalBelow: 3 }).newLeft, [2]);
});

Deno.test("findCommonPart believes an expunge of nobody knows whose mail, but of one that came since", () => {
  const left = side([mail(1, "a"), mail(2, "b"), mail(3, "c")]);
  const right = side([mail(1, "a"), mail(3, "c")], [gone(2, null)]);
  assert.deepEqual(parts(left, right).expungeLeft, [2]);
  assert.deepEqual(parts(left, right, { equalBelow: 3 }).expungeLeft, [2]);
  assert.deepEqual(parts(left, right, { equalBelow: 2 }).newLeft, [2]);
});

Deno.test("findCommonPart never expunges a mail that could not be carried over", () => {
  const left = side([mail(1, "a"), mail(2, "b"), mail(3, "c")], [], { pending: [2] });
  const right = side([mail(1, "a"), mail(3, "c")], [], { complete: false });
  assert.deepEqual(parts(left, right, { equalBelow: 4 }), {
    common: 3,
    ...nothing,
    newLeft: [2],
  });
});

const assigned = (...args: Parameters<typeof assignUids>) =>
  assignUids(...args).mails.map((m) => `${m.uid}:${m.left?.uid ?? "-"}:${m.right?.uid ?? "-"}`);

Deno.test("assignUids moves both mails of a conflict, in the order of their GUIDs", () => {
  assert.deepEqual(assigned([mail(4, "b"), mail(5, "c")], [mail(4, "a")], 6, 5), [
    "5:5:-",
    "6:-:4",
    "7:4:-",
  ]);
});

Deno.test("assignUids makes one mail of a copy on either side, and keeps the larger number of copies", () => {
  assert.deepEqual(assigned([mail(4, "a")], [mail(6, "a")], 5, 7), ["6:4:6"]);
  assert.deepEqual(assigned([mail(4, "a"), mail(5, "a")], [mail(4, "a")], 6, 5), [
    "4:4:4",
    "5:5:-",
  ]);
});

const mailArb = (ids: string) =>
  fc.record({
    id: fc.constantFrom(...ids),
    flags: fc.nat(31),
    keywords: fc.subarray(["k", "K", "l"]),
    modSeq: fc.bigInt({ min: 1n, max: 9n }),
  });

const sideArb = fc.record({
  mails: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 9 }), mailArb("abcdef")), {
    selector: ([at]) => at,
  }),
  gone: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.option(fc.constantFrom(..."abcdef")))),
  changed: fc.array(
    fc.record({ at: fc.integer({ min: 1, max: 9 }), add: fc.nat(31), remove: fc.nat(31) }),
  ),
  gap: fc.nat(2),
  complete: fc.boolean(),
}).map(({ mails, gone: expunged, changed, gap, complete }) => {
  const records = [...mails].sort(([a], [b]) => a - b).map(([at, m]) =>
    mail(at, m.id, {
      flags: m.flags as Flags,
      keywords: keywords(m.keywords),
      modSeq: modSeq(m.modSeq),
    })
  );
  const there = new Set(records.map((r) => r.uid as number));
  const changes: LogChange[] = [
    ...expunged.filter(([at]) => !there.has(at)).map(([at, id]) => gone(at, id)),
    ...changed.filter(({ at }) => there.has(at)).map(({ at, add, remove }): LogChange => ({
      _tag: "FlagsChanged",
      uid: uid(at),
      add: (add & ~remove) as Flags,
      remove: remove as Flags,
      addKeywords: [],
      removeKeywords: [],
      modSeq: modSeq(5n),
    })),
  ];
  const top = Math.max(0, ...records.map((r) => r.uid), ...changes.map((c) => c.uid));
  return side(records, changes, { uidNext: top + 1 + gap, complete });
});

const equalBelowArb = fc.constantFrom(1, 3, 6, Infinity);

Deno.test("mergeMailbox plans the same from either end of a wire", () => {
  fc.assert(
    fc.property(sideArb, sideArb, equalBelowArb, (left, right, equalBelow) => {
      const here = mergeMailbox(left, right, "master", { equalBelow });
      const there = mergeMailbox(right, left, "slave", { equalBelow });
      assert.deepEqual(there.left, here.right);
      assert.deepEqual(there.right, here.left);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("mergeMailbox, one way, asks nothing of the left side and comes to rest", () => {
  // The right side has a flag of its own that the left side shall not get, and no MODSEQ is raised again and again.
  const left = side([mail(1, "a"), mail(2, "b")]);
  const right = side([mail(1, "a", { flags: 8 as Flags, modSeq: modSeq(3n) }), mail(2, "b")], [{
    _tag: "FlagsChanged",
    uid: uid(1),
    add: 8 as Flags,
    remove: 0 as Flags,
    addKeywords: [],
    removeKeywords: [],
    modSeq: modSeq(3n),
  }]);
  assert.deepEqual(mergeMailbox(left, right, "master", { oneWay: true }), {
    left: [],
    right: [],
    lastCommonUid: 2,
    pairs: left.records.map((record, i) => [record, right.records[i]]),
    contests: { left: new Map(), right: new Map() },
  });
  fc.assert(
    fc.property(sideArb, sideArb, (a, b) => {
      const plan = mergeMailbox(a, b, "master", { oneWay: true });
      assert.deepEqual(plan.left, []);
      const texts = (operations: typeof plan.right) =>
        operations.flatMap((o) => o._tag === "CopyMail" || o._tag === "RenumberMail" ? [o] : []);
      // What comes and where it goes is what a merge of both would say.
      assert.deepEqual(texts(plan.right), texts(mergeMailbox(a, b, "master").right));
    }),
    { numRuns: 500 },
  );
});

Deno.test("mergeMailbox gives both sides one MODSEQ where only one tracks them", () => {
  const tracked = side([
    mail(1, "a", { modSeq: modSeq(3n) }),
    mail(2, "b", { modSeq: modSeq(9n) }),
  ]);
  const counts = side(
    [9n, 9n].map((seq, i) => mail(i + 1, "ab"[i]!, { modSeq: modSeq(seq) })),
    [],
    {
      modSeqTracked: false,
    },
  );
  const { left, right } = mergeMailbox(tracked, counts, "master");
  const given = (operations: typeof left) =>
    operations.map((o) => o._tag === "UpdateFlags" ? [o.uid, o.add, o.remove, o.modSeq] : o);
  assert.deepEqual([given(left), given(right)], [[[1, 0, 0, 9n]], [[1, 0, 0, 9n]]]);
  const both = mergeMailbox(counts, counts, "master");
  assert.deepEqual([both.left, both.right], [[], []], "neither begins to");
});

Deno.test("mergeFlags keeps what only one side changed, and both ends agree", () => {
  const view = fc.record({ flags: fc.nat(31), modSeq: fc.bigInt(1n, 3n) });
  // A wholesale change of the left side: what the mail had before is not known there.
  fc.assert(fc.property(view, view, fc.nat(31), fc.boolean(), (a, b, base, wholesale) => {
    fc.pre((b.flags ^ base) !== ALL_FLAGS);
    const viewOf = (v: typeof a, seq: bigint, changed: number): FlagView => ({
      record: mail(1, "a", { flags: v.flags as Flags, modSeq: modSeq(seq) }),
      change: {
        _tag: "FlagsChanged",
        uid: uid(1),
        add: (v.flags & changed) as Flags,
        remove: (changed & ~v.flags) as Flags,
        addKeywords: [],
        removeKeywords: [],
        modSeq: modSeq(seq),
      },
    });
    const x = viewOf(a, a.modSeq, wholesale ? ALL_FLAGS : a.flags ^ base);
    const y = viewOf(b, b.modSeq, b.flags ^ base);
    const merged = mergeFlags(x, y, "master");
    assert.deepEqual(mergeFlags(y, x, "slave"), merged);
    const onlyA = a.flags ^ base;
    const onlyB = b.flags ^ base;
    for (let bit = 1; bit <= 16; bit <<= 1) {
      const [changedA, changedB] = [(onlyA & bit) !== 0, (onlyB & bit) !== 0];
      const wanted = changedA ? a.flags & bit : b.flags & bit;
      if (changedA !== changedB) assert.equal(merged.flags & bit, wanted, `bit ${bit}`);
      if (!changedA && !changedB) assert.equal(merged.flags & bit, base & bit, `bit ${bit} stays`);
    }
  }));
});

Deno.test("mergeMailbox: an own rule for flags is asked from the left's view, for both sides, where they differ", () => {
  const asked: (readonly [number, number])[] = [];
  const [left, right] = [
    side([mail(1, "a", { flags: 1 as Flags }), mail(2, "b")]),
    side([mail(1, "a", { flags: 2 as Flags }), mail(2, "b")]),
  ];
  const plan = mergeMailbox(left, right, "master", {
    policy: {
      flags: (l, r, usual) => {
        asked.push([l.record.flags, r.record.flags]);
        return { ...usual, flags: (l.record.flags | r.record.flags) as Flags };
      },
    },
  });
  assert.deepEqual(asked, [[1, 2], [1, 2]]);
  const added = [plan.left, plan.right].map((operations) =>
    operations.flatMap((one) => one._tag === "UpdateFlags" ? [[one.add, one.remove]] : [])
  );
  assert.deepEqual(added, [[[2, 0]], [[1, 0]]]);
});

Deno.test("mergeMailbox: a mail that is kept gets a new UID on both sides", () => {
  const left = side([mail(1, "a"), mail(2, "b"), mail(3, "c")]);
  const right = side([mail(1, "a"), mail(3, "c")], [gone(2, "b")]);
  const plan = mergeMailbox(left, right, "master", { policy: { keeps: () => true } });
  const moves = [plan.left, plan.right].map((operations) =>
    operations.flatMap((one) =>
      one._tag === "RenumberMail"
        ? [`${one.uid}>${one.newUid}`]
        : one._tag === "CopyMail"
        ? [`+${one.uid}`]
        : one._tag === "Expunge"
        ? [`-${one.uid}`]
        : []
    )
  );
  assert.deepEqual(moves, [["2>4"], ["+4"]]);
});
