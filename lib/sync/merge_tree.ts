/**
 * Merging two mailbox trees: which mailboxes both sides shall have, under which names.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import {
  INBOX,
  type MailboxName,
  mailboxName,
  type MailboxTree,
  nameKey,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { Side } from "../model/report.ts";
import { inboxFirst, targetNames } from "./backup_tree.ts";
import { orderRenames } from "./order_renames.ts";
import {
  isMailbox,
  type MailboxNodeOf,
  type TreeHistory,
  treeHistory,
  withUniqueGuids,
} from "./tree_history.ts";

/** One side of a tree merge. */
export interface TreeSide {
  /** Its tree. */
  readonly tree: MailboxTree;
  /** The nearest name that it can hold. */
  readonly fit: (name: MailboxName) => MailboxName;
  /** Whether it can hold a \NoSelect name without children. */
  readonly emptyDirectories: boolean;
}

/** A mailbox that one side's users deleted while the other side still has it. */
export interface DeletedMailbox {
  /** The side that still has it. */
  readonly side: Side;
  /** Its name there. */
  readonly name: MailboxName;
  /** Its identity. */
  readonly guid: MailboxGuid;
  /** When the other side deleted it, seconds since 1970. */
  readonly deletedAt: number;
}

/** A mailbox that both sides shall have. */
export interface MergePair {
  /** The name that users shall see. */
  readonly name: MailboxName;
  /** The mailbox of the left side; null: to be made there. */
  readonly left: MailboxGuid | null;
  /** The mailbox of the right side; null: to be made there. */
  readonly right: MailboxGuid | null;
  /** Its name on the left once the plan's renames are done. */
  readonly leftName: MailboxName;
  /** Its name on the right once the plan's renames are done. */
  readonly rightName: MailboxName;
  /** The identity that both shall have. */
  readonly guid: MailboxGuid;
  /** The sides whose mailbox was deleted by the other side, and stays only for the mails that came since. */
  readonly revived: readonly Side[];
}

/** The plan for two trees. */
export interface TreeMergePlan {
  /** Deletes and renames of each side, before the mailboxes are merged. */
  readonly before: Readonly<Record<Side, readonly TreeOperation[]>>;
  /** The mailboxes to merge: INBOX, then the others in order of their names. */
  readonly pairs: readonly MergePair[];
  /** Directories and subscriptions of each side, afterwards. */
  readonly after: Readonly<Record<Side, readonly TreeOperation[]>>;
  /** What the trees could not read, and what was left alone because of it. */
  readonly problems: readonly SyncError[];
}

/**
 * What both sides had in common when they were last merged. The logs count in whole seconds: where both sides changed
 * one thing in one second, the one that is as it was before has only been brought there by the merge.
 */
export interface TreePast {
  /** The name of a mailbox; null: not known. */
  readonly nameOf: (guid: MailboxGuid) => MailboxName | null;
  /** Whether a name was subscribed; null: not known. */
  readonly isSubscribed: (name: MailboxName) => boolean | null;
}

/** Nothing is known. */
export const NO_PAST: TreePast = { nameOf: () => null, isSubscribed: () => null };

/** A mailbox and who has it. */
interface Member {
  readonly left: MailboxNodeOf | null;
  readonly right: MailboxNodeOf | null;
  readonly guid: MailboxGuid;
  readonly revived: readonly Side[];
  /** The name that it wants. */
  name: MailboxName;
  /** When it came to that name; 0: it always had it. */
  readonly namedAt: number;
  /** The name that it has on the other side, or null where that is none else. */
  readonly otherName: MailboxName | null;
}

interface View {
  readonly side: TreeSide;
  readonly tree: MailboxTree;
  readonly history: TreeHistory;
  readonly byGuid: ReadonlyMap<MailboxGuid, MailboxNodeOf>;
}

const viewOf = (side: TreeSide): View => {
  const tree = withUniqueGuids(side.tree);
  const byGuid = new Map(tree.nodes.filter(isMailbox).map((node) => [node.guid, node]));
  return { side, tree, history: treeHistory(tree), byGuid };
};

