import assert from "node:assert/strict";
import fc from "fast-check";
import { mailboxNameHash } from "../codec/guid.ts";
import { syncError } from "../model/error.ts";
import {
  type MailboxLogRecord,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { box, dir, id, text } from "./_tree.ts";
import {
  deletedMailboxes,
  planMergeTree,
  type TreeMergePlan,
  type TreePast,
  type TreeSide,
} from "./merge_tree.ts";

const damaged = (name: string): MailboxNode => ({ _tag: "Damaged", name: mailboxName(name) });
const deleted = (n: number, at: number): MailboxLogRecord => ({
  type: "DeleteMailbox",
  guid: id(n),
  at,
});
const told = (type: MailboxLogRecord["type"], name: string, at: number): MailboxLogRecord => ({
  type,
  guid: mailboxNameHash(name),
  at,
});

const side = (
  nodes: readonly MailboxNode[],
  log: readonly MailboxLogRecord[] = [],
  subscriptions: readonly string[] = [],
): TreeSide => ({
  tree: {
    nodes,
    log,
    subscriptions: subscriptions.map(mailboxName),
    problems: nodes.some((n) => n._tag === "Damaged")
      ? [syncError("Damaged", "mailbox", {}, "x")]
      : [],
  },
  fit: (name) => name,
  emptyDirectories: true,
});

const short = (guid: string | null): string => guid === null ? "new" : String(parseInt(guid, 16));
const texts = (plan: TreeMergePlan) => ({
  left: [...plan.before.left, ...plan.after.left].map(text),
  right: [...plan.before.right, ...plan.after.right].map(text),
  pairs: plan.pairs.map((p) =>
    `${p.name}: ${short(p.left)} ${short(p.right)} = ${short(p.guid)}${
      p.revived.map((one) => ` revived ${one}`).join("")
    }`
  ),
});

interface Row {
  readonly claim: string;
  readonly left: TreeSide;
  readonly right: TreeSide;
  readonly kept?: readonly number[];
  readonly past?: { readonly names?: Record<number, string>; readonly subscriptions?: string[] };
  readonly wanted: Partial<ReturnType<typeof texts>>;
}

const rows: readonly Row[] = [
  {
    claim: "deletes nothing that is merely missing on the other side",
    left: side([box("A", 1)]),
    right: side([]),
    wanted: { left: [], right: [], pairs: ["A: 1 new = 1"] },
  },
  {
    claim: "leaves the mailbox of a damaged name alone on the other side",
    left: side([damaged("A"), box("B", 2)]),
    right: side([box("A", 1)]),
    wanted: { left: [], right: [], pairs: ["B: 2 new = 2"] },
  },
  {
    claim: "leaves alone a mailbox that is INBOX on one side only",
    left: side([box("INBOX", 1)]),
    right: side([box("Old", 1)]),
    wanted: { left: [], right: [], pairs: [] },
  },
  {
    claim: "deletes what the other side deleted",
    left: side([box("A", 1)]),
    right: side([], [deleted(1, 100)]),
    wanted: { left: ["DeleteMailbox A"], pairs: [] },
  },
  {
    claim: "keeps a deleted mailbox that got mail since",
    left: side([box("A", 1)]),
    right: side([], [deleted(1, 100)]),
    kept: [1],
    wanted: { left: [], pairs: ["A: 1 new = 1 revived left"] },
  },
  {
    claim: "does not merge a mailbox made anew with the deleted one",
    left: side([box("A", 1)]),
    right: side([box("A", 2)], [deleted(1, 100)]),
    wanted: { left: ["DeleteMailbox A"], pairs: ["A: new 2 = 2"] },
  },
  {
    claim: "puts new mail of a deleted mailbox into the one made anew",
    left: side([box("A", 3)]),
    right: side([box("A", 2)], [deleted(3, 100)]),
    kept: [3],
    wanted: { left: [], pairs: ["A: 3 2 = 3 revived left"] },
  },
  {
    claim: "lets a mailbox that loses its new name keep its old one",
    left: side([box("A", 2), box("C", 1)], [told("Rename", "C", 9)]),
    right: side([box("C", 2), box("D", 1)], [told("Rename", "C", 5)]),
    wanted: {
      left: [],
      right: ["rename C > A", "rename D > C"],
      pairs: ["A: 2 2 = 2", "C: 1 1 = 1"],
    },
  },
  {
    claim: "makes one of two mailboxes that each was deleted on the other side",
    left: side([box("A", 3)], [deleted(2, 100)]),
    right: side([box("A", 2)], [deleted(3, 100)]),
    kept: [2, 3],
    wanted: { left: [], right: [], pairs: ["A: 3 2 = 3 revived left revived right"] },
  },
  {
    claim: "follows the later rename",
    left: side([box("A", 1)], [told("Rename", "A", 100)]),
    right: side([box("B", 1)], [told("Rename", "B", 200)]),
    wanted: { left: ["rename A > B"], right: [], pairs: ["B: 1 1 = 1"] },
  },
  {
    claim: "follows a rename of a parent, and removes the directory that it empties",
    left: side([dir("Q"), box("Q/C", 1)], [told("Rename", "Q", 100)]),
    right: side([dir("P"), box("P/C", 1)]),
    wanted: { left: [], right: ["rename P/C > Q/C", "DeleteDirectory P"], pairs: ["Q/C: 1 1 = 1"] },
  },
  {
    claim: "lets mailboxes swap their names",
    left: side([box("A", 2), box("B", 1)], [told("Rename", "A", 9), told("Rename", "B", 9)]),
    right: side([box("A", 1), box("B", 2)]),
    wanted: {
      left: [],
      right: [`rename A > A-temp-${id(1)}`, "rename B > A", `rename A-temp-${id(1)} > B`],
    },
  },
  {
    claim: "makes one of two new mailboxes of one name, with the larger GUID",
    left: side([box("A", 1)]),
    right: side([box("A", 2)]),
    wanted: { left: [], right: [], pairs: ["A: 1 2 = 2"] },
  },
  {
    claim:
      "gives a contested name to the renamed mailbox, and the other a name of its own on both sides",
    left: side([box("jobs", 1)], [told("Rename", "jobs", 100)]),
    right: side([box("work", 1), box("jobs", 2)]),
    wanted: {
      right: [`rename jobs > jobs-temp-${id(2)}`, "rename work > jobs"],
      pairs: ["jobs: 1 1 = 1", `jobs-temp-${id(2)}: new 2 = 2`],
    },
  },
  {
    claim: "carries directories and their removal over",
    left: side([dir("New"), dir("Old")]),
    right: side([], [told("DeleteDirectory", "Old", 5)]),
    wanted: { left: ["DeleteDirectory Old"], right: ["CreateDirectory New"] },
  },
  {
    claim: "follows the later change of a subscription; a tie subscribes",
    left: side([], [told("Unsubscribe", "B", 7), told("Unsubscribe", "C", 7)], ["A"]),
    right: side([], [told("Subscribe", "C", 8)], ["B", "C"]),
    wanted: { left: ["Subscribe C"], right: ["Subscribe A", "Unsubscribe B"] },
  },
  {
    claim:
      "undoes no subscription of the second in which the last merge told the other side of one",
    left: side([], [told("Subscribe", "A", 7), told("Unsubscribe", "B", 7)], ["A", "C"]),
    right: side([], [told("Unsubscribe", "A", 7), told("Subscribe", "B", 7)], ["B"]),
    past: { subscriptions: ["A"] },
    wanted: { left: ["Subscribe B", "Unsubscribe A"], right: ["Subscribe C"] },
  },
  {
    claim: "undoes no rename of the second in which the last merge renamed the other side's",
    left: side([box("A", 1), box("C", 2)], [told("Rename", "A", 7)]),
    right: side([box("B", 1), box("D", 2)], [told("Rename", "B", 7)]),
    past: { names: { 1: "A", 2: "X" } },
    wanted: { left: ["rename A > B"], right: ["rename D > C"] },
  },
  {
    claim: "believes the logs more than what it remembers",
    left: side([box("A", 1)], [told("Rename", "A", 8)], ["A"]),
    right: side([box("B", 1)], [told("Rename", "B", 7)]),
    past: { names: { 1: "A" }, subscriptions: [] },
    wanted: { left: [], right: ["rename B > A", "Subscribe A"] },
  },
  {
    claim: "keeps a directory for the one in it",
    left: side([]),
    right: side([dir("A"), dir("A/B")]),
    wanted: { left: ["CreateDirectory A/B"], right: [] },
  },
  {
    claim: "deletes children before their parents",
    left: side([box("A", 1), box("A/B", 2)]),
    right: side([], [deleted(1, 5), deleted(2, 5)]),
    wanted: { left: ["DeleteMailbox A/B", "DeleteMailbox A"], pairs: [] },
  },
];

const pastOf = ({ names, subscriptions }: NonNullable<Row["past"]>): TreePast => ({
  nameOf: (guid) => {
    const name = names?.[parseInt(guid, 16)];
    return name === undefined ? null : mailboxName(name);
  },
  isSubscribed: (name) => subscriptions?.includes(name) ?? null,
});

for (const { claim, left, right, kept, past, wanted } of rows) {
  Deno.test(`planMergeTree ${claim}`, () => {
    const keep = new Set((kept ?? []).map(id));
    const found = texts(planMergeTree(left, right, keep, pastOf(past ?? {})));
    for (const key of Object.keys(wanted) as (keyof typeof wanted)[]) {
      assert.deepEqual(found[key], wanted[key], key);
    }
    const swapped = texts(planMergeTree(right, left, keep, pastOf(past ?? {})));
    assert.deepEqual({ left: swapped.right, right: swapped.left }, {
      left: found.left,
      right: found.right,
    }, "swapping the sides swaps the plan");
  });
}

Deno.test("planMergeTree names a mailbox that was INBOX, as a client renames it, and what helps", () => {
  const renamed = side([box("INBOX", 2), box("Old", 1)]);
  const other = side([box("INBOX", 1)]);
  for (const [left, right] of [[renamed, other], [other, renamed]] as const) {
    const { problems, pairs } = planMergeTree(left, right, new Set());
    assert.deepEqual(problems.map(({ _tag, where }) => [_tag, where.mailbox]), [["Unsafe", "Old"]]);
    assert.match(problems[0]!.what, /INBOX on the other side.*--mailbox-guid/);
    assert.ok(pairs.every(({ name }) => name !== "Old"));
  }
});

/** Carries out the tree operations of one side, checking that each is possible. */
const replay = (tree: MailboxTree, operations: readonly TreeOperation[]): Map<string, string> => {
  const table = new Map(
    tree.nodes.flatMap((n) => n._tag === "Mailbox" ? [[nameKey(n.name), n.guid as string]] : []),
  );
  for (const operation of operations) {
    if (operation._tag === "DeleteMailbox") {
      assert.equal(table.get(operation.name), operation.guid);
      table.delete(operation.name);
    } else if (operation._tag === "RenameMailbox") {
      assert.equal(table.get(operation.name), operation.guid);
      assert.ok(!table.has(operation.newName), `${operation.newName} is free`);
      table.delete(operation.name);
      table.set(operation.newName, operation.guid);
    }
  }
  return table;
};

Deno.test("planMergeTree brings random trees together, whichever side is left", () => {
  const names = ["A", "B", "C", "D", "A/B"];
  const aSide = fc.record({
    boxes: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 6 })), {
      selector: ([name]) => name,
    }),
    log: fc.array(fc.oneof(
      fc.tuple(fc.constant("DeleteMailbox" as const), fc.integer({ min: 1, max: 6 }), fc.nat(3)),
      fc.tuple(fc.constant("Rename" as const), fc.constantFrom(...names), fc.nat(3)),
    )),
  }).map(({ boxes, log }) => {
    const seen = new Set<number>();
    return side(
      boxes.filter(([, n]) => !seen.has(n) && seen.add(n)).map(([name, n]) => box(name, n)),
      log.map(([type, what, at]) =>
        type === "DeleteMailbox"
          ? deleted(what as number, at + 1)
          : told(type, what as string, at + 1)
      ),
    );
  });
  fc.assert(
    fc.property(aSide, aSide, fc.boolean(), (left, right, keepAll) => {
      const gone = deletedMailboxes(left, right);
      const kept = new Set(keepAll ? gone.map(({ guid }) => guid) : []);
      const plan = planMergeTree(left, right, kept);
      const tables = {
        left: replay(left.tree, plan.before.left),
        right: replay(right.tree, plan.before.right),
      };
      for (const pair of plan.pairs) {
        for (const at of ["left", "right"] as const) {
          const name = pair[`${at}Name`];
          assert.equal(name, pair.name);
          assert.equal(tables[at].get(name) ?? null, pair[at]);
          tables[at].set(name, pair.guid);
        }
      }
      assert.deepEqual([...tables.left].sort(), [...tables.right].sort());
      const again = planMergeTree(right, left, kept);
      assert.deepEqual(again.pairs.map((p) => p.name), plan.pairs.map((p) => p.name));
    }),
    { numRuns: 1000 },
  );
});
