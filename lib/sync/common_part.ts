/**
 * Where two mailboxes stop having a common history, and what follows from it for the mails below.
 *
 * @module
 */
import { sameGuid } from "../codec/guid.ts";
import type { Guid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MergePolicy } from "./merge_policy.ts";
import { recordKey } from "./record_key.ts";

/** What a merge knows of one side's mails. */
export interface MailHistory {
  /** All mails, ascending by UID. */
  readonly records: readonly MailRecord[];
  /** UIDs that its log knows to be expunged, with the GUID where the log has it. */
  readonly expunged: ReadonlyMap<number, Guid | null>;
  /** Those that its users expunged, as far as the log has the GUID. */
  readonly removed: ReadonlyMap<number, Guid>;
  /** Whether its log reaches back to the mailbox's first day: then what it does not tell did not happen. */
  readonly complete: boolean;
  /** UIDs that this side has and that could not be carried over before: their absence elsewhere is no expunge. */
  readonly pending: ReadonlySet<number>;
  /**
   * UIDs at which its users saved mails since the sides were last equal, whether or not they are there still, as far as
   * that is known. Where both sides' users saved one, these are two mails, though they be copies of the same one.
   */
  readonly saves: ReadonlySet<number>;
  /** UIDs that it has and cannot read: which mails they are it does not know, so the other side's stay as they are. */
  readonly unreadable: ReadonlySet<number>;
  /** Mails that it has and does not show; the other side's copies of them stay as they are. */
  readonly hidden?: readonly MailRecord[];
}

/** The common part of two mailboxes, and what is above it. */
export interface CommonPart {
  /** The last UID of which both sides tell the same; 0: none. */
  readonly lastCommonUid: number;
  /** Mails that both have, at one UID. */
  readonly pairs: readonly (readonly [MailRecord, MailRecord])[];
  /** Mails of the left side that the right side's users expunged. */
  readonly expungeLeft: readonly MailRecord[];
  /** Mails of the right side that the left side's users expunged. */
  readonly expungeRight: readonly MailRecord[];
  /** Mails of the left side without a counterpart at their UID, ascending. */
  readonly newLeft: readonly MailRecord[];
  /** Mails of the right side without a counterpart at their UID, ascending. */
  readonly newRight: readonly MailRecord[];
}

type Keeps = NonNullable<MergePolicy["keeps"]>;

/** What is known of both sides together. */
export interface CommonRules {
  /**
   * When the sides were last equal each mail below this UID was on both of them. Infinity: so they are taken to have been
   * once. Absent: it is not known whether they ever were, and what a log does not tell proves nothing.
   */
  readonly equalBelow?: number;
  /** Which of the expunged stay, as new mails. */
  readonly keeps?: Keeps;
}

/** A mail of one side that the other side lacks without having said why. */
interface Doubtful {
  readonly isLeft: boolean;
  readonly record: MailRecord;
  /** The other side's log has an expunge of this UID, but not whose. */
  readonly told: boolean;
}

const uidsByKey = (records: readonly MailRecord[] = []): ReadonlyMap<string, number> =>
  new Map(records.map((record) => [recordKey(record), record.uid]));

/** The UID at which a mail is hidden; undefined: it is not. As a rule none is, and no key is worked out. */
const uidIn = (hidden: ReadonlyMap<string, number>, record: MailRecord): number | undefined =>
  hidden.size === 0 ? undefined : hidden.get(recordKey(record));

/** The walk over both sides by UID; ends at the first UID where they contradict each other. */
class Walk {
  lastCommonUid = 0;
  readonly pairs: [MailRecord, MailRecord][] = [];
  readonly expungeLeft: MailRecord[] = [];
  readonly expungeRight: MailRecord[] = [];
  readonly newLeft: MailRecord[] = [];
  readonly newRight: MailRecord[] = [];
  readonly #left: MailHistory;
  readonly #right: MailHistory;
  readonly #hiddenLeft: ReadonlyMap<string, number>;
  readonly #hiddenRight: ReadonlyMap<string, number>;
  readonly #keeps: Keeps;
  readonly #equalBelow: number | null;
  #doubtful: Doubtful[] = [];

  constructor(
    left: MailHistory,
    right: MailHistory,
    { keeps = () => false, equalBelow }: CommonRules,
  ) {
    this.#keeps = keeps;
    this.#equalBelow = equalBelow ?? null;
    this.#left = left;
    this.#right = right;
    this.#hiddenLeft = uidsByKey(left.hidden);
    this.#hiddenRight = uidsByKey(right.hidden);
  }

