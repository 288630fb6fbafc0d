/**
 * New mails of both sides in one order, and the UIDs that they get: the same on both ends.
 *
 * @module
 */
import type { MailRecord } from "../model/mail.ts";
import { recordKey } from "./record_key.ts";

/** One mail of the merged list: on the left, on the right, or one mail (equal GUID) on both. */
export interface Assigned {
  /** The left side's mail; null: only the right has it. */
  readonly left: MailRecord | null;
  /** The right side's mail; null: only the left has it. */
  readonly right: MailRecord | null;
  /** The UID that both sides shall have it at. */
  readonly uid: number;
}

/** UIDs of mails that cannot be carried over now, on each side. */
export interface Stuck {
  /** The left side's. */
  readonly left: ReadonlySet<number>;
  /** The right side's. */
  readonly right: ReadonlySet<number>;
}

const NONE_STUCK: Stuck = { left: new Set(), right: new Set() };

/** The result for one mailbox. */
export interface Assignment {
  /** Ascending by UID, without those that stay as they are: stuck, and on one side only. */
  readonly mails: readonly Assigned[];
  /** The UIDNEXT that both sides shall have. */
  readonly uidNext: number;
}

interface Entry {
  left: MailRecord | null;
  right: MailRecord | null;
  uid: number;
  usable: boolean;
  skip: boolean;
  linked: Entry | null;
}

const compareText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;

/** Whether the mail `a` comes before `b` in the merged list: by GUID text in bytes, then by UID. */
const isBefore = (a: MailRecord, b: MailRecord): boolean =>
  (compareText(a.guid, b.guid) || a.uid - b.uid) < 0;

/** Merges the two queues by comparing their heads; equal GUID and UID make one entry. */
const mergeQueues = (left: readonly MailRecord[], right: readonly MailRecord[]): Entry[] => {
  const entries: Entry[] = [];
  let l = 0;
  let r = 0;
  const push = (a: MailRecord | null, b: MailRecord | null): void => {
    entries.push({
      left: a,
      right: b,
      uid: (a ?? b)!.uid,
      usable: a !== null && b !== null,
      skip: false,
      linked: null,
    });
  };
  while (l < left.length || r < right.length) {
    const a = left[l];
    const b = right[r];
    if (a !== undefined && b !== undefined && a.uid === b.uid && a.guid === b.guid) {
      push(a, b);
      l++;
      r++;
    } else if (b === undefined || (a !== undefined && isBefore(a, b))) {
      push(a!, null);
      l++;
    } else {
      push(null, b);
      r++;
    }
  }
  return entries;
};

const isLeft = (entry: Entry): boolean => entry.left !== null && entry.right === null;
const isRight = (entry: Entry): boolean => entry.right !== null && entry.left === null;
const fromOtherSides = (a: Entry, b: Entry): boolean =>
  (isLeft(a) && isRight(b)) || (isRight(a) && isLeft(b));

/** Links copies of one GUID across the sides, first to first, so that each pair becomes one mail. */
const linkCopies = (entries: readonly Entry[]): void => {
  const chains = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = recordKey((entry.left ?? entry.right)!);
    const chain = chains.get(key);
    if (chain === undefined) {
      chains.set(key, [entry]);
      continue;
    }
    for (const earlier of chain) if (earlier.uid === entry.uid) earlier.usable = true;
    const partner = chain.find((earlier) =>
      earlier.linked === null && fromOtherSides(earlier, entry)
    );
    if (partner !== undefined) {
      partner.linked = entry;
      entry.linked = partner;
    }
    chain.push(entry);
  }
};

/**
 * Gives each new mail its UID. `left` and `right` are the mails above the last common UID, ascending; the result is the
 * same whichever side computes it.
 *
 * A mail keeps its UID where the other side can still save it there; otherwise it gets one at the end, in the order of
 * the merged list, so in a UID conflict both mails move. The same mail at two UIDs becomes one; of n and m copies of
 * one mail max(n, m) stay. A mail that is stuck keeps its UID in any case, for another one would be of no use. Source:
 * Dovecot 2.3 dsync-mailbox-import.c, dsync_mailbox_import_assign_new_uids().
 */
export const assignUids = (
  left: readonly MailRecord[],
  right: readonly MailRecord[],
  uidNextLeft: number,
  uidNextRight: number,
  stuck: Stuck = NONE_STUCK,
): Assignment => {
  const entries = mergeQueues(left, right);
  for (const entry of entries) {
    if (isLeft(entry)) entry.usable = entry.uid >= uidNextRight;
    else if (isRight(entry)) entry.usable = entry.uid >= uidNextLeft;
  }
  // There are none where one side has no mail; the key of each would be made for nothing.
  if (left.length > 0 && right.length > 0) linkCopies(entries);
  let next = Math.max(uidNextLeft, uidNextRight);
  const mails: Assigned[] = [];
  for (const entry of entries) {
    if (entry.skip) continue;
    if (isLeft(entry) && entry.linked === null && stuck.left.has(entry.uid)) continue;
    if (isRight(entry) && entry.linked === null && stuck.right.has(entry.uid)) continue;
    const uid = entry.usable
      ? entry.uid
      : entry.linked?.usable === true
      ? entry.linked.uid
      : next++;
    if (entry.linked !== null) entry.linked.skip = true;
    mails.push({
      left: entry.left ?? entry.linked?.left ?? null,
      right: entry.right ?? entry.linked?.right ?? null,
      uid,
    });
  }
  mails.sort((a, b) => a.uid - b.uid);
  return { mails, uidNext: Math.max(next, (mails.at(-1)?.uid ?? 0) + 1) };
};

/** Entries of one UID and GUID (a linked copy met its own other) become one. `mails`: ascending by UID. */
export const withoutDoubles = (mails: readonly Assigned[]): readonly Assigned[] => {
  const single: Assigned[] = [];
  for (const mail of mails) {
    const there = single.at(-1);
    if (there?.uid !== mail.uid) {
      single.push(mail);
      continue;
    }
    const prefer = (a: MailRecord | null, b: MailRecord | null): MailRecord | null =>
      a?.uid === mail.uid ? a : b?.uid === mail.uid ? b : a ?? b;
    single[single.length - 1] = {
      uid: mail.uid,
      left: prefer(there.left, mail.left),
      right: prefer(there.right, mail.right),
    };
  }
  return single;
};

/** A side's new mails without those that stay as they are: stuck, and not among the assigned ones. */
export const withoutStuck = (
  records: readonly MailRecord[],
  stuck: ReadonlySet<number>,
  assigned: readonly Assigned[],
  side: "left" | "right",
): readonly MailRecord[] => {
  if (stuck.size === 0) return records;
  const placed = new Set(assigned.map((mail) => mail[side]));
  return records.filter((record) => placed.has(record) || !stuck.has(record.uid));
};
