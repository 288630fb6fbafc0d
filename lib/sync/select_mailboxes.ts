/**
 * Narrowing a merge to some mailboxes.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import {
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../model/mailbox.ts";
import type { TreeSide } from "./merge_tree.ts";
import { isMailbox } from "./tree_history.ts";

/** Whether a mailbox of this name takes part. */
export type WantedMailbox = (name: MailboxName) => boolean;

const wantedGuids = (tree: MailboxTree, wanted: WantedMailbox): readonly MailboxGuid[] =>
  tree.nodes.filter(isMailbox).filter(({ name }) => wanted(name)).map(({ guid }) => guid);

const parentKeys = (name: MailboxName): readonly string[] => {
  const parent = parentName(name);
  return parent === null ? [] : [nameKey(parent), ...parentKeys(parent)];
};

/**
 * Both sides without the names that take no part. A mailbox takes part under its names on both sides where either is
 * wanted: so a rename does not make it look like two. A directory that holds others is left out with them. Logs stay
 * whole; what they tell of others finds nothing to change.
 */
export const selectMailboxes = (
  left: TreeSide,
  right: TreeSide,
  wanted: WantedMailbox,
): readonly [TreeSide, TreeSide] => {
  const guids = new Set([...wantedGuids(left.tree, wanted), ...wantedGuids(right.tree, wanted)]);
  const takesPart = (node: MailboxNode): boolean =>
    isMailbox(node) ? guids.has(node.guid) : wanted(node.name);
  const narrowed = ({ tree, ...side }: TreeSide): TreeSide => {
    const parents = new Set(
      tree.nodes.filter((node) => !takesPart(node)).flatMap(({ name }) => parentKeys(name)),
    );
    return {
      ...side,
      tree: {
        ...tree,
        nodes: tree.nodes.filter((node) =>
          takesPart(node) && !(node._tag === "Directory" && parents.has(nameKey(node.name)))
        ),
        subscriptions: tree.subscriptions.filter(wanted),
      },
    };
  };
  return [narrowed(left), narrowed(right)];
};
