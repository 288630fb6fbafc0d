/**
 * What one end of a session does with a mailbox when both have told what they have: the stages *plan* and *resolve* for a
 * peer that decides for itself, as a Dovecot does.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { sameGuid } from "../codec/guid.ts";
import type { MailboxNumbers, MailChange, MailRequest } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type Guid, guid, type Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { CopyMail } from "../model/operation.ts";
import { byHeaderHash, withOwnGuids } from "./by_header_hash.ts";
import type { Role } from "./merge_flags.ts";
import { explainMerge, type ExplainStep } from "./explain_merge.ts";
import { mergeMailbox, type MergeOperation, type MergeSide } from "./merge_mailbox.ts";
import type { Flow } from "./session_order.ts";
import {
  asDovecotSees,
  type CommonState,
  isOpen,
  isWanted,
  type MailFilter,
  toldSide,
  toldSinceCommon,
} from "./wire_mailbox.ts";

/** What both ends told. */
export interface Told {
  /** This end, with GUIDs in full text. */
  readonly side: MergeSide;
  /** This end's mails as they are told. */
  readonly ours: readonly MailChange[];
  /** What the other end told. */
  readonly theirs: readonly MailChange[];
  /** The other end's numbers. */
  readonly numbers: MailboxNumbers;
  /** What both have in common. */
  readonly common: CommonState;
  /** UIDs of the other end that could not be carried over before. */
  readonly pendingThere: ReadonlySet<number>;
  /** Where no common state is told: each mail below this UID was on both once; null: that is known of none. */
  readonly equalBelow: number | null;
}

/** How the session is held. */
export interface ExchangeRules {
  /** This end's role. */
  readonly role: Role;
  /** Which way mails go. */
  readonly flow: Flow;
  /** Which new mails are wanted. */
  readonly filter: MailFilter;
  /** Mails are known by their headers, as one end has no usable GUIDs; null: by GUIDs. */
  readonly byHeaders: { readonly emptyHeaderWorkaround: boolean } | null;
}

/** The plan of this end, and what is expected of the other. */
export interface ExchangePlan {
  /** What this end does. */
  readonly here: readonly MergeOperation[];
  /** The UIDNEXT that both have then. */
  readonly uidNext: number;
  /** What the other end is expected to do. */
  readonly there: readonly MergeOperation[];
  /** What of this end's part is to be wondered at, step by step. */
  readonly explain: ExplainStep;
  /** UIDs of mails that one end alone has, and that the filter left out, or that could not be carried over before. */
  readonly pending: Readonly<Record<"here" | "there", readonly number[]>>;
}

/** What a mail is called by between two ends: its GUID, or, where the other end knows none, its UID. */
export const mailKey = (mail: { readonly guid: Guid | null; readonly uid: Uid | null }): string =>
  mail.guid !== null && mail.guid !== "" ? mail.guid : `uid ${mail.uid}`;

/** How often each mail is wanted, by {@linkcode mailKey}. */
export const wantedCopies = (
  operations: readonly MergeOperation[],
): ReadonlyMap<string, number> => {
  const wanted = new Map<string, number>();
  for (const operation of operations) {
    if (operation._tag !== "CopyMail") continue;
    const key = mailKey(operation.from);
    wanted.set(key, (wanted.get(key) ?? 0) + 1);
  }
  return wanted;
};

/** One request for each mail, however many copies are wanted. */
export const requestsOf = (operations: readonly MergeOperation[]): readonly MailRequest[] => {
  const asked = new Map<string, MailRequest>();
  for (const operation of operations) {
    if (operation._tag !== "CopyMail") continue;
    const { guid: known, uid } = operation.from;
    const key = mailKey(operation.from);
    if (asked.has(key)) continue;
    asked.set(key, { _tag: "MailRequest", guid: known === "" ? null : known, uid });
  }
  return [...asked.values()];
};

/** Whether a user can see what an operation does; MODSEQs alone are none of it. */
const isVisible = (operation: MergeOperation): boolean =>
  operation._tag === "UpdateFlags"
    ? operation.add !== 0 || operation.remove !== 0 || operation.addKeywords.length > 0 ||
      operation.removeKeywords.length > 0
    : operation._tag !== "RaiseStatus";

/**
 * Of several copies of one mail that a Dovecot moves to new UIDs the one with the highest UID goes first: to the lowest.
 * What is copied from it has to have the flags of the mail that will be at that UID there.
 */
const asDovecotMoves = (operations: readonly MergeOperation[]): readonly MergeOperation[] => {
  const moved = new Map<string, CopyMail[]>();
  for (const operation of operations) {
    if (operation._tag !== "CopyMail" || operation.from.uid === operation.uid) continue;
    const key = mailKey(operation.from);
    moved.set(key, [...moved.get(key) ?? [], operation]);
  }
  const sources = new Map<CopyMail, MailRecord>();
  for (const copies of moved.values()) {
    const byTarget = [...copies].sort((a, b) => a.uid - b.uid);
    const bySource = copies.map(({ from }) => from).sort((a, b) => b.uid - a.uid);
    byTarget.forEach((copy, i) => sources.set(copy, bySource[i]!));
  }
  return operations.map((operation) =>
    operation._tag === "CopyMail"
      ? { ...operation, from: sources.get(operation) ?? operation.from }
      : operation
  );
};

const targetUid = (operation: MergeOperation): number =>
  operation._tag === "CopyMail"
    ? operation.uid
    : operation._tag === "RenumberMail"
    ? operation.newUid
    : 0;

/**
 * What a filter leaves of both sides: a mail outside of it that only one side has is passed over, as if it were not
 * there: it is neither carried over nor expunged.
 */