  /** The other side's users expunged it; whether it goes, or stays as a new mail. */
  #expunge(record: MailRecord, isLeft: boolean): void {
    const stays = this.#keeps(record, isLeft ? "left" : "right");
    if (isLeft) (stays ? this.newLeft : this.expungeLeft).push(record);
    else (stays ? this.newRight : this.expungeRight).push(record);
  }

  /** Both sides agree on `uid`: what is doubtful below it may have been expunged on the side that lacks it. */
  #agree(uid: number): void {
    this.lastCommonUid = uid;
    for (const doubtful of this.#doubtful) {
      const { isLeft, record } = doubtful;
      if (this.#isGone(doubtful)) this.#expunge(record, isLeft);
      else (isLeft ? this.newLeft : this.newRight).push(record);
    }
    this.#doubtful = [];
  }

  /** Whether the other side has had a mail, and has it no more. */
  #isGone({ isLeft, record: { uid }, told }: Doubtful): boolean {
    const [own, other] = isLeft ? [this.#left, this.#right] : [this.#right, this.#left];
    if (own.pending.has(uid) || this.#areTwo(uid)) return false;
    if (this.#equalBelow === null) return told;
    // A mail that came since may stand below others that a run has brought already.
    return uid < this.#equalBelow && (told || !other.complete);
  }

  /** Whether each side's users saved a mail of their own at this UID. */
  #areTwo(uid: number): boolean {
    return this.#left.saves.has(uid) && this.#right.saves.has(uid);
  }

  /** A mail that one side has; false: the sides contradict each other here. */
  #alone(record: MailRecord, isLeft: boolean): boolean {
    const other = isLeft ? this.#right : this.#left;
    if (other.unreadable.has(record.uid)) return true;
    const hiddenAt = uidIn(isLeft ? this.#hiddenRight : this.#hiddenLeft, record);
    if (hiddenAt !== undefined) {
      if (hiddenAt === record.uid) this.#agree(record.uid);
      return true;
    }
    const expunged = other.expunged.get(record.uid);
    if (expunged === undefined || expunged === null) {
      this.#doubtful.push({ isLeft, record, told: expunged === null });
      return true;
    }
    if (!sameGuid(expunged, record.guid) || this.#areTwo(record.uid)) return false;
    this.#agree(record.uid);
    this.#expunge(record, isLeft);
    return true;
  }

  /** One UID; false: the common part ends before it. */
  step(uid: number, left: MailRecord | null, right: MailRecord | null): boolean {
    if (left !== null && right !== null) {
      if (!sameGuid(left.guid, right.guid)) return false;
      this.#agree(uid);
      this.pairs.push([left, right]);
      return true;
    }
    if (left !== null) return this.#alone(left, true);
    if (right !== null) return this.#alone(right, false);
    const [a, b] = [this.#left.expunged.get(uid), this.#right.expunged.get(uid)];
    if (a != null && b != null && sameGuid(a, b)) this.#agree(uid);
    return true;
  }

  /**
   * The common part has ended: what is left over on either side is new to the other, but for a mail that the other
   * side's users had at this very UID, with this GUID, and removed.
   */
  end(restLeft: readonly MailRecord[], restRight: readonly MailRecord[]): void {
    for (const { isLeft, record } of this.#doubtful) {
      (isLeft ? this.newLeft : this.newRight).push(record);
    }
    const isRemoved = ({ removed }: MailHistory, { uid, guid }: MailRecord): boolean => {
      const known = removed.get(uid);
      return known !== undefined && sameGuid(known, guid) && !this.#areTwo(uid);
    };
    const [left, right] = [this.#left, this.#right];
    for (const record of restLeft) {
      if (right.unreadable.has(record.uid) || uidIn(this.#hiddenRight, record) !== undefined) {
        continue;
      }
      if (isRemoved(right, record)) this.#expunge(record, true);
      else this.newLeft.push(record);
    }
    for (const record of restRight) {
      if (left.unreadable.has(record.uid) || uidIn(this.#hiddenLeft, record) !== undefined) {
        continue;
      }
      if (isRemoved(left, record)) this.#expunge(record, false);
      else this.newRight.push(record);
    }
  }
}

/** UIDs that both logs have as expunged, ascending: they are common history too. */
const expungedOnBoth = (left: MailHistory, right: MailHistory): readonly number[] =>
  [...left.expunged.keys()].filter((uid) => right.expunged.has(uid)).sort((a, b) => a - b);

/**
 * Finds the common part of two mailboxes. Swapping the sides swaps the result and changes nothing else.
 *
 * Up to the last UID of which both sides tell the same (a mail with one GUID on both, or a mail here and its expunge in
 * the other's log) an expunge wins over all else, flag changes included. A mail below it that the other side lacks, and
 * of which its log is silent, was expunged there, too, as logs forget, if it was there when the sides were last equal;
 * unless the log is complete, or the mail is known never to have been carried over. Otherwise it is new (Dovecot deletes
 * it). Above it only a mail goes of which the other side's log has the very UID and GUID as expunged by a user: a run
 * that was cut short may have left the sides so (Dovecot brings it back). Where users of both sides saved a mail at one
 * UID since the sides were last equal, the one is not the other's.
 * Source: Dovecot 2.3 dsync-mailbox-import.c, dsync_mailbox_find_common_uid(), told for both sides at once.
 */
export const findCommonPart = (
  left: MailHistory,
  right: MailHistory,
  rules: CommonRules = {},
): CommonPart => {
  const walk = new Walk(left, right, rules);
  const gone = expungedOnBoth(left, right);
  let l = 0;
  let r = 0;
  let g = 0;
  while (l < left.records.length || r < right.records.length || g < gone.length) {
    const a = left.records[l]?.uid ?? Infinity;
    const b = right.records[r]?.uid ?? Infinity;
    const c = gone[g] ?? Infinity;
    const uid = Math.min(a, b, c);
    if (
      !walk.step(uid, a === uid ? left.records[l]! : null, b === uid ? right.records[r]! : null)
    ) break;
    if (a === uid) l++;
    if (b === uid) r++;
    if (c === uid) g++;
  }
  walk.end(left.records.slice(l), right.records.slice(r));
  return walk;
};
