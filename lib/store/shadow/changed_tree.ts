/**
 * A mailbox tree as it is after some changes.
 *
 * @module
 */
import {
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../../model/mailbox.ts";
import type { TreeOperation } from "../../model/operation.ts";

type Nodes = Map<string, MailboxNode>;

const hasChildren = (nodes: Nodes, name: MailboxName): boolean =>
  [...nodes.keys()].some((key) => key.startsWith(`${nameKey(name)}/`));

const addWithParents = (nodes: Nodes, node: MailboxNode): void => {
  nodes.set(nameKey(node.name), node);
  for (let name = parentName(node.name); name !== null; name = parentName(name)) {
    if (!nodes.has(nameKey(name))) nodes.set(nameKey(name), { _tag: "Directory", name });
  }
};

/** Takes a mailbox away; where it has children its name stays. */
const take = (nodes: Nodes, name: MailboxName): void => {
  if (hasChildren(nodes, name)) nodes.set(nameKey(name), { _tag: "Directory", name });
  else nodes.delete(nameKey(name));
};

const change = (nodes: Nodes, subscribed: Map<string, MailboxName>, operation: TreeOperation) => {
  const { name } = operation;
  switch (operation._tag) {
    case "CreateMailbox":
      return addWithParents(nodes, { _tag: "Mailbox", name, guid: operation.guid });
    case "CreateDirectory":
      return nodes.has(nameKey(name))
        ? undefined
        : addWithParents(nodes, { _tag: "Directory", name });
    case "DeleteMailbox":
      return take(nodes, name);
    case "DeleteDirectory":
      return hasChildren(nodes, name) || nodes.get(nameKey(name))?._tag !== "Directory"
        ? undefined
        : void nodes.delete(nameKey(name));
    case "RenameMailbox":
      take(nodes, name);
      return addWithParents(nodes, {
        _tag: "Mailbox",
        name: operation.newName,
        guid: operation.guid,
      });
    case "ReidentifyMailbox":
      return void nodes.set(nameKey(name), { _tag: "Mailbox", name, guid: operation.newGuid });
    case "Subscribe":
      return void subscribed.set(nameKey(name), name);
    case "Unsubscribe":
      return void subscribed.delete(nameKey(name));
  }
};

/** The tree after these changes, each of which was possible. */
export const changedTree = (
  tree: MailboxTree,
  changes: readonly TreeOperation[],
): MailboxTree => {
  if (changes.length === 0) return tree;
  const nodes: Nodes = new Map(tree.nodes.map((node) => [nameKey(node.name), node]));
  const subscribed = new Map(tree.subscriptions.map((name) => [nameKey(name), name]));
  for (const operation of changes) change(nodes, subscribed, operation);
  const keyed = [...nodes].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return {
    ...tree,
    nodes: keyed.map(([, node]) => node),
    subscriptions: [...subscribed.values()],
  };
};
