/**
 * Records for a Maildir's index log, from what was done to its mails. Pure.
 *
 * @module
 */
import { grown } from "../../codec/growing.ts";
import {
  appendMails,
  expungeMails,
  type FlagChange,
  MODSEQ,
  raiseModSeqs,
  setExtensionRecords,
  setHeader,
  trackModSeqs,
  updateFlags,
  updateKeywords,
  withExactModSeqs,
} from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import type { LogRecord } from "../../codec/index_record.ts";
import type { IndexView } from "../../codec/index_view.ts";
import {
  ALL_FLAGS,
  type Flags,
  keywordKey,
  type Keywords,
  keywordsWithout,
} from "../../model/flags.ts";
import type { ModSeq, Uid } from "../../model/ids.ts";

/** A mail that the index shall have. */
export interface IndexedMail {
  /** Its UID, not below the index's UIDNEXT. */
  readonly uid: Uid;
  /** System flags. */
  readonly flags: Flags;
  /** Keywords. */
  readonly keywords: Keywords;
}

/** A mail whose flags have become others. */
export interface FlagTurn {
  /** Its UID. */
  readonly uid: Uid;
  /** Flags that were set. */
  readonly add: Flags;
  /** Flags that were cleared. */
  readonly remove: Flags;
  /** Keywords that were set. */
  readonly addKeywords: Keywords;
  /** Keywords that were cleared. */
  readonly removeKeywords: Keywords;
}

/** Collects UIDs by keyword, names compared without case. */
class UidsByKeyword {
  readonly #uids = new Map<string, Uid[]>();
  readonly #names = new Map<string, string>();

  add(names: Keywords, uid: Uid): void {
    for (const name of names) {
      const key = keywordKey(name);
      const spelled = this.#names.get(key) ?? name;
      this.#names.set(key, spelled);
      const uids = this.#uids.get(spelled);
      if (uids === undefined) this.#uids.set(spelled, [uid]);
      else uids.push(uid);
    }
  }

  get map(): ReadonlyMap<string, readonly Uid[]> {
    return this.#uids;
  }
}

/** Records that add mails with their flags and keywords; UIDs ascend. */
export const addedMails = (mails: Iterable<IndexedMail>): readonly LogRecord[] => {
  let uids = new Uint32Array(0);
  let flagBytes = new Uint8Array(0);
  let count = 0;
  const byKeyword = new UidsByKeyword();
  for (const { uid, flags, keywords } of mails) {
    uids = grown(uids, count + 1);
    flagBytes = grown(flagBytes, count + 1);
    uids[count] = uid;
    flagBytes[count++] = flags;
    byKeyword.add(keywords, uid);
  }
  if (count === 0) return [];
  return [
    appendMails(uids.subarray(0, count), flagBytes.subarray(0, count)),
    ...updateKeywords("add", byKeyword.map),
  ];
};

/** Records that change flags and keywords; UIDs ascend. */
export const turnedFlags = (turns: readonly FlagTurn[]): readonly LogRecord[] => {
  const changes: FlagChange[] = turns.filter(({ add, remove }) => (add | remove) !== 0);
  const added = new UidsByKeyword();
  const removed = new UidsByKeyword();
  for (const { uid, addKeywords, removeKeywords } of turns) {
    added.add(addKeywords, uid);
    removed.add(removeKeywords, uid);
  }
  return [
    ...(changes.length > 0 ? [updateFlags(changes)] : []),
    ...updateKeywords("remove", removed.map),
    ...updateKeywords("add", added.map),
  ];
};

/** What has to happen to an index's mail so that it has these flags and keywords. */
export const turnTo = (view: IndexView, row: number, mail: IndexedMail): FlagTurn => {
  const flags = view.flagsOf(row);
  const names = view.keywordsOf(row);
  return {
    uid: mail.uid,
    add: (mail.flags & ~flags) as Flags,
    remove: (flags & ~mail.flags & ALL_FLAGS) as Flags,
    addKeywords: keywordsWithout(mail.keywords, names),
    removeKeywords: keywordsWithout(names, mail.keywords),
  };
};

/** Records that expunge mails; UIDs ascend. The GUIDs stay zeros, as in Dovecot's own records for a Maildir. */
export const expungedMails = (uids: readonly Uid[]): readonly LogRecord[] =>
  uids.length === 0 ? [] : [expungeMails(Uint32Array.from(uids))];

/** A mail and the modseq it shall have. */
export interface WantedModSeq {
  /** The mail. */
  readonly uid: Uid;
  /** Its modseq, at least 1. */
  readonly modSeq: ModSeq;
}

const columns = (wanted: readonly WantedModSeq[]) => ({
  uids: Uint32Array.from(wanted, ({ uid }) => uid),
  modSeqs: BigUint64Array.from(wanted, ({ modSeq }) => modSeq),
});

/**
 * The records `before` together with exact modseqs for mails that they append; UIDs ascend. Where the index keeps
 * modseqs already the extension's data is set as such, for a MODSEQ_UPDATE cannot lower what the append has given.
 */
export const withModSeqs = (
  view: IndexView,
  at: { readonly seq: number; readonly offset: number },
  before: readonly LogRecord[],
  wanted: readonly WantedModSeq[],
): readonly LogRecord[] => {
  if (wanted.length === 0) return before;
  const { uids, modSeqs } = columns(wanted);
  if (!view.modSeqTracked && view.count === 0) return withExactModSeqs(at, before, uids, modSeqs);
  const highest = modSeqs.reduce((a, b) => a > b ? a : b);
  return [
    ...(view.modSeqTracked ? [] : trackModSeqs(view.highestModSeq)),
    ...before,
    ...setExtensionRecords(MODSEQ, uids, new Uint8Array(modSeqs.buffer)),
    raiseModSeqs(Uint32Array.of(0), BigUint64Array.of(highest)),
  ];
};

/** Records that raise modseqs of mails that exist, where they are lower; UIDs ascend. */
export const raisedModSeqs = (
  view: IndexView,
  wanted: readonly WantedModSeq[],
): readonly LogRecord[] => {
  if (wanted.length === 0) return [];
  const { uids, modSeqs } = columns(wanted);
  return [
    ...(view.modSeqTracked ? [] : trackModSeqs(view.highestModSeq)),
    raiseModSeqs(uids, modSeqs),
  ];
};

/** The numbers of a mailbox that may be raised. */
export interface Counters {
  /** UIDNEXT. */
  readonly uidNext: number;
  /** UIDs from here on are \Recent. */
  readonly firstRecentUid: number;
}

/** Records that raise counters above those of a view (as it will be, UIDNEXT included); none is lowered. */
export const raisedCounters = (
  { uidNext, firstRecentUid }: Counters,
  wanted: Counters,
): readonly LogRecord[] => {
  const fields: (readonly [number, number])[] = [];
  if (wanted.uidNext > uidNext) fields.push([HEADER_AT.nextUid, wanted.uidNext]);
  const recent = Math.min(wanted.firstRecentUid, Math.max(uidNext, wanted.uidNext));
  if (recent > firstRecentUid) fields.push([HEADER_AT.firstRecentUid, recent]);
  return fields.length === 0 ? [] : [setHeader(fields)];
};
