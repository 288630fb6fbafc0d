import assert from "node:assert/strict";
import { mailboxGuid } from "../model/ids.ts";
import { type MailboxName, mailboxName, type MailboxNode } from "../model/mailbox.ts";
import type { TreeSide } from "./merge_tree.ts";
import { pairNames, pairSubscriptions } from "./pair_names.ts";

const box = (name: string, n: number): MailboxNode => ({
  _tag: "Mailbox",
  name: mailboxName(name),
  guid: mailboxGuid(String(n).padStart(32, "0")),
});

const directory = (name: string): MailboxNode => ({ _tag: "Directory", name: mailboxName(name) });

const side = (
  nodes: readonly MailboxNode[],
  more: Partial<TreeSide> & { readonly subscriptions?: readonly string[] } = {},
): TreeSide => ({
  tree: {
    nodes,
    subscriptions: (more.subscriptions ?? []).map(mailboxName),
    log: [],
    problems: [],
  },
  fit: more.fit ?? ((name) => name),
  emptyDirectories: more.emptyDirectories ?? true,
});

/** As Maildir++ has it: no dots in a name. */
const undotted = (name: MailboxName): MailboxName => mailboxName(name.replaceAll(".", "_"));

const told = (left: TreeSide, right: TreeSide): readonly string[] =>
  pairNames(left, right).map((pair) =>
    `${pair.left?.name ?? "-"} ${pair.right?.name ?? "-"}${pair.differs ? " differs" : ""}`
  );

Deno.test("pairNames", async (t) => {
  const rows: readonly (readonly [string, TreeSide, TreeSide, readonly string[]])[] = [
    ["nothing", side([]), side([]), []],
    ["the same", side([box("A", 1)]), side([box("A", 1)]), ["A A"]],
    // The GUID is compared with the mailbox.
    ["the same name of another mailbox", side([box("A", 1)]), side([box("A", 2)]), ["A A"]],
    ["on one side only", side([box("A", 1)]), side([box("B", 2)]), ["A - differs", "- B differs"]],
    ["under two names", side([box("A", 1)]), side([box("B", 1)]), ["A B differs"]],
    [
      "names changed places",
      side([box("A", 1), box("B", 2)]),
      side([box("A", 2), box("B", 1)]),
      ["A A", "B B"],
    ],
    ["no mailbox there", side([box("A", 1)]), side([directory("A")]), ["A A differs"]],
    ["directories", side([directory("A")]), side([directory("A")]), ["A A"]],
    ["a directory", side([directory("A")]), side([]), ["A - differs"]],
    [
      "a directory, where the other side can have none",
      side([directory("A")]),
      side([], { emptyDirectories: false }),
      [],
    ],
    [
      "a mailbox that cannot be read",
      side([box("A", 1)]),
      side([{ _tag: "Damaged", name: mailboxName("A") }]),
      ["A A differs"],
    ],
    [
      "a name that the other side cannot have",
      side([box("a.b", 1)]),
      side([box("a_b", 1)], { fit: undotted }),
      ["a.b a_b"],
    ],
    [
      "two names that become one there, and the second another",
      side([box("a.b", 1), box("a_b", 2)]),
      side([box("a_b", 2), box("a_b-1", 1)], { fit: undotted }),
      ["a.b a_b-1", "a_b a_b"],
    ],
    [
      "another normal form",
      side([box("\u00e4", 1)]),
      side([box("a\u0308", 1)]),
      ["\u00e4 a\u0308"],
    ],
  ];
  for (const [title, left, right, wanted] of rows) {
    await t.step(title, () => assert.deepEqual(told(left, right), wanted));
  }
});

Deno.test("pairSubscriptions: what one side alone has, as far as both can have it", () => {
  const left = side([], { subscriptions: ["A", "x.y", "B"] });
  const right = side([], { subscriptions: ["C", "A", "x_y"], fit: undotted });
  assert.deepEqual(pairSubscriptions(left, right), [
    { left: "B", right: null },
    { left: null, right: "C" },
  ]);
  assert.deepEqual(pairSubscriptions(left, left), []);
  const two = side([box("a.b", 1), box("a_b", 2)], { subscriptions: ["a.b", "a_b"] });
  const fitted = (...subscriptions: readonly string[]) =>
    side([box("a_b", 2), box("a_b-1", 1)], { fit: undotted, subscriptions });
  assert.deepEqual(pairSubscriptions(two, fitted("a_b", "a_b-1")), []);
  assert.deepEqual(pairSubscriptions(two, fitted("a_b")), [{ left: "a.b", right: null }]);
});
