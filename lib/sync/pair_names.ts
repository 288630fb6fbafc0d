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

/** The nodes of a side by key. Directories say nothing of their own where one side cannot have them without mailboxes. */
const nodesByKey = (
  side: TreeSide,
  other: TreeSide,
): ReadonlyMap<string, readonly MailboxNode[]> => {
  const withDirectories = side.emptyDirectories && other.emptyDirectories;
  const found = new Map<string, MailboxNode[]>();
  for (const node of side.tree.nodes) {
    if (node._tag === "Directory" && !withDirectories) continue;
    const key = keyOn(other, node.name);
    const same = found.get(key);
    if (same === undefined) found.set(key, [node]);
    else same.push(node);
  }
  return found;
};

const guidOf = (node: MailboxNode): string | null => node._tag === "Mailbox" ? node.guid : null;

const isOneMailbox = (a: MailboxNode, b: MailboxNode): boolean =>
  guidOf(a) !== null && guidOf(a) === guidOf(b);

/** Pairs nodes of two sides by one rule after the other; each is in one pair at most. */
const match = (
  mine: readonly MailboxNode[],
  yours: readonly MailboxNode[],
  ...rules: readonly ((a: MailboxNode, b: MailboxNode) => boolean)[]
): readonly (readonly [MailboxNode, MailboxNode])[] => {
  const [left, right] = [new Set(mine), new Set(yours)];
  const pairs: (readonly [MailboxNode, MailboxNode])[] = [];
  for (const rule of rules) {
    for (const a of left) {
      for (const b of right) {
        if (!rule(a, b)) continue;
        pairs.push([a, b]);
        left.delete(a);
        right.delete(b);
        break;
      }
    }
  }
  return pairs;
};

/**
 * Pairs the names of two trees, sorted by the left side's: those that are equal as far as both sides can hold them, then
 * mailboxes of one GUID under two names. Linear, but for names that become one where a side cannot hold them.
 */
export const pairNames = (left: TreeSide, right: TreeSide): readonly NamePair[] => {
  const mine = nodesByKey(left, right);
  const yours = nodesByKey(right, left);
  const pairs: NamePair[] = [];
  const paired = new Set<MailboxNode>();
  const add = (a: MailboxNode, b: MailboxNode, differs: boolean): void => {
    paired.add(a).add(b);
    pairs.push({ left: a, right: b, differs });
  };
  for (const [key, nodes] of mine) {
    const others = yours.get(key) ?? [];
    const rules = nodes.length === 1 && others.length === 1
      ? [() => true]
      : [isOneMailbox, (a: MailboxNode, b: MailboxNode) => a.name === b.name];
    for (const [a, b] of match(nodes, others, ...rules)) {
      add(a, b, a._tag !== b._tag || a._tag === "Damaged");
    }
  }
  const rest = [...yours.values()].flat().filter((node) => !paired.has(node));
  const byGuid = new Map(rest.map((node) => [guidOf(node), node]));
  for (const node of [...mine.values()].flat().filter((one) => !paired.has(one))) {
    const guid = guidOf(node);
    const same = guid === null ? undefined : byGuid.get(guid);
    if (same === undefined) pairs.push({ left: node, right: null, differs: true });
    else {
      // A name that one side cannot hold has another there, and more than one may want the same.
      const isFitted = right.fit(node.name) !== node.name || left.fit(same.name) !== same.name;
      add(node, same, !isFitted);
      byGuid.delete(guid);
    }
  }
  for (const node of rest) {
    if (!paired.has(node)) pairs.push({ left: null, right: node, differs: true });
  }
  const nameOf = ({ left: a, right: b }: NamePair): string => nameKey((a ?? b)!.name);
  return pairs.sort((a, b) => nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0);
};

/** What the names of one side are matched by: those of a pair by one key, all others by what the other side can hold. */
const subscriptionKeys = (
  { tree }: TreeSide,
  other: TreeSide,
  here: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): ReadonlyMap<MailboxName, string> =>
  new Map(
    tree.subscriptions.map((name) => {
      const fitted = keyOn(other, name);
      return [name, here.get(nameKey(name)) ?? there.get(fitted) ?? fitted];
    }),
  );

/**
 * The subscriptions that one side alone has, in the order of its file. A mailbox that has another name on the other side
 * is subscribed there by that one.
 */
export const pairSubscriptions = (
  left: TreeSide,
  right: TreeSide,
): readonly { readonly left: MailboxName | null; readonly right: MailboxName | null }[] => {
  const lefts = new Map<string, string>();
  const rights = new Map<string, string>();
  for (const { left: a, right: b } of pairNames(left, right)) {
    if (a === null || b === null) continue;
    lefts.set(nameKey(a.name), nameKey(a.name));
    rights.set(nameKey(b.name), nameKey(a.name));
  }
  const mine = subscriptionKeys(left, right, lefts, rights);
  const yours = subscriptionKeys(right, left, rights, lefts);
  const only = (own: typeof mine, other: typeof mine): readonly MailboxName[] => {
    const others = new Set(other.values());
    return [...own].filter(([, key]) => !others.has(key)).map(([name]) => name);
  };
  return [
    ...only(mine, yours).map((name) => ({ left: name, right: null })),
    ...only(yours, mine).map((name) => ({ left: null, right: name })),
  ];
};
