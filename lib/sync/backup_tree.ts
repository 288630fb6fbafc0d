/**
 * The mailbox tree of a backup: what the destination's tree has to do to be like the source's.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import {
  INBOX,
  type MailboxName,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { orderRenames, type WantedRename } from "./order_renames.ts";
import { isMailbox, type MailboxNodeOf, withUniqueGuids } from "./tree_history.ts";

/** A mailbox of the source and the place it has in the destination. */
export interface MailboxPair {
  /** The source's name. */
  readonly name: MailboxName;
  /** The source's identity. */
  readonly guid: MailboxGuid;
  /** The name in the destination, once the plan's renames are done. */
  readonly target: MailboxName;
  /**
   * The mailbox that the destination has in this place: the same one (equal GUID), another one of that name (to be
   * rebuilt), or null where one has to be created.
   */
  readonly counterpart: MailboxGuid | null;
}

/** The plan for a tree, in the order in which it is carried out. */
export interface TreePlan {
  /** Deletes that free a name, and renames. */
  readonly before: readonly TreeOperation[];
  /** The mailboxes to sync: INBOX, then the others in order of their names. */
  readonly pairs: readonly MailboxPair[];
  /** Directories and subscriptions, and at last the deletes of mailboxes that the source does not have. */
  readonly after: readonly TreeOperation[];
  /** The destination's INBOX where the source has none: it is never deleted. */
  readonly strayInbox: MailboxGuid | null;
  /** What the trees could not read, and what was left alone because of it. */
  readonly problems: readonly SyncError[];
}

/** A mended name that another name has already, with something of its own behind it. */
const marked = (mended: MailboxName, mark: string): MailboxName => mailboxName(`${mended}-${mark}`);

/** Whether a name is what a side has for a node, as {@linkcode targetNames} gives it. */
export const standsFor = (
  name: MailboxName,
  node: MailboxNode,
  fit: (name: MailboxName) => MailboxName,
): boolean => {
  const mended = fit(node.name);
  if (nameKey(name) === nameKey(mended)) return true;
  return mended !== node.name && isMailbox(node) &&
    nameKey(name) === nameKey(fit(marked(mended, node.guid)));
};

/**
 * The names that the source's mailboxes get in the destination. A name that does not fit is mended by `fit`; when that
 * makes two names one, the mended one gets its mailbox's GUID (a directory: a number) behind it. What stands for a
 * node already, by `present`, stays if no other node has that name by right.
 */
export const targetNames = (
  nodes: readonly MailboxNode[],
  fit: (name: MailboxName) => MailboxName,
  present: (node: MailboxNode) => MailboxName | null = () => null,
): ReadonlyMap<MailboxName, MailboxName> => {
  const targets = new Map<MailboxName, MailboxName>();
  const taken = new Set<string>();
  const take = (node: MailboxNode, target: MailboxName): void => {
    targets.set(node.name, target);
    taken.add(nameKey(target));
  };
  const fits = (node: MailboxNode): boolean => fit(node.name) === node.name;
  // Names that fit come first, so that a mended name never takes the place of a true one.
  for (const node of nodes) {
    if (fits(node) && !taken.has(nameKey(node.name))) take(node, node.name);
  }
  for (const node of nodes) {
    const there = targets.has(node.name) ? null : present(node);
    if (there !== null && !taken.has(nameKey(there)) && standsFor(there, node, fit)) {
      take(node, there);
    }
  }
  for (const node of nodes) {
    if (targets.has(node.name)) continue;
    const mended = fit(node.name);
    let target = mended;
    for (let n = 1; taken.has(nameKey(target)); n++) {
      const mark = isMailbox(node) && n === 1 ? node.guid : String(n);
      target = fit(marked(mended, mark));
    }
    take(node, target);
  }
  return targets;
};

/** INBOX first, for some formats make one as soon as they hold anything; the rest in order. */
export const inboxFirst = <A extends { readonly name: MailboxName }>(
  pairs: readonly A[],
): readonly A[] => [
  ...pairs.filter(({ name }) => name === INBOX),
  ...pairs.filter(({ name }) => name !== INBOX),
];

