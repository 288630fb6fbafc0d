/**
 * Narrowing a merge to some mailboxes.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName, MailboxTree } from "../model/mailbox.ts";
import type { TreeSide } from "./merge_tree.ts";
import { isMailbox } from "./tree_history.ts";

/** Whether a mailbox of this name takes part. */
export type WantedMailbox = (name: MailboxName) => boolean;

const wantedGuids = (tree: MailboxTree, wanted: WantedMailbox): readonly MailboxGuid[] =>
  tree.nodes.filter(isMailbox).filter(({ name }) => wanted(name)).map(({ guid }) => guid);

/**
 * Both sides without the names that take no part. A mailbox takes part under its names on both sides where either is
 * wanted: so a rename does not make it look like two. Logs stay whole; what they tell of others finds nothing to change.
 */
export const selectMailboxes = (
  left: TreeSide,
  right: TreeSide,
  wanted: WantedMailbox,
): readonly [TreeSide, TreeSide] => {
  const guids = new Set([...wantedGuids(left.tree, wanted), ...wantedGuids(right.tree, wanted)]);
  const narrowed = ({ tree, ...side }: TreeSide): TreeSide => ({
    ...side,
    tree: {
      ...tree,
      nodes: tree.nodes.filter((node) =>
        isMailbox(node) ? guids.has(node.guid) : wanted(node.name)
      ),
      subscriptions: tree.subscriptions.filter(wanted),
    },
  });
  return [narrowed(left), narrowed(right)];
};
