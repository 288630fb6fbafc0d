/**
 * Which names of two trees belong together, and where they differ.
 *
 * @module
 */
import { type MailboxName, type MailboxNode, nameKey } from "../model/mailbox.ts";
import type { TreeSide } from "./merge_tree.ts";

/** A name of both sides, or of one. */
export interface NamePair {
  /** What the left side has; null: nothing. */
  readonly left: MailboxNode | null;
  /** What the right side has; null: nothing. */
  readonly right: MailboxNode | null;
  /** Whether the two trees differ here: a name is missing, is another, or is a mailbox on one side only. */
  readonly differs: boolean;
}

/** What a name is on a side that cannot hold all names, for matching. */
const keyOn = ({ fit }: TreeSide, name: MailboxName): string => nameKey(fit(name));

/** Directories say nothing of their own where one side cannot have them without mailboxes below. */
const nodesOf = (side: TreeSide, other: TreeSide): ReadonlyMap<string, MailboxNode> => {
  const withDirectories = side.emptyDirectories && other.emptyDirectories;
  return new Map(
    side.tree.nodes.filter(({ _tag }) => withDirectories || _tag !== "Directory")
      .map((node) => [keyOn(other, node.name), node]),
  );
};

const guidOf = (node: MailboxNode): string | null => node._tag === "Mailbox" ? node.guid : null;

/**
 * Pairs the names of two trees, sorted by the left side's: those that are equal as far as both sides can hold them, then
 * mailboxes of one GUID under two names. Linear.
 */
export const pairNames = (left: TreeSide, right: TreeSide): readonly NamePair[] => {
  const mine = nodesOf(left, right);
  const yours = nodesOf(right, left);
  const pairs: NamePair[] = [];
  const alone: MailboxNode[] = [];
  const byGuid = new Map<string, MailboxNode>();
  for (const [key, node] of yours) {
    const guid = guidOf(node);
    if (!mine.has(key) && guid !== null) byGuid.set(guid, node);
  }
  const taken = new Set<MailboxNode>();
  for (const [key, node] of mine) {
    const same = yours.get(key);
    if (same !== undefined) {
      taken.add(same);
      const isBroken = node._tag === "Damaged" || same._tag === "Damaged";
      pairs.push({ left: node, right: same, differs: node._tag !== same._tag || isBroken });
    } else alone.push(node);
  }
  for (const node of alone) {
    const same = byGuid.get(guidOf(node) ?? "") ?? null;
    if (same !== null) taken.add(same);
    // A name that one side cannot hold has another there, and more than one may want the same.
    const isFitted = same !== null &&
      (right.fit(node.name) !== node.name || left.fit(same.name) !== same.name);
    pairs.push({ left: node, right: same, differs: !isFitted });
  }
  for (const node of yours.values()) {
    if (!taken.has(node)) pairs.push({ left: null, right: node, differs: true });
  }
  const nameOf = ({ left: a, right: b }: NamePair): string => nameKey((a ?? b)!.name);
  return pairs.sort((a, b) => nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0);
};

/** The subscriptions that one side alone has, in the order of its file. */
export const pairSubscriptions = (
  left: TreeSide,
  right: TreeSide,
): readonly { readonly left: MailboxName | null; readonly right: MailboxName | null }[] => {
  const keysOf = (side: TreeSide, other: TreeSide) =>
    new Map(side.tree.subscriptions.map((name) => [keyOn(other, name), name]));
  const mine = keysOf(left, right);
  const yours = keysOf(right, left);
  const only = (own: typeof mine, other: typeof mine): readonly MailboxName[] =>
    [...own].filter(([key]) => !other.has(key)).map(([, name]) => name);
  return [
    ...only(mine, yours).map((name) => ({ left: name, right: null })),
    ...only(yours, mine).map((name) => ({ left: null, right: name })),
  ];
};