const planSubscriptions = (
  source: MailboxTree,
  destination: MailboxTree,
  targetOf: (name: MailboxName) => MailboxName,
): readonly TreeOperation[] => {
  const wanted = new Map(source.subscriptions.map(targetOf).map((name) => [nameKey(name), name]));
  const present = new Map(destination.subscriptions.map((name) => [nameKey(name), name]));
  const operations: TreeOperation[] = [];
  for (const [key, name] of wanted) {
    if (!present.has(key)) operations.push({ _tag: "Subscribe", name });
  }
  for (const [key, name] of present) {
    if (!wanted.has(key)) operations.push({ _tag: "Unsubscribe", name });
  }
  return operations;
};

const keysOf = (nodes: readonly MailboxNode[]): ReadonlySet<string> =>
  new Set(nodes.map(({ name }) => nameKey(name)));

/** Which mailboxes of two trees belong together, and what has to be renamed for it. */
interface Matches {
  /** The destination's mailbox for the source's, by the source's GUID. */
  readonly counterparts: ReadonlyMap<MailboxGuid, MailboxNodeOf>;
  /** The destination's mailboxes that the source does not have. */
  readonly unmatched: readonly MailboxNodeOf[];
  /** Those that have another name than the source's. */
  readonly renames: readonly WantedRename[];
}

/** Matches mailboxes by GUID, and those that are left by name. */
const matchMailboxes = (
  wanted: readonly MailboxNodeOf[],
  present: readonly MailboxNodeOf[],
  targetOf: (name: MailboxName) => MailboxName,
): Matches => {
  const byGuid = new Map(present.map((node) => [node.guid, node]));
  const byName = new Map(present.map((node) => [nameKey(node.name), node]));
  const claimed = new Set<MailboxGuid>();
  const counterparts = new Map<MailboxGuid, MailboxNodeOf>();
  const renames: WantedRename[] = [];
  for (const node of wanted) {
    const same = byGuid.get(node.guid);
    const target = targetOf(node.name);
    // INBOX stays INBOX on either side: another mailbox with its GUID is met by name instead.
    if (same === undefined || (same.name === INBOX) !== (target === INBOX)) continue;
    claimed.add(same.guid);
    counterparts.set(node.guid, same);
    if (same.name !== target && nameKey(same.name) !== nameKey(target)) {
      renames.push({ name: same.name, guid: same.guid, target });
    }
  }
  for (const node of wanted) {
    if (counterparts.has(node.guid)) continue;
    const named = byName.get(nameKey(targetOf(node.name)));
    if (named === undefined || claimed.has(named.guid)) continue;
    claimed.add(named.guid);
    counterparts.set(node.guid, named);
  }
  return { counterparts, unmatched: present.filter(({ guid }) => !claimed.has(guid)), renames };
};

/** What becomes of the destination's mailboxes that the source does not have. */
interface Removals {
  /** Deletes that free a name which a rename wants. */
  readonly freeing: readonly TreeOperation[];
  /** The other deletes. */
  readonly deletes: readonly TreeOperation[];
  /** Those that stay because the source could not be read as a whole. */
  readonly staying: readonly MailboxNodeOf[];
  /** The INBOX. */
  readonly strayInbox: MailboxGuid | null;
}

const planRemovals = (
  { unmatched, renames }: Matches,
  isSourceWhole: boolean,
): Removals => {
  const wanted = new Set(renames.map(({ target }) => nameKey(target)));
  const others = unmatched.filter(({ name }) => name !== INBOX);
  const remove = ({ name, guid }: MailboxNodeOf): TreeOperation => ({
    _tag: "DeleteMailbox",
    name,
    guid,
  });
  const going = isSourceWhole ? others : [];
  return {
    freeing: going.filter(({ name }) => wanted.has(nameKey(name))).map(remove),
    deletes: going.filter(({ name }) => !wanted.has(nameKey(name))).map(remove),
    staying: isSourceWhole ? [] : others,
    strayInbox: unmatched.find(({ name }) => name === INBOX)?.guid ?? null,
  };
};

const leftAlone = (mailbox: MailboxName, what: string): SyncError =>
  syncError("Unsafe", "mailbox", { mailbox }, what);

