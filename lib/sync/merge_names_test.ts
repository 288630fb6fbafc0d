import assert from "node:assert/strict";
import fc from "fast-check";
import { mailboxNameHash } from "../codec/guid.ts";
import { fitName, type Naming } from "../codec/mailbox_path.ts";
import {
  type MailboxLogRecord,
  type MailboxName,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { Side } from "../model/report.ts";
import { box, dir, id, text } from "./_tree.ts";
import { planMergeTree, type TreeMergePlan, type TreePast, type TreeSide } from "./merge_tree.ts";

const LAYOUTS = ["maildir++", "fs", "mdbox"] as const;

const side = (
  layout: Naming["layout"],
  nodes: readonly MailboxNode[],
  subscriptions: readonly string[] = [],
  log: readonly MailboxLogRecord[] = [],
): TreeSide => ({
  tree: { nodes, log, subscriptions: subscriptions.map(mailboxName), problems: [] },
  fit: (name) => fitName(name, { layout, utf8: false }),
  emptyDirectories: layout !== "maildir++",
});

const told = (type: MailboxLogRecord["type"], name: string, at: number): MailboxLogRecord => ({
  type,
  guid: mailboxNameHash(name),
  at,
});

const changesOf = (plan: TreeMergePlan): readonly string[] =>
  (["left", "right"] as const).flatMap((one) =>
    [...plan.before[one], ...plan.after[one]].map((operation) => `${one}: ${text(operation)}`)
  );

/** What is left to do, tree operations and mailboxes to be made. */
const left = (plan: TreeMergePlan): readonly string[] => [
  ...changesOf(plan),
  ...plan.pairs.filter((pair) => pair.left !== pair.right).map((pair) => `make ${pair.name}`),
];

/** A side as it is after a plan, each change being possible. */
const carriedOut = (before: TreeSide, plan: TreeMergePlan, at: Side): TreeSide => {
  const boxes = new Map<string, MailboxNode>();
  const directories = new Set<string>();
  for (const node of before.tree.nodes) {
    if (node._tag === "Mailbox") boxes.set(node.name, node);
    else directories.add(node.name);
  }
  const subscriptions = new Set(before.tree.subscriptions);
  const isParent = (name: string): boolean =>
    [...boxes.keys(), ...directories].some((one) => one.startsWith(`${name}/`));
  const leaves = (name: string): void => {
    boxes.delete(name);
    if (before.emptyDirectories && isParent(name)) directories.add(name);
  };
  const carryOut = (operation: TreeOperation): void => {
    const { name } = operation;
    assert.equal(before.fit(name), name, "the side can hold what it is told");
    switch (operation._tag) {
      case "DeleteMailbox":
        return leaves(name);
      case "RenameMailbox": {
        const node = boxes.get(name)!;
        leaves(name);
        assert.ok(!boxes.has(operation.newName), `${operation.newName} is free`);
        directories.delete(operation.newName);
        boxes.set(operation.newName, { ...node, name: operation.newName });
        return;
      }
      case "CreateDirectory":
        assert.ok(!boxes.has(name) && !directories.has(name), `${name} is not there`);
        directories.add(name);
        return;
      case "DeleteDirectory":
        assert.ok(directories.has(name) && !isParent(name), `${name} can go`);
        directories.delete(name);
        return;
      case "Subscribe":
        subscriptions.add(name);
        return;
      case "Unsubscribe":
        subscriptions.delete(name);
    }
  };
  const addParents = (): void => {
    for (const name of [...boxes.keys(), ...directories] as MailboxName[]) {
      for (let p = parentName(name); p !== null; p = parentName(p)) {
        if (!boxes.has(p)) directories.add(p);
      }
    }
  };
  plan.before[at].forEach(carryOut);
  for (const pair of plan.pairs) {
    const name = pair[`${at}Name`];
    assert.equal(before.fit(name), name, "the side can hold what it is told");
    if (pair[at] === null) assert.ok(!boxes.has(name), `${name} is free`);
    directories.delete(name);
    boxes.set(name, { _tag: "Mailbox", name, guid: pair.guid });
  }
  addParents();
  plan.after[at].forEach(carryOut);
  if (!before.emptyDirectories) {
    for (const name of [...directories].sort().reverse()) {
      if (!isParent(name)) directories.delete(name);
    }
  }
  const nodes = [...boxes.values(), ...[...directories].map(dir)];
  nodes.sort((a, b) => nameKey(a.name) < nameKey(b.name) ? -1 : 1);
  const tree: MailboxTree = {
    nodes,
    subscriptions: [...subscriptions],
    log: before.tree.log,
    problems: [],
  };
  return { ...before, tree };
};

const both = (l: TreeSide, r: TreeSide, past?: TreePast) => {
  const plan = planMergeTree(l, r, new Set(), past);
  return { plan, l: carriedOut(l, plan, "left"), r: carriedOut(r, plan, "right") };
};

/** Names of which some become one where a layout cannot hold them, and directories of the layouts themselves. */
const NAMES = [
  "Dr. Smith",
  "Dr_ Smith",
  "a.b",
  "a_b",
  "a.b.c",
  "a_b.c",
  "a.b/c",
  "a_b/c",
  "a.b/c.d/e",
  "cur",
  "cur_",
  "p/cur/q",
  "p/dbox-Mails/q",
  "p/dbox-Mails_/r",
  "x",
];

Deno.test("planMergeTree has nothing to do the second time, whatever has to be fitted", () => {
  const aSide = fc.record({
    layout: fc.constantFrom(...LAYOUTS),
    boxes: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 })), {
      selector: ([name]) => name,
    }),
    subscriptions: fc.uniqueArray(fc.constantFrom(...NAMES)),
    log: fc.array(
      fc.record({
        type: fc.constantFrom("Rename", "Subscribe", "Unsubscribe", "DeleteDirectory"),
        name: fc.constantFrom(...NAMES),
        at: fc.nat(3),
      }),
      { maxLength: 4 },
    ),
  }).map(({ layout, boxes, subscriptions, log }) => {
    const empty = side(layout, []);
    const fits = (name: string): boolean => empty.fit(mailboxName(name)) === name;
    const seen = new Set<number>();
    const nodes = boxes.filter(([name, n]) => fits(name) && !seen.has(n) && seen.add(n))
      .map(([name, n]) => box(name, n));
    const told_ = log.map(({ type, name, at }) =>
      told(type as MailboxLogRecord["type"], name, at + 1)
    );
    const plan = planMergeTree(empty, empty, new Set());
    const before = side(layout, nodes, subscriptions.filter(fits), told_);
    // Parents are there, too.
    return carriedOut(before, plan, "left");
  });
  fc.assert(
    fc.property(aSide, aSide, (one, two) => {
      const { plan, l, r } = both(one, two);
      const past: TreePast = {
        nameOf: (guid) => plan.pairs.find((pair) => pair.guid === guid)?.name ?? null,
        isSubscribed: (name) => l.tree.subscriptions.includes(name),
      };
      assert.deepEqual(left(planMergeTree(l, r, new Set(), past)), []);
      assert.deepEqual(left(planMergeTree(r, l, new Set(), past)), [], "the other way round");
      assert.deepEqual(left(planMergeTree(l, r, new Set())), [], "without a memory");
    }),
    { numRuns: 1000 },
  );
});

