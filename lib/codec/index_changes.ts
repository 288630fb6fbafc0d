/**
 * What the logs of an index tell of the past of its mailbox, folded to one net change per mail (Dovecot:
 * dsync-transaction-log-scan.c).
 *
 * @module
 */
import type { LogChange } from "../model/change.ts";
import { flags, NO_KEYWORDS } from "../model/flags.ts";
import { type Guid, guid, modSeq, type Uid, uid } from "../model/ids.ts";
import { FlagHistory } from "./index_flag_history.ts";
import { formatHex } from "./guid.ts";
import { KeywordHistory } from "./index_keyword_history.ts";
import type { LogEntry } from "./index_log.ts";
import type { LogRecord, UidRanges } from "./index_record.ts";
import { lowerBound } from "./index_rows.ts";
import type { IndexView } from "./index_view.ts";

interface Expunged {
  guid: Guid | null;
  modSeq: bigint;
  /** Whether a user asked for it, or did it without asking first. */
  byUser: boolean;
  /** Whether a request to do it was seen: then that says who wanted it. */
  requested: boolean;
}

/** A place between two records of the logs. */
export interface LogPosition {
  /** Sequence of the log file. */
  readonly seq: number;
  /** Offset in it. */
  readonly offset: number;
}

/** What {@linkcode foldChanges} may be told besides. */
export interface FoldOptions {
  /** The state before the first entry: what each record really changes is then known of all mails. */
  readonly before?: IndexView | null;
  /** Changes of flags and keywords before this place are settled, and not told. */
  readonly since?: LogPosition | null;
}

/**
 * Folds log entries, oldest first, to changes in the order of UIDs. `view` is the state after the last of them: what it
 * has no mail for was expunged, and changes of flags are told of its mails alone.
 *
 * Changes that dsync made do not count, but its expunges are told, marked. An expunge that the mailbox's owner carried
 * out for somebody bears no mark itself; its request does. A flag that was set already is not told as set, nor one that
 * was not set as cleared, as far as that is known: of mails that the entries append, and of those of `before`. Linear
 * in the entries and the mails that their ranges cover.
 */
export const foldChanges = (
  entries: readonly LogEntry[],
  view: IndexView,
  { before = null, since = null }: FoldOptions = {},
): readonly LogChange[] => {
  const fold = new Fold(view, toldUids(entries, view, since), goneUids(entries, view), since);
  if (before !== null) fold.begin(before);
  for (const entry of entries) fold.take(entry);
  return fold.changes();
};

/**
 * UIDs that the logs name one by one and that are gone, ascending; none where no record needs them. The ranges of old
 * expunge records may hold any number of UIDs that never were.
 */
const goneUids = (entries: readonly LogEntry[], view: IndexView): Uint32Array => {
  if (!entries.some(({ record }) => record._tag === "Expunge")) return new Uint32Array(0);
  const gone = new Set<number>();
  for (const { record } of entries) {
    if (record._tag !== "Append" && record._tag !== "ExtRecordUpdate") continue;
    let hint = 0;
    for (const one of record.uids) {
      const row = view.rowOf(one, hint);
      if (row < 0) gone.add(one);
      else hint = row + 1;
    }
  }
  return Uint32Array.from(gone).sort();
};

/**
 * UIDs of the mails whose flags and keywords may be told of, ascending: with `since` those that a record touches from
 * there on, which are few. What came before is of interest for them alone.
 */
const toldUids = (
  entries: readonly LogEntry[],
  view: IndexView,
  since: LogPosition | null,
): Uint32Array => {
  const all = view.uids;
  if (since === null) return all;
  const touched = new Uint8Array(all.length);
  for (const entry of entries) {
    const { record } = entry;
    const isOfFlags = record._tag === "FlagUpdate" || record._tag === "KeywordUpdate" ||
      record._tag === "KeywordReset";
    if (isOfFlags && !isBefore(entry, since)) {
      eachRow(all, record.uids, (row) => void (touched[row] = 1));
    }
  }
  return all.filter((_, row) => touched[row] !== 0);
};

