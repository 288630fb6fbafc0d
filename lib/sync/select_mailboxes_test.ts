import assert from "node:assert/strict";
import { mailboxName, type MailboxNode } from "../model/mailbox.ts";
import { box, dir, id } from "./_tree.ts";
import { planMergeTree, type TreeSide } from "./merge_tree.ts";
import { selectMailboxes } from "./select_mailboxes.ts";

const side = (nodes: readonly MailboxNode[], subscriptions: readonly string[] = []): TreeSide => ({
  tree: { nodes, log: [], subscriptions: subscriptions.map(mailboxName), problems: [] },
  fit: (name) => name,
  emptyDirectories: true,
});

const names = ({ tree }: TreeSide) => tree.nodes.map(({ name }) => name as string);

Deno.test("selectMailboxes leaves out every name that is not wanted, and its subscription", () => {
  const [left, right] = selectMailboxes(
    side([box("A", 1), box("B", 2), dir("C"), { _tag: "Damaged", name: mailboxName("D") }], [
      "A",
      "B",
    ]),
    side([box("B", 2)]),
    (name) => name === "A",
  );
  assert.deepEqual(names(left), ["A"]);
  assert.deepEqual(left.tree.subscriptions, ["A"]);
  assert.deepEqual(names(right), []);
});

Deno.test("selectMailboxes takes a mailbox that has the wanted name on one side only", () => {
  const [left, right] = selectMailboxes(
    side([box("A", 1)]),
    side([box("B", 1), box("C", 3)]),
    (name) => name === "A",
  );
  assert.deepEqual([names(left), names(right)], [["A"], ["B"]]);
  const { pairs } = planMergeTree(left, right, new Set());
  assert.deepEqual(pairs.map((pair) => [pair.left, pair.right]), [[id(1), id(1)]]);
});

Deno.test("selectMailboxes leaves out a directory that holds one that is left out", () => {
  const nodes = [dir("A"), box("A/Junk", 1), dir("B"), box("B/Work", 2)];
  const [left] = selectMailboxes(side(nodes), side([]), (name) => !name.endsWith("Junk"));
  assert.deepEqual(names(left), ["B", "B/Work"]);
});