interface Row {
  readonly claim: string;
  readonly left: TreeSide;
  readonly right: TreeSide;
  readonly wanted: readonly string[];
}

const rows: readonly Row[] = [
  {
    claim: "matches subscriptions by what both sides can hold",
    left: side("mdbox", [box("Dr. Smith", 1)], ["Dr. Smith"]),
    right: side("maildir++", [box("Dr_ Smith", 1)], ["Dr_ Smith"]),
    wanted: [],
  },
  {
    claim: "unsubscribes a fitted name on the side that cannot hold it",
    left: side("mdbox", [box("Dr. Smith", 1)], [], [told("Unsubscribe", "Dr. Smith", 9)]),
    right: side("maildir++", [box("Dr_ Smith", 1)], ["Dr_ Smith"]),
    wanted: ["right: Unsubscribe Dr_ Smith"],
  },
  {
    claim: "subscribes a mailbox under the name that it has there",
    left: side("mdbox", [box("a.b", 1), box("a_b", 2)], ["a.b"]),
    right: side("maildir++", [box("a_b", 2), box(`a_b-${id(1)}`, 1)]),
    wanted: [`right: Subscribe a_b-${id(1)}`],
  },
  {
    claim: "leaves a mailbox alone that had to take another name",
    left: side("mdbox", [box("a.b", 1), box("a_b", 2)]),
    right: side("maildir++", [box("a_b", 2), box(`a_b-${id(1)}`, 1)]),
    wanted: [],
  },
  {
    claim: "leaves it alone when the name is free again",
    left: side("mdbox", [box("a.b", 1)]),
    right: side("maildir++", [box(`a_b-${id(1)}`, 1)]),
    wanted: [],
  },
  {
    claim: "gives a name to the one that has it by right",
    left: side("mdbox", [box("a.b", 1), box("a_b", 2)]),
    right: side("maildir++", [box("a_b", 1)]),
    wanted: [`right: rename a_b > a_b-${id(1)}`],
  },
  {
    claim: "keeps the parent of a name that has to be fitted",
    left: side("fs", [dir("p"), dir("p/dbox-Mails"), box("p/dbox-Mails/q", 1)]),
    right: side("mdbox", [dir("p"), dir("p/dbox-Mails_"), box("p/dbox-Mails_/q", 1)]),
    wanted: [],
  },
  {
    claim: "fits the name of an empty directory, once",
    left: side("fs", [dir("dbox-Mails")]),
    right: side("mdbox", []),
    wanted: ["right: CreateDirectory dbox-Mails_"],
  },
];

for (const { claim, left, right, wanted } of rows) {
  Deno.test(`planMergeTree ${claim}`, () => {
    const { plan, l, r } = both(left, right);
    assert.deepEqual(changesOf(plan), wanted);
    assert.deepEqual(changesOf(planMergeTree(l, r, new Set())), [], "and then no more");
  });
}

Deno.test("planMergeTree of 20,000 equal names has nothing to do", () => {
  const nodes = (from: number): MailboxNode[] =>
    Array.from({ length: 10_000 }, (_, i) => `p${String(i).padStart(5, "0")}`).flatMap((
      name,
      i,
    ) => [dir(name), box(`${name}/c`, from + i)]);
  const [one, two] = [side("fs", nodes(1)), side("fs", nodes(1))];
  assert.deepEqual(left(planMergeTree(one, two, new Set())), []);
});
