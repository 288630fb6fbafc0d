/**
 * What a Maildir holds, from its four sources: directories, dovecot-uidlist, dovecot-keywords and index. Pure; the
 * rules are those by which Dovecot brings its index up to date (its maildir-sync-index.c).
 *
 * @module
 */
import type { LogEntry } from "../../codec/index_log.ts";
import { RECORD_DIRTY } from "../../codec/index_snapshot.ts";
import type { IndexView } from "../../codec/index_view.ts";
import { type KeywordLetters, letterOf, withLostNames } from "../../codec/maildir_keywords.ts";
import { compareNewNames, MAX_LETTERS } from "../../codec/maildir_name.ts";
import type { Uidlist } from "../../codec/maildir_uidlist.ts";
import type { UidlistEntry } from "../../codec/maildir_uidlist_lines.ts";
import {
  type Flags,
  type Keywords,
  keywords,
  NO_KEYWORDS,
  sameKeywords,
} from "../../model/flags.ts";
import { type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { Listing } from "./listing.ts";
import { type MaildirMail, MailTable, NOT_COUNTED } from "./mail_table.ts";

/** What an index log asks for and nobody has carried out yet. */
export interface Pending {
  /** Mails whose flags or keywords the file name does not have yet. */
  readonly flags: ReadonlySet<number>;
  /** Mails that are to be expunged, and whether only a sync asked for it. */
  readonly expunges: ReadonlyMap<number, { readonly bySync: boolean }>;
}

/** Nothing is asked for. */
export const NOTHING_PENDING: Pending = { flags: new Set(), expunges: new Map() };

/** What has to be written so that all sources agree. */
export interface Discord {
  /** Files without a UID, by base name, in the order in which they get UIDs. */
  readonly unlisted: readonly string[];
  /** Lines of mails that come back under a UID that the index says is expunged: they get a new UID. */
  readonly revenants: readonly UidlistEntry[];
  /** Mails that the index does not have yet, ascending by UID. */
  readonly unindexed: MailTable;
  /** Mails whose flags or keywords the index has otherwise, ascending by UID. */
  readonly changed: readonly ChangedMail[];
  /** UIDs that the index has and no file, ascending. */
  readonly expunged: readonly Uid[];
  /** Mails that somebody is just expunging, ascending by UID: whoever asked for it will write it down. */
  readonly leaving: readonly LeavingMail[];
  /** The letters with names for those that lost theirs, or null where all have one. */
  readonly letters: KeywordLetters | null;
}

/** A mail that the index has with other flags or keywords. */
export interface ChangedMail extends MaildirMail {
  /** The flags that the index has. */
  readonly indexFlags: Flags;
  /** The keywords that the index has. */
  readonly indexKeywords: Keywords;
}

/** A mail whose file is still there, and whose expunge the index log asks for. */
export interface LeavingMail {
  /** Its line in dovecot-uidlist. */
  readonly entry: UidlistEntry;
  /** Whether only a sync asked for it. */
  readonly bySync: boolean;
}

/** The whole of a Maildir. */
export interface Merged {
  /** Ascending by UID. */
  readonly mails: MailTable;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** UIDs from here on are \Recent. */
  readonly firstRecentUid: number;
  /** HIGHESTMODSEQ, as it will be once the index knows what it does not know yet. */
  readonly highestModSeq: ModSeq;
  /** Whether mails have MODSEQs of their own. */
  readonly modSeqTracked: boolean;
  /** The letters that stand in file names, as a bit set. */
  readonly usedLetters: number;
  /** Base names in dovecot-uidlist that no file has. */
  readonly lost: ReadonlySet<string>;
  /** What is not written down everywhere. */
  readonly discord: Discord;
}

/** The four sources. */
export interface Sources {
  /** null: there is none. */
  readonly uidlist: Uidlist | null;
  /** The files, beside the lines of the list. */
  readonly files: Listing;
  /** dovecot-keywords. */
  readonly letters: KeywordLetters;
  /** null: there is none, or it belongs to another UIDVALIDITY. */
  readonly index: IndexView | null;
  /** What its log still asks for. */
  readonly pending: Pending;
}

/** What requests of a log ask for. */
export const pendingOf = (requests: readonly LogEntry[]): Pending => {
  if (requests.length === 0) return NOTHING_PENDING;
  const flags = new Set<number>();
  const expunges = new Map<number, { readonly bySync: boolean }>();
  const expunge = (uid: number, bySync: boolean): void => {
    expunges.set(uid, { bySync: bySync && (expunges.get(uid)?.bySync ?? true) });
  };
  for (const { record, sync } of requests) {
    switch (record._tag) {
      case "FlagUpdate":
      case "KeywordUpdate":
      case "KeywordReset":
        eachOf(record.uids, flags, (uid) => flags.add(uid));
        break;
      case "Expunge":
        eachOf(record.uids, expunges, (uid) => expunge(uid, sync));
        break;
      case "ExpungeGuid":
        for (const uid of record.uids) expunge(uid, sync);
        break;
      default:
        break;
    }
  }
  return { flags, expunges };
};

/** A range that an honest writer made covers mails that exist; nothing is added beyond this many. */
const MAX_PENDING = 1 << 20;

const eachOf = (
  { first, last }: { readonly first: Uint32Array; readonly last: Uint32Array },
  collected: { readonly size: number },
  use: (uid: number) => void,
): void => {
  for (let i = 0; i < first.length; i++) {
    for (let uid = first[i]!; uid <= last[i]! && collected.size < MAX_PENDING; uid++) use(uid);
  }
};

/** Gives the keywords of a set of letters; mails with the same set share one array. */
const keywordsByLetters = (letters: KeywordLetters): (set: number) => Keywords => {
  const known = new Map<number, Keywords>([[0, NO_KEYWORDS]]);
  return (set) => {
    let names = known.get(set);
    if (names === undefined) {
      names = keywords(
        letters.filter((name, n): name is string => name !== null && (set >> n & 1) !== 0),
      );
      known.set(set, names);
    }
    return names;
  };
};

/**
 * Keywords that only the index can hold stay with the mail: those without a letter while all 26 letters are taken. With
 * a letter to spare Dovecot would rather believe the file name.
 */
const indexOnly = (letters: KeywordLetters, all: Keywords): Keywords =>
  letters.every((name) => name !== null)
    ? all.filter((name) => letterOf(letters, name) < 0)
    : NO_KEYWORDS;

/**
 * By how much the highest modseq rises once the index is told, as Dovecot tells it: a record for all new mails, one for
 * all changed flags, one for all expunges, and one for each keyword.
 */
const riseOf = (
  unindexed: MailTable,
  changed: readonly ChangedMail[],
  expunged: readonly Uid[],
): bigint => {
  const given = new Set<string>();
  for (const names of unindexed.keywords) for (const name of names) given.add(name);
  const turned = new Set<string>();
  let flagsTurn = false;
  for (const { flags, indexFlags, keywords: names, indexKeywords } of changed) {
    if (flags !== indexFlags) flagsTurn = true;
    if (sameKeywords(names, indexKeywords)) continue;
    for (const name of names) turned.add(name);
    // Dovecot takes all of them away before it sets those that are wanted.
    turned.add("");
  }
  return BigInt(
    given.size + turned.size + (unindexed.length > 0 ? 1 : 0) + (flagsTurn ? 1 : 0) +
      (expunged.length > 0 ? 1 : 0),
  );
};

/**
 * Puts the sources together. A file without a line is no mail yet (it has no UID), a line without a file is none any
 * more. Flags are the file name's; the index's where it holds a change that is not carried out yet. Linear.
 */
export const mergeMaildir = (sources: Sources): Merged => {
  const { uidlist, files, index, pending } = sources;
  const { usedLetters, lines } = files;
  const letters = withLostNames(sources.letters, usedLetters);
  const namesOf = keywordsByLetters(letters);
  const lettersFull = letters.filter((name) => name !== null).length === MAX_LETTERS;
  const indexNext = index?.uidNext ?? 1;

  const mails = new MailTable(lines, lines.length);
  const revenants: UidlistEntry[] = [];
  const unindexed = new MailTable(lines);
  const changed: ChangedMail[] = [];
  const expunged: Uid[] = [];
  const leaving: LeavingMail[] = [];
  const lost = new Set<string>();
  let firstRecentUid = index?.firstRecentUid ?? 1;
  let at = 0;
  const indexCount = index?.count ?? 0;
  const expungeBelow = (uid: number): void => {
    for (; at < indexCount && index!.uidOf(at) < uid; at++) expunged.push(index!.uidOf(at));
  };

  for (let row = 0; row < lines.length; row++) {
    const ending = files.endingOf(row);
    if (ending === undefined) {
      lost.add(lines.nameAt(row));
      continue;
    }
    const uid = lines.uidAt(row);
    expungeBelow(uid);
    const there = at < indexCount && index!.uidOf(at) === uid;
    if (!there) {
      if (uid < indexNext) {
        revenants.push(lines.at(row));
        continue;
      }
      // What lies in cur/ with a UID has been seen by somebody.
      if (!ending.isNew && uid >= firstRecentUid) firstRecentUid = uid + 1;
      const names = namesOf(ending.letters);
      mails.push(row, ending, ending.flags, names, NOT_COUNTED);
      unindexed.push(row, ending, ending.flags, names, NOT_COUNTED);
      continue;
    }
    const indexAt = at++;
    const request = pending.expunges.get(uid);
    if (request !== undefined) {
      leaving.push({ entry: lines.at(row), bySync: request.bySync });
      continue;
    }
    const indexFlags = index!.flagsOf(indexAt);
    const indexKeywords = index!.keywordsOf(indexAt);
    const indexWins = (index!.rawFlagsOf(indexAt) & RECORD_DIRTY) !== 0 || pending.flags.has(uid);
    let names = namesOf(ending.letters);
    if (lettersFull && indexKeywords.length > 0) {
      const only = indexOnly(letters, indexKeywords);
      if (only.length > 0) names = keywords([...names, ...only]);
    }
    const same = ending.flags === indexFlags && sameKeywords(names, indexKeywords);
    if (indexWins || same) {
      mails.push(row, ending, indexFlags, indexKeywords, index!.modSeqOf(indexAt));
    } else {
      mails.push(row, ending, ending.flags, names, NOT_COUNTED);
      changed.push({ ...mails.at(mails.length - 1), indexFlags, indexKeywords });
    }
  }
  expungeBelow(Infinity);

  const unlisted = [...files.unlisted.keys()].sort(compareNewNames);
  const rise = riseOf(unindexed, changed, expunged);
  const highestModSeq = modSeq((index?.highestModSeq ?? 1n) + rise);
  const modSeqTracked = index?.modSeqTracked ?? false;
  if (rise !== 0n) mails.count(highestModSeq, modSeqTracked);
  return {
    mails,
    uidNext: Math.max(uidlist?.uidNext ?? 1, indexNext),
    firstRecentUid: Math.min(firstRecentUid, Math.max(uidlist?.uidNext ?? 1, indexNext)),
    highestModSeq,
    modSeqTracked,
    usedLetters,
    lost,
    discord: {
      unlisted,
      revenants,
      unindexed,
      changed,
      expunged,
      leaving,
      letters: letters === sources.letters ? null : letters,
    },
  };
};