const deletedOn = (there: View, here: View, side: Side): readonly DeletedMailbox[] =>
  [...here.byGuid.values()].flatMap(({ name, guid }) => {
    const deletedAt = there.byGuid.has(guid) ? 0 : there.history.deletedAt(guid);
    return deletedAt === 0 || name === INBOX ? [] : [{ side, name, guid, deletedAt }];
  });

/**
 * The mailboxes that one side deleted and the other still has. Whether one of them got mail since decides what becomes
 * of it, so this is asked before {@linkcode planMergeTree}.
 */
export const deletedMailboxes = (left: TreeSide, right: TreeSide): readonly DeletedMailbox[] => {
  const [l, r] = [viewOf(left), viewOf(right)];
  return [...deletedOn(r, l, "left"), ...deletedOn(l, r, "right")];
};

/**
 * The name of a mailbox that both sides have: the later rename wins; equal times: the new name; both new: the smaller.
 */
const commonName = (
  l: View,
  r: View,
  left: MailboxNodeOf,
  right: MailboxNodeOf,
  past: MailboxName | null,
) => {
  const [a, b] = [left.name, right.name];
  const same = nameKey(r.side.fit(a)) === nameKey(b) || nameKey(l.side.fit(b)) === nameKey(a);
  const at = { left: l.history.renamedAt(a), right: r.history.renamedAt(b) };
  // A name that the other side could only hold in a mended form is the true one.
  if (same) {
    const name = l.side.fit(b) === b ? a : b;
    return { name, namedAt: Math.max(at.left, at.right), otherName: null };
  }
  const [isOldLeft, isOldRight] = past === null ? [false, false] : [
    nameKey(a) === nameKey(l.side.fit(past)),
    nameKey(b) === nameKey(r.side.fit(past)),
  ];
  const leftWins = at.left !== at.right
    ? at.left > at.right
    : isOldLeft !== isOldRight
    ? isOldRight
    : nameKey(a) < nameKey(b);
  return leftWins
    ? { name: a, namedAt: at.left, otherName: b }
    : { name: b, namedAt: at.right, otherName: a };
};

const membersOf = (
  l: View,
  r: View,
  kept: ReadonlySet<MailboxGuid>,
  past: TreePast,
  problems: SyncError[],
): Member[] => {
  const members: Member[] = [];
  for (const guid of new Set([...l.byGuid.keys(), ...r.byGuid.keys()])) {
    const left = l.byGuid.get(guid) ?? null;
    const right = r.byGuid.get(guid) ?? null;
    if (left !== null && right !== null) {
      if ((left.name === INBOX) !== (right.name === INBOX)) {
        problems.push(syncError(
          "Unsafe",
          "mailbox",
          { mailbox: left.name },
          `it is the other side's ${right.name} by its GUID, and INBOX cannot be renamed; left as it is`,
        ));
        continue;
      }
      members.push({
        left,
        right,
        guid,
        revived: [],
        ...commonName(l, r, left, right, past.nameOf(guid)),
      });
      continue;
    }
    const node = (left ?? right)!;
    const [own, other] = left !== null ? [l, r] : [r, l];
    const deleted = node.name !== INBOX && other.history.deletedAt(guid) > 0;
    if (deleted && !kept.has(guid)) continue;
    members.push({
      left,
      right,
      guid,
      revived: deleted ? [left !== null ? "left" : "right"] : [],
      name: node.name,
      namedAt: own.history.renamedAt(node.name),
      otherName: null,
    });
  }
  return members;
};