/**
 * Plans the tree of a backup. Mailboxes are paired by GUID, then by name. Nothing is deleted in the destination while
 * part of the source could not be read: a mailbox that is missing there may be the unreadable one. The destination's
 * INBOX is never deleted.
 *
 * `fit` gives the nearest name that the destination can hold; `emptyDirectories` tells whether it can hold a \NoSelect
 * name without children. Cost: linear in the number of mailboxes, but for rings of renames.
 */
export const planBackupTree = (
  sourceTree: MailboxTree,
  destinationTree: MailboxTree,
  fit: (name: MailboxName) => MailboxName,
  emptyDirectories: boolean,
): TreePlan => {
  const source = withUniqueGuids(sourceTree);
  const destination = withUniqueGuids(destinationTree);
  const targets = targetNames(source.nodes, fit);
  const targetOf = (name: MailboxName): MailboxName => targets.get(name) ?? fit(name);
  const wanted = source.nodes.filter(isMailbox);
  const present = destination.nodes.filter(isMailbox);
  const isWhole = source.problems.length === 0;

  const matches = matchMailboxes(wanted, present, targetOf);
  const removals = planRemovals(matches, isWhole);
  const damagedThere = keysOf(destination.nodes.filter((node) => node._tag === "Damaged"));
  const staying = keysOf(isWhole ? [] : matches.unmatched);
  const isFree = ({ target }: WantedRename): boolean =>
    !staying.has(nameKey(target)) && !damagedThere.has(nameKey(target));
  const renames = matches.renames.filter(isFree);

  const placeOf = new Map(renames.map(({ guid, target }) => [guid, target]));
  const pairs = wanted.flatMap(({ name, guid }): readonly MailboxPair[] => {
    const counterpart = matches.counterparts.get(guid);
    if (counterpart !== undefined) {
      const target = placeOf.get(counterpart.guid) ?? counterpart.name;
      return [{ name, guid, target, counterpart: counterpart.guid }];
    }
    const target = targetOf(name);
    // One that is damaged there was told by its own store.
    return damagedThere.has(nameKey(target)) ? [] : [{ name, guid, target, counterpart: null }];
  });

  return {
    before: [...removals.freeing, ...orderRenames(renames)],
    pairs: inboxFirst(pairs),
    after: [
      // Children first: a parent that still has some would stay behind as a directory.
      ...[...removals.deletes].reverse(),
      ...planDirectories(source, destination, targetOf, emptyDirectories, isWhole),
      ...planSubscriptions(source, destination, targetOf),
    ],
    strayInbox: removals.strayInbox,
    problems: [
      ...source.problems,
      ...destination.problems,
      ...removals.staying.map(({ name }) =>
        leftAlone(name, "not deleted, because a part of the source could not be read")
      ),
      ...matches.renames.filter((rename) => !isFree(rename)).map(({ name, target }) =>
        leftAlone(name, `not renamed to ${target}, which is taken by a mailbox that must stay`)
      ),
    ],
  };
};

const planDirectories = (
  source: MailboxTree,
  destination: MailboxTree,
  targetOf: (name: MailboxName) => MailboxName,
  emptyDirectories: boolean,
  complete: boolean,
): readonly TreeOperation[] => {
  const operations: TreeOperation[] = [];
  const names = new Set(source.nodes.map((node) => nameKey(targetOf(node.name))));
  const parents = new Set<string>();
  for (const node of source.nodes) {
    for (let p = parentName(targetOf(node.name)); p !== null; p = parentName(p)) {
      parents.add(nameKey(p));
    }
  }
  const present = new Set(
    destination.nodes.filter((node) => node._tag === "Directory").map((node) => nameKey(node.name)),
  );
  for (const node of source.nodes) {
    const key = nameKey(targetOf(node.name));
    if (node._tag !== "Directory" || present.has(key) || parents.has(key)) continue;
    if (emptyDirectories) operations.push({ _tag: "CreateDirectory", name: targetOf(node.name) });
  }
  if (!complete) return operations;
  const gone = destination.nodes.filter((node) =>
    node._tag === "Directory" && !names.has(nameKey(node.name)) && !parents.has(nameKey(node.name))
  );
  // Children before their parents.
  for (const node of [...gone].reverse()) {
    operations.push({ _tag: "DeleteDirectory", name: node.name });
  }
  return operations;
};
