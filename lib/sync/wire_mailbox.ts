/**
 * One mailbox as the dsync protocol tells of it: records and log changes become the list of items `C`, and back.
 *
 * @module
 */
import { guid128Hex } from "../codec/guid.ts";
import {
  type MailboxNumbers,
  type MailChange,
  UNKNOWN_VIRTUAL_SIZE,
} from "../codec/dsync_wire_item.ts";
import type { LogChange } from "../model/change.ts";
import {
  type Flags,
  flags,
  keywordKey,
  type Keywords,
  keywords,
  NO_FLAGS,
} from "../model/flags.ts";
import { type Guid, guid, type ModSeq, modSeq, type Uid, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import type { MergeSide } from "./merge_mailbox.ts";

/** What a list of changes is made of. */
export interface ToldSide {
  /** All mails, ascending by UID, with GUIDs in full text. */
  readonly records: readonly MailRecord[];
  /** What the log knows. */
  readonly changes: readonly LogChange[];
}

/** How far both ends know each other's mails: a saved state; zeros: not at all. */
export interface CommonState {
  /** Up to this UID both had the same mails. */
  readonly uid: number;
  /** Changes above this MODSEQ are news. */
  readonly modSeq: ModSeq;
}

/** What a filter on dates and sizes needs of each new mail, and what stands for GUIDs; by UID. */
export interface TellMore {
  /** Seconds since 1970. */
  readonly receivedAt: ReadonlyMap<number, number>;
  /** What is told of a mail that is there no more, of which nobody knows when it was received; null: dates do not count. */
  readonly expungedReceivedAt: number | null;
  /** Bytes with CRLF line ends. */
  readonly virtualSize: ReadonlyMap<number, number>;
  /** Hashes of headers; null: mails are known by their GUIDs. */
  readonly headerHash: ReadonlyMap<number, string> | null;
}

type FlagsChanged = Extract<LogChange, { _tag: "FlagsChanged" }>;

const NOTHING: Omit<MailChange, "type" | "uid"> = {
  _tag: "MailChange",
  guid: null,
  headerHash: null,
  modSeq: null,
  privateModSeq: null,
  addFlags: null,
  removeFlags: null,
  finalFlags: null,
  keywordsReset: false,
  keywordChanges: null,
  receivedAt: null,
  virtualSize: null,
};

const orNull = (bits: number): number | null => bits === 0 ? null : bits;

/** Each keyword once: "&" added and there, "=" there, "+" added and gone again, "-" removed. */
const keywordChanges = (
  there: Keywords,
  change: FlagsChanged | undefined,
): readonly string[] | null => {
  const added = new Set(change?.addKeywords);
  const told = there.map((name) => `${added.delete(name) ? "&" : "="}${name}`);
  const still = new Set(there);
  for (const name of added) told.push(`+${name}`);
  for (const name of change?.removeKeywords ?? []) if (!still.has(name)) told.push(`-${name}`);
  return told.length === 0 ? null : told;
};

/** A mail with what its log knows, as a save or a change of flags. */
const told = (
  type: "s" | "f",
  record: MailRecord,
  change: FlagsChanged | undefined,
  more: TellMore | null,
): MailChange => ({
  ...NOTHING,
  type,
  uid: record.uid,
  guid: record.guid,
  headerHash: more?.headerHash?.get(record.uid) ?? null,
  modSeq: record.modSeq === 0n ? null : record.modSeq,
  addFlags: orNull(change?.add ?? 0),
  removeFlags: orNull(change?.remove ?? 0),
  finalFlags: orNull(record.flags),
  keywordChanges: keywordChanges(record.keywords, change),
  // Zero would mean "not told".
  receivedAt: type === "s" ? positive(more?.receivedAt.get(record.uid)) : null,
  virtualSize: type === "s" ? sizeOf(more?.virtualSize.get(record.uid)) : null,
});

const positive = (at: number | undefined): number | null =>
  at === undefined ? null : Math.max(1, at);

const sizeOf = (size: number | undefined): bigint =>
  size === undefined ? UNKNOWN_VIRTUAL_SIZE : BigInt(size);

/**
 * The list of changes that one end sends of a mailbox; ascending by UID. Without a common state: every mail as a save and
 * every expunge that the log still has. With one: saves above its UID, and of the mails below those whose flags changed
 * or that were expunged above its MODSEQ. Source: Dovecot 2.3 dsync-mailbox-export.c.
 */
export const changesToTell = (
  side: ToldSide,
  common: CommonState,
  more: TellMore | null = null,
): readonly MailChange[] => {
  const flagged = new Map<number, FlagsChanged>();
  const expunged: MailChange[] = [];
  const there = new Set(side.records.map((record) => record.uid));
  for (const change of side.changes) {
    if (change._tag === "FlagsChanged") flagged.set(change.uid, change);
    else if (there.has(change.uid)) continue;
    else if (common.uid === 0 || (change.uid <= common.uid && change.modSeq > common.modSeq)) {
      const known = change.guid === null ? null : guid(guid128Hex(change.guid));
      const receivedAt = positive(more?.expungedReceivedAt ?? undefined);
      expunged.push({ ...NOTHING, type: "e", uid: change.uid, guid: known, receivedAt });
    }
  }
  const mails = side.records.flatMap((record): readonly MailChange[] => {
    if (common.uid === 0) return [told("s", record, flagged.get(record.uid), more)];
    if (record.uid > common.uid) return [told("s", record, undefined, more)];
    const change = flagged.get(record.uid);
    return record.modSeq > common.modSeq && change !== undefined
      ? [told("f", record, change, more)]
      : [];
  });
  return [...mails, ...expunged].sort((a, b) => a.uid - b.uid);
};

const statusOf = (numbers: MailboxNumbers): MailboxStatus => ({
  guid: numbers.guid,
  uidValidity: numbers.uidValidity,
  uidNext: numbers.uidNext,
  messages: numbers.messages,
  firstRecentUid: numbers.firstRecentUid,
  highestModSeq: numbers.highestModSeq,
  modSeqTracked: numbers.highestModSeq > 0n,
});

const named = (change: MailChange, kinds: string): Keywords =>
  keywords(
    (change.keywordChanges ?? []).filter((text) => kinds.includes(text[0] ?? " "))
      .map((text) => text.slice(1)),
  );

/** The mail that a save or a change of flags tells of. */
export const recordOf = (change: MailChange): MailRecord => ({
  uid: change.uid,
  guid: change.guid ?? guid(""),
  flags: flags(change.finalFlags ?? 0),
  keywords: named(change, "=&"),
  modSeq: change.modSeq ?? modSeq(0n),
});

/** What the peer's log knows of a mail that it still has; null: nothing. */
const flagsChangeOf = (change: MailChange): LogChange | null => {
  const add = flags(change.addFlags ?? 0);
  const remove = flags((change.removeFlags ?? 0) & ~add);
  const addKeywords = named(change, "+&");
  const removeKeywords = named(change, "-");
  const nothing = add === 0 && remove === 0 && addKeywords.length === 0 &&
    removeKeywords.length === 0;
  return nothing ? null : {
    _tag: "FlagsChanged",
    uid: change.uid,
    add,
    remove,
    addKeywords,
    removeKeywords,
    modSeq: change.modSeq ?? modSeq(0n),
  };
};

const expungeOf = (change: MailChange): LogChange => ({
  _tag: "Expunged",
  uid: change.uid,
  guid: change.guid,
  modSeq: change.modSeq ?? modSeq(0n),
  // A Dovecot brings a mail back that was expunged above the common part, whoever expunged it.
  bySync: true,
});

/** The peer's side of a merge, out of its numbers and its whole list of changes (no common state). */
export const toldSide = (numbers: MailboxNumbers, changes: readonly MailChange[]): MergeSide => {
  const records: MailRecord[] = [];
  const log: LogChange[] = [];
  for (const change of changes) {
    if (change.type === "e") {
      log.push(expungeOf(change));
      continue;
    }
    records.push(recordOf(change));
    const flagged = flagsChangeOf(change);
    if (flagged !== null) log.push(flagged);
  }
  return {
    status: statusOf(numbers),
    records,
    changes: log,
    complete: false,
    pending: new Set(),
    saves: new Set(),
    unreadable: new Set(),
  };
};

/** What `own` looked like to the peer's eyes: a Dovecot knows no wish of a user above the common part. */
export const asDovecotSees = (own: MergeSide): MergeSide => ({
  ...own,
  complete: false,
  changes: own.changes.map((change) =>
    change._tag === "Expunged" ? { ...change, bySync: true } : change
  ),
});

/** A state that does not fit the mailbox any more; both ends must start from nothing. */
export interface Misfit {
  /** What does not fit. */
  readonly what: string;
}

/** Both sides of a merge from a common state. */
export interface StatefulSides {
  /** This end. */
  readonly own: MergeSide;
  /** The other end. */
  readonly theirs: MergeSide;
}

/**
 * The peer's side where only its changes since a common state were told: below the common UID it has what `own` had then,
 * so what it did not tell of is as it is here, and what was expunged here it has no wish about. A change that names
 * another GUID than the mail here has is a misfit.
 */
export const toldSinceCommon = (
  own: MergeSide,
  numbers: MailboxNumbers,
  changes: readonly MailChange[],
  common: CommonState,
  same: (a: Guid, b: Guid) => boolean,
): StatefulSides | Misfit => {
  const below = new Map<number, MailRecord>();
  for (const record of own.records) if (record.uid <= common.uid) below.set(record.uid, record);
  const log: LogChange[] = [];
  const saves: MailRecord[] = [];
  for (const change of changes) {
    if (change.uid > common.uid) {
      if (change.type === "s") saves.push(recordOf(change));
      continue;
    }
    const mine = below.get(change.uid);
    if (mine === undefined) continue;
    if (change.guid !== null && change.guid !== "" && !same(mine.guid, change.guid)) {
      return { what: `UID ${change.uid} has the GUID ${mine.guid} here and ${change.guid} there` };
    }
    if (change.type === "e") {
      below.delete(change.uid);
      // The other end's log names the mail, or it is taken from here: it had it when both were equal.
      log.push({ ...expungeOf(change), guid: mine.guid } as LogChange);
      continue;
    }
    below.set(change.uid, recordOf(change));
    const flagged = flagsChangeOf(change);
    if (flagged !== null) log.push(flagged);
  }
  const theirs: MergeSide = {
    status: statusOf(numbers),
    records: [...below.values(), ...saves],
    changes: log,
    complete: false,
    pending: new Set(),
    saves: new Set(),
    unreadable: new Set(),
  };
  // Expunges of this end below the common UID are its own affair: the peer learns of them from our list.
  const recent = own.changes.filter((change) =>
    change._tag === "FlagsChanged" && change.uid <= common.uid && change.modSeq > common.modSeq
  );
  return { own: { ...own, changes: recent }, theirs };
};

/** A filter of new mails: -t, -e, -I and -O. */
export interface MailFilter {
  /** Only mails received from here on, seconds since 1970. */
  readonly since: number | null;
  /** Only mails received up to here, seconds since 1970. */
  readonly until: number | null;
  /** Only mails up to this size, bytes with CRLF line ends. */
  readonly maxSize: number | null;
  /** Only mails with this `\Flag` or keyword; behind a "-": only mails without it. */
  readonly flag: string | null;
}

const FLAG_BITS: Readonly<Record<string, Flags>> = {
  "\\answered": flags(0x01),
  "\\flagged": flags(0x02),
  "\\deleted": flags(0x04),
  "\\seen": flags(0x08),
  "\\draft": flags(0x10),
};

/** Whether a filter lets every mail through. */
export const isOpen = (filter: MailFilter): boolean =>
  filter.since === null && filter.until === null && filter.maxSize === null &&
  filter.flag === null;

/** Whether a mail that this end lacks is wanted here. What the peer did not tell of a mail does not hold it back. */
export const isWanted = (filter: MailFilter, change: MailChange): boolean => {
  const { receivedAt, virtualSize } = change;
  if (filter.since !== null && receivedAt !== null && receivedAt < filter.since) return false;
  if (filter.until !== null && receivedAt !== null && receivedAt > filter.until) return false;
  if (
    filter.maxSize !== null && virtualSize !== null && virtualSize !== UNKNOWN_VIRTUAL_SIZE &&
    virtualSize > BigInt(filter.maxSize)
  ) return false;
  return filter.flag === null || hasFlag(filter.flag, change);
};

const hasFlag = (wanted: string, change: MailChange): boolean => {
  const unwanted = wanted.startsWith("-");
  const name = keywordKey(unwanted ? wanted.slice(1) : wanted);
  const record = recordOf(change);
  const has = name.startsWith("\\")
    ? (record.flags & (FLAG_BITS[name] ?? NO_FLAGS)) !== 0
    : record.keywords.some((keyword) => keywordKey(keyword) === name);
  return has !== unwanted;
};

/** A UID that a list of changes must not go below; lists ascend strictly. */
export const descendsAt = (changes: readonly { readonly uid: Uid }[], last: number): Uid | null => {
  let before = last;
  for (const change of changes) {
    if (change.uid <= before) return uid(change.uid);
    before = change.uid;
  }
  return null;
};