/** Two mailboxes of one name that each exist on one side only become one, with the larger GUID. */
const unite = (members: readonly Member[]): Member[] => {
  const byName = new Map<string, Member[]>();
  for (const member of members) {
    const key = nameKey(member.name);
    byName.set(key, [...(byName.get(key) ?? []), member]);
  }
  return [...byName.values()].flatMap((group) => {
    const onlyLeft = group.filter((member) => member.right === null);
    const onlyRight = group.filter((member) => member.left === null);
    if (onlyLeft.length !== 1 || onlyRight.length !== 1 || group.length !== 2) return group;
    const [a, b] = [onlyLeft[0]!, onlyRight[0]!];
    return [{
      left: a.left,
      right: b.right,
      guid: a.guid > b.guid ? a.guid : b.guid,
      revived: [...a.revived, ...b.revived],
      name: a.name,
      namedAt: Math.max(a.namedAt, b.namedAt),
      otherName: null,
    }];
  });
};

/**
 * Of several mailboxes that want one name the last renamed gets it. The others stay what they are on their other side,
 * if nobody wants that name, or get their GUID behind the name.
 */
const settleNames = (members: readonly Member[]): void => {
  const rank = (a: Member, b: Member): number =>
    b.namedAt - a.namedAt ||
    Number(b.left !== null && b.right !== null) - Number(a.left !== null && a.right !== null) ||
    (a.guid < b.guid ? -1 : 1);
  const taken = new Set<string>();
  const losers: Member[] = [];
  for (const member of [...members].sort(rank)) {
    if (taken.has(nameKey(member.name))) losers.push(member);
    taken.add(nameKey(member.name));
  }
  for (const member of losers) {
    const { name, otherName, guid } = member;
    member.name = otherName !== null && !taken.has(nameKey(otherName))
      ? otherName
      : mailboxName(`${name}-temp-${guid}`);
    taken.add(nameKey(member.name));
  }
};

/** Directories that one side has and the other lacks. */
const planDirectories = (
  own: View,
  other: View,
  final: ReadonlySet<string>,
): readonly TreeOperation[] => {
  const operations: TreeOperation[] = [];
  const isParent = (view: View, name: MailboxName): boolean =>
    view.tree.nodes.some((node) => nameKey(node.name).startsWith(`${nameKey(name)}/`));
  const willHaveChildren = (name: MailboxName): boolean =>
    [...final].some((key) => key.startsWith(`${nameKey(name)}/`));
  const has = (view: View, name: MailboxName): boolean =>
    view.tree.nodes.some((node) => nameKey(node.name) === nameKey(name));
  const directories = (view: View) => view.tree.nodes.filter((node) => node._tag === "Directory");
  for (const { name } of directories(other)) {
    if (has(own, name) || final.has(nameKey(name)) || willHaveChildren(name)) continue;
    const emptied = isParent(other, name);
    const deleted = own.history.directoryDeletedAt(name) > other.history.renamedAt(name);
    if (!emptied && !deleted && own.side.emptyDirectories) {
      operations.push({ _tag: "CreateDirectory", name: own.side.fit(name) });
    }
  }
  // Children come before their parents, and what stays keeps those.
  const staying: string[] = [];
  for (const { name } of [...directories(own)].reverse()) {
    // Where no empty directory can be, one that is about to lose its last child stands for nothing.
    const stays = other.side.emptyDirectories && has(other, name);
    if (stays || final.has(nameKey(name)) || willHaveChildren(name)) {
      staying.push(nameKey(name));
      continue;
    }
    const holds = staying.some((key) => key.startsWith(`${nameKey(name)}/`));
    const deleted = other.history.directoryDeletedAt(name) > own.history.renamedAt(name);
    if (!holds && (deleted || isParent(own, name))) {
      operations.push({ _tag: "DeleteDirectory", name });
    } else staying.push(nameKey(name));
  }
  return operations;
};

