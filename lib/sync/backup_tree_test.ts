import assert from "node:assert/strict";
import fc from "fast-check";
import { syncError } from "../model/error.ts";
import { mailboxGuid } from "../model/ids.ts";
import {
  type MailboxName,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { box, dir, id, text } from "./_tree.ts";
import { planBackupTree, targetNames, type TreePlan } from "./backup_tree.ts";

const tree = (
  nodes: readonly MailboxNode[],
  subscriptions: readonly string[] = [],
): MailboxTree => ({
  nodes,
  subscriptions: subscriptions.map(mailboxName),
  log: [],
  problems: [],
});
const asIs = (name: MailboxName): MailboxName => name;
const noDots = (name: MailboxName): MailboxName => mailboxName(name.replaceAll(".", "_"));

const texts = (plan: TreePlan) => ({
  before: plan.before.map(text),
  pairs: plan.pairs.map((p) => `${p.name} ${p.target} ${p.counterpart ?? "new"}`),
  after: plan.after.map(text),
});
const plan = (source: MailboxTree, destination: MailboxTree, fit = asIs, empty = true) =>
  planBackupTree(source, destination, fit, empty);

Deno.test("planBackupTree deletes nothing while part of the source could not be read", () => {
  const source = { ...tree([box("A", 1)]), problems: [syncError("Damaged", "mailbox", {}, "x")] };
  const made = plan(source, tree([box("A", 1), box("B", 2)]));
  assert.deepEqual(texts(made).after, []);
  assert.deepEqual(made.problems.map((p) => p.where.mailbox), [undefined, "B"]);
});

Deno.test("planBackupTree leaves alone what has another mailbox's GUID", () => {
  const made = plan(tree([box("A", 1), box("Copy", 1)]), tree([box("Copy", 2), box("Z", 3)]));
  assert.deepEqual(texts(made), { before: [], pairs: ["A A new"], after: [] });
  assert.deepEqual(made.problems.map((p) => p.where.mailbox), ["Copy", "Copy", "Z"]);
});

Deno.test("planBackupTree leaves the INBOX that the source does not have", () => {
  const made = plan(tree([box("A", 1)]), tree([box("INBOX", 9)]));
  assert.deepEqual(made.after, []);
  assert.equal(made.strayInbox, id(9));
});

Deno.test("planBackupTree pairs by GUID, then by name", () => {
  const made = texts(plan(
    tree([box("A", 1), box("B", 2), box("C", 3)]),
    tree([box("B", 9), box("Old", 1), box("Z", 7)]),
  ));
  assert.deepEqual(made.before, ["rename Old > A"]);
  assert.deepEqual(made.pairs, [`A A ${id(1)}`, `B B ${id(9)}`, "C C new"]);
  assert.deepEqual(made.after, ["DeleteMailbox Z"]);
});

Deno.test("planBackupTree opens rings of names with a temporary name", () => {
  const made = texts(plan(tree([box("A", 1), box("B", 2)]), tree([box("A", 2), box("B", 1)])));
  assert.equal(made.before.length, 3);
  assert.match(made.before[0]!, /-temp-/);
});

Deno.test("planBackupTree frees a name by deleting its holder before the rename", () => {
  const made = texts(plan(tree([box("A", 1)]), tree([box("A", 5), box("B", 1)])));
  assert.deepEqual(made.before, ["DeleteMailbox A", "rename B > A"]);
});

Deno.test("planBackupTree makes and removes directories and follows subscriptions", () => {
  const source = tree([dir("A"), box("A/B", 1), dir("Empty")], ["A/B", "Ghost"]);
  const made = plan(source, tree([box("A/B", 1), dir("Gone"), dir("Gone/X")], ["Old", "A/B"]));
  assert.deepEqual(made.after.map(text), [
    "CreateDirectory Empty",
    "DeleteDirectory Gone/X",
    "DeleteDirectory Gone",
    "Subscribe Ghost",
    "Unsubscribe Old",
  ]);
});

Deno.test("targetNames gives a mended name to nobody who has it by right", () => {
  const names = targetNames([box("a.b", 1), box("a_b", 2), box("a.c", 3)], noDots);
  assert.deepEqual([...names.values()].sort(), ["a_b", `a_b-${id(1)}`, "a_c"].sort());
});

/** Applies the renames and deletes of a plan to a name → GUID table, checking each step. */
const replay = (present: readonly MailboxNode[], operations: readonly TreeOperation[]) => {
  const table = new Map(
    present.flatMap((n) => n._tag === "Mailbox" ? [[n.name as string, n.guid as string]] : []),
  );
  for (const operation of operations) {
    if (operation._tag === "DeleteMailbox") {
      assert.equal(table.get(operation.name), operation.guid);
      table.delete(operation.name);
    } else if (operation._tag === "RenameMailbox") {
      assert.equal(table.get(operation.name), operation.guid, "renames the mailbox of that name");
      assert.ok(!table.has(operation.newName), "the new name is free");
      table.delete(operation.name);
      table.set(operation.newName, operation.guid);
    }
  }
  return table;
};

Deno.test("planBackupTree ends with the source's names and GUIDs, for random trees", () => {
  const nodes = fc.uniqueArray(
    fc.tuple(fc.constantFrom(..."ABCDEFG"), fc.integer({ min: 1, max: 9 })),
    {
      selector: ([name]) => name,
    },
  ).map((list) => {
    const seen = new Set<number>();
    return list.filter(([, n]) => !seen.has(n) && seen.add(n)).map(([name, n]) => box(name, n));
  });
  fc.assert(fc.property(nodes, nodes, (source, destination) => {
    const made = plan(tree(source), tree(destination));
    const table = replay(destination, made.before);
    for (const pair of made.pairs) {
      assert.equal(pair.target, pair.name);
      assert.equal(table.get(pair.target) ?? null, pair.counterpart);
      table.set(pair.target, pair.guid); // created or rebuilt
    }
    const end = replay(
      [...table].map(([name, guid]) => ({
        _tag: "Mailbox",
        name: mailboxName(name),
        guid: mailboxGuid(guid),
      })),
      made.after,
    );
    assert.deepEqual(new Set(end.keys()), new Set(source.map((n) => n.name as string)));
  }));
});