const withinFilter = (
  { side, ours, theirs }: Told,
  filter: MailFilter,
): { readonly side: MergeSide; readonly theirs: readonly MailChange[] } => {
  if (isOpen(filter)) return { side, theirs };
  const told = new Map(theirs.map((change) => [change.uid, change]));
  const mine = new Map(ours.map((change) => [change.uid, change]));
  const isBoth = (uid: Uid): boolean => {
    const [here, there] = [mine.get(uid), told.get(uid)];
    return here !== undefined && there !== undefined &&
      sameGuid(here.guid ?? guid(""), there.guid ?? guid(""));
  };
  const isWithin = (change: MailChange): boolean =>
    change.type !== "s" || isBoth(change.uid) || isWanted(filter, change);
  return {
    side: { ...side, records: side.records.filter(({ uid }) => isWithin(mine.get(uid)!)) },
    theirs: theirs.filter(isWithin),
  };
};

interface AtUid {
  readonly uid: Uid;
}

const isMail = ({ type }: MailChange): boolean => type !== "e";

/** Mails that are not visible, and those that were pending and that the other end has not got at their UID. */
const pendingOf = (
  all: readonly AtUid[],
  visible: readonly AtUid[],
  others: readonly MailChange[],
  before: ReadonlySet<number>,
): readonly number[] => {
  if (before.size === 0 && all.length === visible.length) return [];
  const shown = new Set(visible.map(({ uid }) => uid));
  const there = new Set(others.filter(isMail).map(({ uid }) => uid));
  return all.map(({ uid }) => uid)
    .filter((uid) => !shown.has(uid) || (before.has(uid) && !there.has(uid)));
};

/**
 * A Dovecot takes all that is below a common mail for known to both, and with it a mail that a session which broke off did
 * not bring it any more. Where it is known better such a mail is new: it gets a UID that a Dovecot takes it at. What came
 * since a state is new, too. Behind a filter an earlier one may have left out what this one lets through: then silence
 * proves nothing.
 */
const lastEqual = (
  { common, equalBelow }: Told,
  filter: MailFilter,
): { readonly equalBelow?: number } => {
  if (common.uid > 0) return { equalBelow: common.uid + 1 };
  return equalBelow === null || !isOpen(filter) ? {} : { equalBelow };
};

/**
 * Plans this end's part. Two-way, both ends come to the same by the same rules; `in`: this end takes over what the other
 * one's users did, and keeps its own changes. `Changed`: the common state does not fit, and all has to be compared.
 */
export const planExchange = (
  original: Told,
  { role, flow, filter, byHeaders }: ExchangeRules,
): Either<SyncError, ExchangePlan> => {
  const told = byHeaders === null
    ? original
    : byHeaderHash(original, byHeaders.emptyHeaderWorkaround);
  const visible = withinFilter(told, filter);
  let own = asDovecotSees(visible.side);
  let theirs: MergeSide;
  if (told.common.uid > 0) {
    const sides = toldSinceCommon(own, told.numbers, visible.theirs, told.common, sameGuid);
    if ("what" in sides) {
      const what = `the saved state does not fit: ${sides.what}`;
      return E.left(syncError("Changed", "mailbox", {}, what));
    }
    ({ own, theirs } = sides);
  } else {
    theirs = toldSide(told.numbers, visible.theirs);
  }
  theirs = { ...theirs, pending: told.pendingThere };
  const otherRole = role === "master" ? "slave" : "master";
  const equal = lastEqual(told, filter);
  const plan = flow === "in"
    ? mergeMailbox(theirs, own, otherRole, { oneWay: true, ...equal, rule: "MODSEQ" })
    : mergeMailbox(own, theirs, role, { ...equal, rule: "MODSEQ" });
  const [planned, there, contests] = flow === "in"
    ? [plan.right, plan.left, plan.contests.right]
    : [plan.left, plan.right, plan.contests.left];
  const here = flow === "in" ? planned : asDovecotMoves(planned);
  return E.right({
    here: byHeaders === null ? here : withOwnGuids(here, original),
    uidNext: [...here, ...there].reduce(
      (next, operation) => Math.max(next, targetUid(operation) + 1),
      Math.max(own.status.uidNext, theirs.status.uidNext),
    ),
    there,
    explain: explainMerge(own, theirs, contests, "MODSEQ"),
    pending: {
      here: pendingOf(told.side.records, visible.side.records, told.theirs, own.pending),
      there: [
        // Since a state only news are told: of all others it is not known whether they are there still.
        ...told.common.uid > 0 ? theirs.pending : [],
        ...pendingOf(told.theirs.filter(isMail), visible.theirs, told.ours, theirs.pending),
      ],
    },
  });
};

/**
 * The plan without what was planned for this end's mails at `unsent`, which turned out not to be readable: they keep
 * their UIDs, as the new ones would be of no use, and the other end does not get them.
 */
export const withoutUnsent = (plan: ExchangePlan, unsent: ReadonlySet<number>): ExchangePlan => {
  if (unsent.size === 0) return plan;
  const moves = (operation: MergeOperation): boolean =>
    operation._tag === "RenumberMail" && unsent.has(operation.uid);
  const places = new Set(plan.here.filter(moves).map(targetUid));
  return {
    ...plan,
    here: plan.here.filter((operation) =>
      !moves(operation) && !(operation._tag === "UpdateFlags" && places.has(operation.uid))
    ),
    there: plan.there.filter((operation) =>
      !(operation._tag === "CopyMail" && unsent.has(operation.from.uid))
    ),
  };
};

/** Whether both ends have something to do that a user can see: then the end is expected, not proven. */
export const isDoubtful = ({ here, there }: ExchangePlan): boolean =>
  here.some(isVisible) && there.some(isVisible);
