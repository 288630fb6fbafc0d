/**
 * Why a merge does to a mail what it does.
 *
 * @module
 */
import { guid128Hex, sameGuid } from "../codec/guid.ts";
import type { MailDecision } from "../model/decision.ts";
import { flagNames, type Flags, keywordKey, type Keywords } from "../model/flags.ts";
import type { Guid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { CopyMail, Expunge, RenumberMail, UpdateFlags } from "../model/operation.ts";
import type { MailStep } from "../model/plan.ts";
import { type FlagRule, type FlagsChange, isWholesale } from "./merge_flags.ts";
import type { Contest, Contests, MergeSide } from "./merge_mailbox.ts";
import { recordKey } from "./record_key.ts";

/** What one side's mails and log say, found by UID and GUID; worked out when it is asked for. */
class Known {
  readonly #side: MergeSide;
  #mails: ReadonlyMap<number, MailRecord> | null = null;
  #guids: ReadonlyMap<string, readonly MailRecord[]> | null = null;
  #expunged: ReadonlyMap<number, Guid | null> | null = null;
  #expungedGuids: ReadonlySet<string> | null = null;

  constructor(side: MergeSide) {
    this.#side = side;
  }

  /** The mail at a UID. */
  at(uid: number): MailRecord | undefined {
    this.#mails ??= new Map(this.#side.records.map((record) => [record.uid, record]));
    return this.#mails.get(uid);
  }

  /** The mails with a GUID. */
  with(guid: Guid): readonly MailRecord[] {
    this.#guids ??= Map.groupBy(this.#side.records, recordKey);
    return this.#guids.get(guid128Hex(guid)) ?? [];
  }

  /** Whether its users expunged a mail with this GUID. */
  hasExpunged(guid: Guid): boolean {
    this.#expungedGuids ??= new Set(
      [...this.#removals().values()].flatMap((one) => one === null ? [] : guid128Hex(one)),
    );
    return this.#expungedGuids.size > 0 && this.#expungedGuids.has(guid128Hex(guid));
  }

  /** Whether its users expunged a mail at this UID of which the log does not say which it was. */
  hasExpungedAt(uid: number): boolean {
    return this.#removals().get(uid) === null;
  }

  #removals(): ReadonlyMap<number, Guid | null> {
    return this.#expunged ??= new Map(
      this.#side.changes.flatMap((change) =>
        change._tag === "Expunged" && !change.bySync ? [[change.uid, change.guid]] : []
      ),
    );
  }
}

const renumbered = ({ uid, guid, newUid }: RenumberMail, other: Known): MailDecision => {
  const there = other.at(uid);
  const same = other.with(guid).find((record) => record.uid !== uid);
  const reason = there !== undefined && !sameGuid(there.guid, guid)
    ? "the other side has another mail at that UID"
    : same !== undefined
    ? `the other side has the mail at UID ${same.uid}`
    : "the other side can give that UID to no mail any more";
  return { kind: "renumbered", uid, guid, to: String(newUid), reason };
};

const removed = ({ uid, guid }: Expunge, mine: Known, other: Known): MailDecision => {
  const reason = other.hasExpungedAt(uid) || other.hasExpunged(guid)
    ? "it was expunged on the other side"
    : mine.with(guid).length > 1
    ? "it is a second copy of a mail of which the other side has fewer"
    : "the other side had it, and has it no more";
  return { kind: "removed", uid, guid, to: null, reason };
};

const cameBack = ({ from, uid }: CopyMail, mine: Known): MailDecision | null =>
  mine.hasExpunged(from.guid)
    ? {
      kind: "came back",
      uid,
      guid: from.guid,
      to: null,
      reason: "it was expunged here, but the other side has it as a mail of its own",
    }
    : null;

const common = (a: Keywords, b: Keywords): Keywords => {
  const keys = new Set(b.map(keywordKey));
  return a.filter((name) => keys.has(keywordKey(name)));
};

/** Changes of one side's users that an update undoes, and that the other side's users contradicted. */
const lostFlags = (
  update: UpdateFlags,
  mine: FlagsChange,
  theirs: FlagsChange,
): readonly string[] => {
  const both = (a: Flags, b: Flags, c: Flags): Flags => (a & b & c) as Flags;
  // Where all flags were written anew the log calls all others removed, whether or not they were set.
  const removed = isWholesale(mine) ? 0 as Flags : mine.remove;
  return [
    ...flagNames(both(mine.add, theirs.remove, update.remove)).map((name) => `+${name}`),
    ...common(common(mine.addKeywords, theirs.removeKeywords), update.removeKeywords)
      .map((name) => `+${name}`),
    ...flagNames(both(removed, theirs.add, update.add)).map((name) => `-${name}`),
    ...common(common(mine.removeKeywords, theirs.addKeywords), update.addKeywords)
      .map((name) => `-${name}`),
  ];
};

const flagsLost = (
  update: UpdateFlags,
  { mine, theirs }: Contest,
  rule: FlagRule,
): MailDecision | null => {
  const [change, contrary] = [mine.change, theirs.change];
  if (change === null || contrary === null) return null;
  const lost = lostFlags(update, change, contrary);
  if (lost.length === 0) return null;
  const yields = rule === "single flags" && isWholesale(change) && !isWholesale(contrary);
  // The MODSEQs of the mails count, as for the merge.
  const reason = theirs.record.modSeq > mine.record.modSeq
    ? "the other side's change has the higher MODSEQ"
    : yields && lost.some((word) => /^[+-]\\/.test(word))
    ? "all flags were written anew here, and only single ones on the other side"
    : "both changes have one MODSEQ, and then the other side's counts";
  return { kind: "flags lost", uid: update.uid, guid: update.guid, to: lost.join(" "), reason };
};

/** Tells of a step what is to be wondered at; null: nothing. */
export type ExplainStep = (step: MailStep) => MailDecision | null;

/**
 * Tells of each operation that a merge planned for `mine` what is to be wondered at, if anything: a mail at another UID,
 * one that came back or was removed, a change of flags that lost. `contests` are that side's, `rule` is what settled them.
 */
export const explainMerge = (
  mine: MergeSide,
  other: MergeSide,
  contests: Contests,
  rule: FlagRule = "single flags",
): ExplainStep => {
  const [own, theirs] = [new Known(mine), new Known(other)];
  return (step) => {
    switch (step._tag) {
      case "CopyMail":
        return cameBack(step, own);
      case "RenumberMail":
        return renumbered(step, theirs);
      case "UpdateFlags": {
        const contest = contests.get(step.uid);
        return contest === undefined ? null : flagsLost(step, contest, rule);
      }
      case "Expunge":
        return removed(step, own, theirs);
    }
  };
};
