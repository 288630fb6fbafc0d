/**
 * What two merged trees have besides mailboxes: directories and subscriptions.
 *
 * A side that cannot hold a name has another one in its place, so names are matched by what they are on both sides.
 *
 * @module
 */
import {
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { TreePast, TreeSide } from "./merge_tree.ts";
import type { TreeHistory } from "./tree_history.ts";

/** One side of a merge whose mailboxes have their names. */
export interface NamedSide {
  /** What it can hold. */
  readonly side: TreeSide;
  /** Its tree, before the merge. */
  readonly tree: MailboxTree;
  /** The past of that tree. */
  readonly history: TreeHistory;
  /** The names that the mailboxes of both sides shall have here, by those that users shall see. */
  readonly targets: ReadonlyMap<MailboxName, MailboxName>;
  /** The names that mailboxes have here and leave. */
  readonly left: ReadonlySet<MailboxName>;
}

/** The keys of all names above these. */
const parentsOf = (names: Iterable<MailboxName>): Set<string> => {
  const parents = new Set<string>();
  for (const name of names) {
    for (let p = parentName(name); p !== null; p = parentName(p)) {
      const key = nameKey(p);
      if (parents.has(key)) break;
      parents.add(key);
    }
  }
  return parents;
};

/** The directories of a side, those included that mailboxes leave behind because there are directories below them. */
const directoriesOf = ({ tree, left }: NamedSide): readonly MailboxNode[] => {
  const isDirectory = (node: MailboxNode): boolean => node._tag === "Directory";
  const parents = parentsOf(tree.nodes.filter(isDirectory).map(({ name }) => name));
  return tree.nodes.filter((node) =>
    isDirectory(node) || (left.has(node.name) && parents.has(nameKey(node.name)))
  );
};

/** The keys of a tree's names as the other side can hold them; no mailbox counts that goes. */
const keysThere = (own: NamedSide, { side }: NamedSide): ReadonlySet<string> =>
  new Set(
    [...own.tree.nodes.filter(({ name }) => !own.left.has(name)), ...directoriesOf(own)]
      .map(({ name }) => nameKey(side.fit(name))),
  );

/** The keys of the names that mailboxes will have on a side, and of all names above them. */
const standing = ({ targets }: NamedSide): ReadonlySet<string> => {
  const keys = parentsOf(targets.values());
  for (const name of targets.values()) keys.add(nameKey(name));
  return keys;
};

/** Directories that one side has and the other lacks: what `own` has to do. Cost: linear. */
export const planDirectories = (own: NamedSide, other: NamedSide): readonly TreeOperation[] => {
  const operations: TreeOperation[] = [];
  const [here, there] = [keysThere(own, other), keysThere(other, own)];
  const [standsHere, standsThere] = [standing(own), standing(other)];
  const [parentsHere, parentsThere] = [own, other].map(({ tree }) =>
    parentsOf(tree.nodes.map(({ name }) => name))
  ) as [Set<string>, Set<string>];
  for (const { name } of directoriesOf(other)) {
    const fitted = own.side.fit(name);
    if (here.has(nameKey(fitted)) || standsHere.has(nameKey(fitted))) continue;
    if (standsThere.has(nameKey(name))) continue;
    const emptied = parentsThere.has(nameKey(name));
    const deleted = own.history.directoryDeletedAt(fitted) > other.history.renamedAt(name);
    if (!emptied && !deleted && own.side.emptyDirectories) {
      operations.push({ _tag: "CreateDirectory", name: fitted });
    }
  }
  // Children come before their parents, and what stays keeps those.
  const kept = new Set<string>();
  for (const { name } of [...directoriesOf(own)].reverse()) {
    const fitted = other.side.fit(name);
    // Where no empty directory can be, one that is about to lose its last child stands for nothing.
    const stays = other.side.emptyDirectories && there.has(nameKey(fitted));
    const deleted = other.history.directoryDeletedAt(fitted) > own.history.renamedAt(name);
    const goes = !stays && !standsHere.has(nameKey(name)) && !kept.has(nameKey(name)) &&
      (deleted || parentsHere.has(nameKey(name)));
    if (goes) operations.push({ _tag: "DeleteDirectory", name });
    else for (const key of parentsOf([name])) kept.add(key);
  }
  return operations;
};

/** How the names of one side are called on the other, and by what they are matched. */
interface Interpreter {
  readonly there: (name: MailboxName) => MailboxName;
  readonly key: (name: MailboxName) => string;
}

const namesByTarget = ({ targets }: NamedSide): ReadonlyMap<string, MailboxName> =>
  new Map([...targets].map(([name, target]) => [nameKey(target), name]));

const interpreters = (own: NamedSide, other: NamedSide): readonly [Interpreter, Interpreter] => {
  const [mine, theirs] = [namesByTarget(own), namesByTarget(other)];
  const from = (to: NamedSide, here: typeof mine, there: typeof mine): Interpreter => ({
    // The name of a mailbox is the one that the mailbox has there; any other is what fits.
    there: (name) => {
      const seen = here.get(nameKey(name));
      return seen === undefined ? to.side.fit(name) : to.targets.get(seen)!;
    },
    key: (name) => {
      const fitted = to.side.fit(name);
      return nameKey(here.get(nameKey(name)) ?? there.get(nameKey(fitted)) ?? fitted);
    },
  });
  return [from(other, mine, theirs), from(own, theirs, mine)];
};

/** The later change wins; equal times: what is not as it was; where that is not known, subscribed. */
export const planSubscriptions = (
  own: NamedSide,
  other: NamedSide,
  past: TreePast,
): readonly TreeOperation[] => {
  const [mine, theirs] = interpreters(own, other);
  const mineKeys = new Set(own.tree.subscriptions.map(mine.key));
  const theirKeys = new Set(other.tree.subscriptions.map(theirs.key));
  const wasSubscribed = (...names: readonly MailboxName[]): boolean =>
    names.some((name) => past.isSubscribed(name) === true);
  const operations: TreeOperation[] = [];
  for (const name of other.tree.subscriptions) {
    const key = theirs.key(name);
    if (mineKeys.has(key)) continue;
    const here = theirs.there(name);
    const later = other.history.subscriptionAt(name) - own.history.subscriptionAt(here);
    if (later > 0 || (later === 0 && !wasSubscribed(name, here))) {
      operations.push({ _tag: "Subscribe", name: here });
      mineKeys.add(key);
    }
  }
  for (const name of own.tree.subscriptions) {
    if (theirKeys.has(mine.key(name))) continue;
    const there = mine.there(name);
    const later = other.history.subscriptionAt(there) - own.history.subscriptionAt(name);
    if (later > 0 || (later === 0 && wasSubscribed(name, there))) {
      operations.push({ _tag: "Unsubscribe", name });
    }
  }
  return operations;
};