/** The later change wins; equal times: what is not as it was; where that is not known, subscribed. */
const planSubscriptions = (own: View, other: View, past: TreePast): readonly TreeOperation[] => {
  const mine = new Map(own.tree.subscriptions.map((name) => [nameKey(name), name]));
  const theirs = new Map(
    other.tree.subscriptions.map((name) => [nameKey(own.side.fit(name)), name]),
  );
  const operations: TreeOperation[] = [];
  for (const [key, name] of theirs) {
    if (mine.has(key)) continue;
    const fitted = own.side.fit(name);
    const later = other.history.subscriptionAt(name) - own.history.subscriptionAt(fitted);
    if (later > 0 || (later === 0 && past.isSubscribed(name) !== true)) {
      operations.push({ _tag: "Subscribe", name: fitted });
    }
  }
  for (const [key, name] of mine) {
    if (theirs.has(key)) continue;
    const fitted = other.side.fit(name);
    const later = other.history.subscriptionAt(fitted) - own.history.subscriptionAt(name);
    if (later > 0 || (later === 0 && past.isSubscribed(name) === true)) {
      operations.push({ _tag: "Unsubscribe", name });
    }
  }
  return operations;
};

/** A damaged mailbox of one side keeps the name for itself: nothing is put there, on either side. */
const damagedNames = (...views: readonly View[]): ReadonlySet<string> =>
  new Set(
    views.flatMap(({ tree }) =>
      tree.nodes.filter((node) => node._tag === "Damaged").map((node) => nameKey(node.name))
    ),
  );

/**
 * Merges two trees. Mailboxes are paired by GUID; renames, deletes and subscriptions follow the later of both logs.
 * `kept` names those of {@linkcode deletedMailboxes} that got mail since: they stay, for these mails. Swapping the sides
 * swaps the plan and changes nothing else.
 *
 * Unlike Dovecot's: a mailbox that was deleted and made anew does not get its old mails back, both sides of a name
 * conflict have the same names after one run, and subscriptions stay with names.
 */
export const planMergeTree = (
  left: TreeSide,
  right: TreeSide,
  kept: ReadonlySet<MailboxGuid>,
  past: TreePast = NO_PAST,
): TreeMergePlan => {
  const [l, r] = [viewOf(left), viewOf(right)];
  const problems: SyncError[] = [...l.tree.problems, ...r.tree.problems];
  const damaged = damagedNames(l, r);
  const members = unite(membersOf(l, r, kept, past, problems)).filter(({ name }) =>
    !damaged.has(nameKey(name))
  );
  settleNames(members);
  const nodes = members.map(({ name, guid }): MailboxNodeOf => ({ _tag: "Mailbox", name, guid }));
  const targets = { left: targetNames(nodes, left.fit), right: targetNames(nodes, right.fit) };
  const final = new Set(members.map(({ name }) => nameKey(name)));
  const views = { left: l, right: r };
  const before = (side: Side): readonly TreeOperation[] => {
    const renames = members.flatMap((member) => {
      const node = member[side];
      const target = targets[side].get(member.name)!;
      return node === null || nameKey(node.name) === nameKey(target)
        ? []
        : [{ name: node.name, guid: node.guid, target }];
    });
    const other = side === "left" ? r : l;
    // Only what the other side's log tells to be deleted goes; a mailbox that is merely missing there does not.
    // Children first: what is left of a parent that still has some would stay as a directory.
    const deletes = deletedOn(other, views[side], side).filter(({ guid }) => !kept.has(guid))
      .reverse();
    return [
      ...deletes.map(({ name, guid }): TreeOperation => ({ _tag: "DeleteMailbox", name, guid })),
      ...orderRenames(renames),
    ];
  };
  const pairs = members.map((member): MergePair => ({
    name: member.name,
    left: member.left?.guid ?? null,
    right: member.right?.guid ?? null,
    leftName: targets.left.get(member.name)!,
    rightName: targets.right.get(member.name)!,
    guid: member.guid,
    revived: member.revived,
  })).sort((a, b) => nameKey(a.name) < nameKey(b.name) ? -1 : 1);
  return {
    before: { left: before("left"), right: before("right") },
    pairs: inboxFirst(pairs),
    after: {
      left: [...planDirectories(l, r, final), ...planSubscriptions(l, r, past)],
      right: [...planDirectories(r, l, final), ...planSubscriptions(r, l, past)],
    },
    problems,
  };
};