/** Gives the row of each mail in the ranges, and the number of the range. */
const eachRow = (
  uids: Uint32Array,
  { first, last }: UidRanges,
  use: (row: number, i: number) => void,
): void => {
  let row = 0;
  for (let i = 0; i < first.length; i++) {
    const end = last[i]!;
    row = lowerBound(uids, uids.length, first[i]!, row);
    if (row === uids.length) return;
    for (; row < uids.length && uids[row]! <= end; row++) use(row, i);
  }
};

const isBefore = ({ seq, offset }: LogEntry, place: LogPosition): boolean =>
  seq < place.seq || (seq === place.seq && offset < place.offset);

/**
 * UIDs that log entries, oldest first, add from `since` on, whether or not they are there still: what a sync added is left
 * out. Linear in the entries and their mails.
 */
export const foldSaves = (entries: readonly LogEntry[], since: LogPosition): readonly Uid[] => {
  const saves: Uid[] = [];
  for (const entry of entries) {
    if (entry.record._tag !== "Append" || entry.sync || isBefore(entry, since)) continue;
    for (const one of entry.record.uids) saves.push(uid(one));
  }
  return saves;
};

class Fold {
  readonly #view: IndexView;
  /** The UIDs of the mails that are told of; their rows are places in it. */
  readonly #uids: Uint32Array;
  readonly #gone: Uint32Array;
  readonly #since: LogPosition | null;
  readonly #expunged = new Map<number, Expunged>();
  readonly #flags: FlagHistory;
  readonly #keywords: KeywordHistory;
  /** The modseqs after the records that may tell of users' changes; a 0 before them. */
  readonly #modSeqs: bigint[] = [0n];
  /** By row which of the modseqs is that of the last change. */
  readonly #changedAt: Uint32Array;

  constructor(
    view: IndexView,
    told: Uint32Array,
    gone: Uint32Array,
    since: LogPosition | null,
  ) {
    this.#view = view;
    this.#uids = told;
    this.#gone = gone;
    this.#since = since;
    this.#flags = new FlagHistory(told.length);
    this.#keywords = new KeywordHistory(told.length);
    this.#changedAt = new Uint32Array(told.length);
  }

