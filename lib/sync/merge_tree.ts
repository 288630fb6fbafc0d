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
import { inboxFirst, standsFor, targetNames } from "./backup_tree.ts";
import { type NamedSide, planDirectories, planSubscriptions } from "./merge_names.ts";
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

/** To fit a name takes long, and each is asked for some times. */
const remembering = (fit: TreeSide["fit"]): TreeSide["fit"] => {
  const known = new Map<MailboxName, MailboxName>();
  return (name) => {
    const fitted = known.get(name) ?? fit(name);
    known.set(name, fitted);
    return fitted;
  };
};

const viewOf = (given: TreeSide): View => {
  const side = { ...given, fit: remembering(given.fit) };
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

/** Whether a name of one side is a name, or what that side has in its place. */
const isNameOn = ({ side }: View, { name, guid }: MailboxNodeOf, whole: MailboxName): boolean =>
  standsFor(name, { _tag: "Mailbox", name: whole, guid }, side.fit);

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
  const same = isNameOn(r, right, a) || isNameOn(l, left, b);
  const at = { left: l.history.renamedAt(a), right: r.history.renamedAt(b) };
  // A name that the other side could only hold in a mended form is the true one.
  if (same) {
    const name = l.side.fit(b) === b ? a : b;
    return { name, namedAt: Math.max(at.left, at.right), otherName: null };
  }
  const [isOldLeft, isOldRight] = past === null ? [false, false] : [
    isNameOn(l, left, past),
    isNameOn(r, right, past),
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
          { mailbox: (left.name === INBOX ? right : left).name },
          "it is INBOX on the other side, by its GUID, and left as it is until it has another one " +
            "(doveadm mailbox update --mailbox-guid)",
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

/** The names that mailboxes get on a side; one that stands for another already stays what it is. */
const targetsOn = (
  side: Side,
  members: readonly Member[],
  { fit }: TreeSide,
): ReadonlyMap<MailboxName, MailboxName> => {
  const keyed = members.map((member) => [nameKey(member.name), member] as const)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, member]) => member);
  const nodes = keyed.map(({ name, guid }): MailboxNodeOf => ({ _tag: "Mailbox", name, guid }));
  const present = new Map(members.map((member) => [member.name, member[side]?.name ?? null]));
  return targetNames(nodes, fit, ({ name }) => present.get(name) ?? null);
};

/** A damaged mailbox of one side keeps the name for itself: nothing is put there, on either side. */
const damagedNames = (...views: readonly View[]): ReadonlySet<string> =>
  new Set(
    views.flatMap(({ tree }) =>
      tree.nodes.filter((node) => node._tag === "Damaged").map((node) => nameKey(node.name))
    ),
  );

const afterwards = (own: NamedSide, other: NamedSide, past: TreePast): readonly TreeOperation[] => [
  ...planDirectories(own, other),
  ...planSubscriptions(own, other, past),
];

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
  const targets = {
    left: targetsOn("left", members, l.side),
    right: targetsOn("right", members, r.side),
  };
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
  const first = { left: before("left"), right: before("right") };
  const named = (side: Side): NamedSide => ({
    ...views[side],
    targets: targets[side],
    left: new Set(first[side].map(({ name }) => name)),
  });
  return {
    before: first,
    pairs: inboxFirst(pairs),
    after: {
      left: afterwards(named("left"), named("right"), past),
      right: afterwards(named("right"), named("left"), past),
    },
    problems,
  };
};
