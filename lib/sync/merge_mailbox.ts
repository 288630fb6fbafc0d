/**
 * The stages *plan* and *resolve* of a mirror for one mailbox: what either side has to do.
 *
 * @module
 */
import type { LogChange } from "../model/change.ts";
import { type Flags, keywordsWithout, sameKeywords } from "../model/flags.ts";
import { type ModSeq, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import type {
  CopyMail,
  Expunge,
  RaiseStatus,
  RenumberMail,
  UpdateFlags,
} from "../model/operation.ts";
import { assignUids, withoutDoubles, withoutStuck } from "./assign_uids.ts";
import { findCommonPart } from "./common_part.ts";
import { recordKey } from "./record_key.ts";
import {
  type FlagRule,
  type FlagsChange,
  type FlagView,
  type MergedFlags,
  mergeFlags,
  type Role,
} from "./merge_flags.ts";
import type { MergePolicy } from "./merge_policy.ts";
import { expunges, flagsChanges, removals } from "./told_changes.ts";

/** What a merge plans for one side. */
export type MergeOperation = CopyMail | RenumberMail | UpdateFlags | Expunge | RaiseStatus;

/** One side of a merge. */
export interface MergeSide {
  /** Its numbers. */
  readonly status: MailboxStatus;
  /** All mails, ascending by UID. */
  readonly records: readonly MailRecord[];
  /** What its log knows. */
  readonly changes: readonly LogChange[];
  /** Whether the log reaches back to the mailbox's first day. */
  readonly complete: boolean;
  /** UIDs that this side has and that could not be carried over before. */
  readonly pending: ReadonlySet<number>;
  /** Those of them that were found a moment ago not to be readable still: they stay where they are, on this side alone. */
  readonly stuck?: ReadonlySet<number>;
  /** UIDs at which its users saved mails since the sides were last equal, also such as are gone, as far as is known. */
  readonly saves: ReadonlySet<number>;
  /** UIDs that this side has, and cannot read now. */
  readonly unreadable: ReadonlySet<number>;
  /** Mails that it has and does not show, as a view of a part: they and the other side's copies of them stay as they are. */
  readonly hidden?: readonly MailRecord[];
}

/** What either side has to do. Each list: saves and renumberings ascending by UID first, then flags, then expunges. */
export interface MergePlan {
  /** For the left side. */
  readonly left: readonly MergeOperation[];
  /** For the right side. */
  readonly right: readonly MergeOperation[];
  /** The last UID of the common history; 0: none. */
  readonly lastCommonUid: number;
  /** Mails that both have at one UID, ascending, the left side's first: the next look need not find that out again. */
  readonly pairs: readonly (readonly [MailRecord, MailRecord])[];
  /** The mails whose flags users of both sides changed, where a side has something to do for it. */
  readonly contests: Readonly<Record<"left" | "right", Contests>>;
}

/** A mail whose flags users of both sides changed. */
export interface Contest {
  /** What the side has for which it is planned. */
  readonly mine: FlagView;
  /** What the other side has. */
  readonly theirs: FlagView;
}

/** By the UID that the mail shall have. */
export type Contests = ReadonlyMap<number, Contest>;

/** A mail that both sides shall have, from the view of the side that it is planned for. */
interface Wanted {
  readonly uid: number;
  readonly mine: MailRecord | null;
  readonly theirs: MailRecord | null;
}

interface Sided {
  readonly side: MergeSide;
  readonly other: MergeSide;
  /** Whether the other side is left as it is. */
  readonly otherStays: boolean;
  readonly role: Role;
  readonly rule: FlagRule;
  readonly isLeft: boolean;
  readonly settle: MergePolicy["flags"];
  readonly changes: ReadonlyMap<number, FlagsChange>;
  readonly otherChanges: ReadonlyMap<number, FlagsChange>;
  /** Grows with the plan. */
  readonly contests: Map<number, Contest>;
}

/** A MODSEQ that no client of either side has seen. */
const unseenModSeq = (a: MergeSide, b: MergeSide): ModSeq => {
  const [x, y] = [a.status.highestModSeq, b.status.highestModSeq];
  return modSeq((x > y ? x : y) + 1n);
};

/** What both sides shall have: somebody's own rule, where there is one and the sides differ; else as usual. */
const settled = (
  { settle, isLeft }: Sided,
  { mine, theirs }: Contest,
  usual: MergedFlags,
): MergedFlags => {
  if (settle === undefined) return usual;
  const [a, b] = [mine.record, theirs.record];
  if (a.flags === b.flags && sameKeywords(a.keywords, b.keywords)) return usual;
  return isLeft ? settle(mine, theirs, usual) : settle(theirs, mine, usual);
};

/** Whether there is nothing to settle, as with nearly all mails of a merge. */
const areSettled = ({ side, other }: Sided, mine: MailRecord, theirs: MailRecord): boolean =>
  mine.flags === theirs.flags && sameKeywords(mine.keywords, theirs.keywords) &&
  (mine.modSeq === theirs.modSeq || !(side.status.modSeqTracked || other.status.modSeqTracked));

/** The update that gives the mail at `at` the merged flags, or null where it has them, MODSEQ included. */
const updateOf = (
  view: Sided,
  mine: MailRecord,
  theirs: MailRecord,
  at: number,
): UpdateFlags | null =>
  areSettled(view, mine, theirs) ? null : settlingUpdate(view, mine, theirs, at);

// Apart, as its closures would take memory for each of the mails that are settled.
const settlingUpdate = (
  view: Sided,
  mine: MailRecord,
  theirs: MailRecord,
  at: number,
): UpdateFlags | null => {
  const contest: Contest = {
    mine: { record: mine, change: view.changes.get(mine.uid) ?? null },
    theirs: { record: theirs, change: view.otherChanges.get(theirs.uid) ?? null },
  };
  const merged = settled(
    view,
    contest,
    mergeFlags(contest.mine, contest.theirs, view.role, view.rule),
  );
  const change = mine.flags !== merged.flags || !sameKeywords(mine.keywords, merged.keywords);
  const theyChange = theirs.flags !== merged.flags ||
    !sameKeywords(theirs.keywords, merged.keywords);
  // Each mail of a side that tracks none counts as changed at its highest. If the other side tracks, it begins to.
  const [mineTracked, theirsTracked] = [view.side, view.other].map((s) => s.status.modSeqTracked);
  const tracked = mineTracked || theirsTracked;
  const begins = tracked && !mineTracked && theirs.modSeq < mine.modSeq;
  const higher = theirs.modSeq > mine.modSeq ? theirs.modSeq : mine.modSeq;
  // A change must be news to the clients of the side where it happens, and in the end both sides have one MODSEQ.
  const isNews = (side: MergeSide): boolean => higher > side.status.highestModSeq;
  const tellOther = theyChange && !view.otherStays;
  const wanted = (change && !isNews(view.side)) || (tellOther && !isNews(view.other))
    ? unseenModSeq(view.side, view.other)
    : higher;
  if (!change && !begins && (!tracked || mine.modSeq >= wanted)) return null;
  if (contest.mine.change !== null && contest.theirs.change !== null) {
    view.contests.set(at, contest);
  }
  return {
    _tag: "UpdateFlags",
    uid: uid(at),
    guid: mine.guid,
    add: (merged.flags & ~mine.flags) as Flags,
    remove: (mine.flags & ~merged.flags) as Flags,
    addKeywords: keywordsWithout(merged.keywords, mine.keywords),
    removeKeywords: keywordsWithout(mine.keywords, merged.keywords),
    modSeq: tracked ? wanted : null,
  };
};

/** What the side has to do for the mails above the common part. */
const planNew = (
  view: Sided,
  own: readonly MailRecord[],
  wanted: readonly Wanted[],
): {
  readonly saves: (CopyMail | RenumberMail)[];
  readonly updates: UpdateFlags[];
  readonly expunges: Expunge[];
} => {
  const wantedAt = new Map(own.length === 0 ? [] : wanted.map((mail) => [mail.uid, mail]));
  // Mails that are not at a wanted UID of their GUID can move there: each to its own place first, copies to any.
  const movable = new Map<string, Set<MailRecord>>();
  for (const record of own) {
    const there = wantedAt.get(record.uid);
    if (there !== undefined && isOf(there, record)) continue;
    const key = recordKey(record);
    const chain = movable.get(key);
    if (chain === undefined) movable.set(key, new Set([record]));
    else chain.add(record);
  }
  const takeMovable = (mail: Wanted): MailRecord | null => {
    const chain = movable.size === 0 ? undefined : movable.get(keyOf(mail));
    if (chain === undefined) return null;
    const taken = mail.mine !== null && chain.has(mail.mine)
      ? mail.mine
      : [...chain].at(-1) ?? null;
    if (taken !== null) chain.delete(taken);
    return taken;
  };
  const present = new Map(own.map((record) => [record.uid as number, record]));
  const saves: (CopyMail | RenumberMail)[] = [];
  const updates: UpdateFlags[] = [];
  for (const mail of wanted) {
    const there = present.get(mail.uid);
    const stays = there !== undefined && isOf(mail, there) ? there : null;
    const moved = stays === null ? takeMovable(mail) : null;
    const mine = stays ?? moved;
    if (mine === null) {
      saves.push({
        _tag: "CopyMail",
        from: mail.theirs!,
        uid: uid(mail.uid),
        keepModSeq: view.other.status.modSeqTracked,
      });
      continue;
    }
    if (moved !== null) {
      saves.push({
        _tag: "RenumberMail",
        uid: moved.uid,
        guid: moved.guid,
        newUid: uid(mail.uid),
        modSeq: null,
      });
    }
    const update = mail.theirs === null ? null : updateOf(view, mine, mail.theirs, mail.uid);
    if (update !== null) updates.push(update);
  }
  const left = [...movable.values()].flatMap((chain) => [...chain]);
  return {
    saves,
    updates,
    expunges: left.map((record) => ({ _tag: "Expunge", uid: record.uid, guid: record.guid })),
  };
};

const keyOf = (mail: Wanted): string => recordKey((mail.mine ?? mail.theirs)!);

/** Whether a record of the side is of a wanted mail; as a rule it is the very same, and no key has to be made. */
const isOf = (mail: Wanted, record: MailRecord): boolean =>
  mail.mine === record || keyOf(mail) === recordKey(record);

/** `pairs`: the mails that both sides have, the left side's first. */
const planSide = (
  view: Sided,
  pairs: readonly (readonly [MailRecord, MailRecord])[],
  expunge: readonly MailRecord[],
  own: readonly MailRecord[],
  wanted: readonly Wanted[],
  uidNext: number,
): readonly MergeOperation[] => {
  const { saves, updates, expunges: surplus } = planNew(view, own, wanted);
  const merged: UpdateFlags[] = [];
  for (const pair of pairs) {
    const mine = view.isLeft ? pair[0] : pair[1];
    const theirs = view.isLeft ? pair[1] : pair[0];
    const update = updateOf(view, mine, theirs, mine.uid);
    if (update !== null) merged.push(update);
  }
  const gone = expunge.map((record): Expunge => ({
    _tag: "Expunge",
    uid: record.uid,
    guid: record.guid,
  }));
  const [mine, theirs] = [view.side.status, view.other.status];
  const operations: MergeOperation[] = [...saves, ...merged, ...updates, ...gone, ...surplus];
  const next = Math.max(uidNext, mine.uidNext, theirs.uidNext);
  if (
    next > mine.uidNext || theirs.highestModSeq > mine.highestModSeq ||
    theirs.firstRecentUid > mine.firstRecentUid
  ) {
    operations.push({
      _tag: "RaiseStatus",
      uidNext: next,
      highestModSeq: theirs.highestModSeq,
      firstRecentUid: Math.min(theirs.firstRecentUid, next),
    });
  }
  return operations;
};

/** How a mailbox is merged. */
export interface MergeRules {
  /**
   * The left side is left as it is, and its list is empty; the right side then keeps its own changes beside the left
   * side's, and after a conflict of UIDs the same mail may have two.
   */
  readonly oneWay?: boolean;
  /** When the sides were last equal each mail below this UID was on both, as `CommonRules` has it. */
  readonly equalBelow?: number;
  /** What settles contrary changes of flags. */
  readonly rule?: FlagRule;
  /** Rules of one's own. */
  readonly policy?: MergePolicy;
}

/**
 * Merges one mailbox that both sides may have changed. Nothing that only one side did is lost; the end is the same on
 * both sides, and each end of a wire can compute its own part: swapping the sides and the role swaps the plan.
 *
 * `role` is the left side's. Cost: linear in the mails of both sides, and logarithmic sorting of new ones.
 */
export const mergeMailbox = (
  left: MergeSide,
  right: MergeSide,
  role: Role,
  { oneWay = false, equalBelow, rule = "single flags", policy = {} }: MergeRules = {},
): MergePlan => {
  const history = (side: MergeSide) => ({
    ...side,
    expunged: expunges(side.changes),
    removed: removals(side.changes),
  });
  const common = findCommonPart(history(left), history(right), {
    ...(equalBelow === undefined ? {} : { equalBelow }),
    ...(policy.keeps === undefined ? {} : { keeps: policy.keeps }),
  });
  const stuck = { left: left.stuck ?? new Set<number>(), right: right.stuck ?? new Set<number>() };
  const assigned = assignUids(
    common.newLeft,
    common.newRight,
    left.status.uidNext,
    right.status.uidNext,
    stuck,
  );
  const mails = withoutDoubles(assigned.mails);
  const changes = { left: flagsChanges(left.changes), right: flagsChanges(right.changes) };
  const contests = { left: new Map<number, Contest>(), right: new Map<number, Contest>() };
  const otherRole: Role = role === "master" ? "slave" : "master";
  return {
    lastCommonUid: common.lastCommonUid,
    pairs: common.pairs,
    contests,
    left: oneWay ? [] : planSide(
      {
        side: left,
        other: right,
        otherStays: false,
        role,
        rule,
        isLeft: true,
        settle: policy.flags,
        changes: changes.left,
        otherChanges: changes.right,
        contests: contests.left,
      },
      common.pairs,
      common.expungeLeft,
      withoutStuck(common.newLeft, stuck.left, mails, "left"),
      mails.map((mail) => ({ uid: mail.uid, mine: mail.left, theirs: mail.right })),
      assigned.uidNext,
    ),
    right: planSide(
      {
        side: right,
        other: left,
        otherStays: oneWay,
        role: otherRole,
        rule,
        isLeft: false,
        settle: policy.flags,
        changes: changes.right,
        otherChanges: changes.left,
        contests: contests.right,
      },
      common.pairs,
      common.expungeRight,
      withoutStuck(common.newRight, stuck.right, mails, "right"),
      mails.map((mail) => ({ uid: mail.uid, mine: mail.right, theirs: mail.left })),
      assigned.uidNext,
    ),
  };
};

/** Whether a plan has nothing to do on either side. */
export const isSettled = (plan: MergePlan): boolean =>
  plan.left.length === 0 && plan.right.length === 0;