  begin(before: IndexView): void {
    this.#eachIn(before.uids, (row, was) => {
      this.#flags.know(row, before.flagsOf(was));
      this.#keywords.know(row, before.keywordsOf(was));
    });
  }

  take(entry: LogEntry): void {
    const { record } = entry;
    const settled = entry.sync || this.#isSettled(entry);
    switch (record._tag) {
      case "Append":
        return this.#append(record);
      case "ExpungeGuid":
        return this.#expungeMails(record, entry);
      case "Expunge":
        if (entry.external) this.#expungeRanges(record.uids, entry);
        return;
      case "FlagUpdate":
        return this.#updateFlags(record, settled, this.#moment(entry));
      case "KeywordUpdate": {
        const at = this.#moment(entry);
        const change = this.#keywords.change(record.name, record.op === "add", settled);
        return eachRow(this.#uids, record.uids, (row) => {
          if (change(row) && !settled) this.#changedAt[row] = at;
        });
      }
      case "KeywordReset":
        return this.#resetKeywords(record.uids, settled, this.#moment(entry));
      default:
        return;
    }
  }

  changes(): readonly LogChange[] {
    const out: LogChange[] = [];
    const gone = [...this.#expunged.keys()].sort((a, b) => a - b);
    let next = 0;
    const tellGoneBelow = (limit: number): void => {
      for (; next < gone.length && gone[next]! < limit; next++) {
        const one = gone[next]!;
        const { guid: known, modSeq: at, byUser } = this.#expunged.get(one)!;
        const bySync = !byUser;
        out.push({ _tag: "Expunged", uid: uid(one), guid: known, modSeq: modSeq(at), bySync });
      }
    };
    const keywordsOf = this.#keywords.told();
    for (let row = 0; row < this.#uids.length; row++) {
      const add = flags(this.#flags.added(row));
      const remove = flags(this.#flags.removed(row));
      const words = keywordsOf.get(row);
      if ((add | remove) === 0 && words === undefined) continue;
      tellGoneBelow(this.#uids[row]!);
      out.push({
        _tag: "FlagsChanged",
        uid: uid(this.#uids[row]!),
        add,
        remove,
        addKeywords: words?.add ?? NO_KEYWORDS,
        removeKeywords: words?.remove ?? NO_KEYWORDS,
        modSeq: modSeq(this.#modSeqs[this.#changedAt[row]!]!),
      });
    }
    tellGoneBelow(Infinity);
    return out;
  }

  #isSettled(entry: LogEntry): boolean {
    return this.#since !== null && isBefore(entry, this.#since);
  }

  /** A number for the modseq of an entry. */
  #moment(entry: LogEntry): number {
    return this.#modSeqs.push(entry.modSeq) - 1;
  }

  #append({ uids, flags: bits }: LogRecord & { readonly _tag: "Append" }): void {
    this.#eachIn(uids, (row, i) => {
      this.#flags.know(row, flags(bits[i]!));
      this.#keywords.know(row, NO_KEYWORDS);
    });
  }

  /** Gives the row of each mail that is among UIDs, which ascend, and its place there. */
  #eachIn(uids: Uint32Array, use: (row: number, place: number) => void): void {
    let place = 0;
    const from = lowerBound(this.#uids, this.#uids.length, uids[0] ?? 0, 0);
    for (let row = from; row < this.#uids.length && place < uids.length; row++) {
      place = lowerBound(uids, uids.length, this.#uids[row]!, place);
      if (uids[place] === this.#uids[row]) use(row, place);
    }
  }

  #expungeMails(
    { uids, guids }: LogRecord & { readonly _tag: "ExpungeGuid" },
    entry: LogEntry,
  ): void {
    for (let i = 0; i < uids.length; i++) {
      this.#expunge(uids[i]!, guids.subarray(i * 16, i * 16 + 16), entry);
    }
  }

  #expunge(
    one: number,
    guidBytes: Uint8Array | null,
    { external, sync, modSeq: at }: LogEntry,
  ): void {
    // A request of a mail that is still there has not been carried out.
    if (this.#view.rowOf(one) >= 0) return;
    let known = this.#expunged.get(one);
    if (known === undefined) {
      known = { guid: null, modSeq: at, byUser: false, requested: false };
      this.#expunged.set(one, known);
    }
    if (external) {
      known.modSeq = at;
      if (!known.requested) known.byUser ||= !sync;
    } else {
      if (!known.requested) known.byUser = false;
      known.requested = true;
      known.byUser ||= !sync;
    }
    if (guidBytes?.some((byte) => byte !== 0)) known.guid = guid(formatHex(guidBytes));
  }

  #expungeRanges({ first, last }: UidRanges, entry: LogEntry): void {
    const gone = this.#gone;
    let at = 0;
    for (let i = 0; i < first.length && at < gone.length; i++) {
      at = lowerBound(gone, gone.length, first[i]!, at);
      for (; at < gone.length && gone[at]! <= last[i]!; at++) this.#expunge(gone[at]!, null, entry);
    }
  }

  #updateFlags(
    { uids, add, remove }: LogRecord & { readonly _tag: "FlagUpdate" },
    settled: boolean,
    at: number,
  ): void {
    eachRow(this.#uids, uids, (row, i) => {
      if (this.#flags.change(row, add[i]!, remove[i]!, settled) && !settled) {
        this.#changedAt[row] = at;
      }
    });
  }

  #resetKeywords(ranges: UidRanges, settled: boolean, at: number): void {
    const rows = this.#uids;
    let from = 0;
    for (let i = 0; i < ranges.first.length; i++) {
      from = lowerBound(rows, rows.length, ranges.first[i]!, from);
      const to = lowerBound(rows, rows.length, ranges.last[i]! + 1, from);
      this.#keywords.reset({ from, to }, settled);
      if (!settled) this.#changedAt.fill(at, from, to);
      from = to;
    }
  }
}
