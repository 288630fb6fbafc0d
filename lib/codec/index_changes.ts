/**
 * What index logs tell of the past of a mailbox, folded to one net change per mail (Dovecot:
 * dsync-transaction-log-scan.c).
 *
 * @module
 */
import type { LogChange } from "../model/change.ts";
import { type Flags, flags, type Keywords, keywords, NO_KEYWORDS } from "../model/flags.ts";
import { type Guid, guid, type ModSeq, modSeq, uid } from "../model/ids.ts";
import { formatHex } from "./guid.ts";
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

interface Changed {
  add: number;
  remove: number;
  /** By lower-case name: the name as it was spelled last, and whether it was added or removed last. */
  keywords: Map<string, { readonly name: string; readonly added: boolean }> | null;
  modSeq: bigint;
}

/**
 * Folds log entries, oldest first, to changes in the order of UIDs. `view` is the state after the last of them: what it
 * has no mail for was expunged, and changes of flags are told of its mails alone.
 *
 * Changes that dsync made do not count, but its expunges are told, marked. An expunge that the mailbox's owner carried
 * out for somebody bears no mark itself; its request does. Linear in the entries and the mails that their ranges cover.
 */
export const foldChanges = (
  entries: readonly LogEntry[],
  view: IndexView,
): readonly LogChange[] => {
  const fold = new Fold(view, knownGone(entries, view));
  for (const entry of entries) fold.take(entry);
  return fold.changes();
};

/**
 * UIDs that the logs name one by one and that are gone; none where no record needs them. The ranges of old expunge
 * records may hold any number of UIDs that never were.
 */
const knownGone = (entries: readonly LogEntry[], view: IndexView): readonly number[] => {
  const known = new Set<number>();
  if (!entries.some(({ record }) => record._tag === "Expunge")) return [];
  for (const { record } of entries) {
    if (record._tag !== "Append" && record._tag !== "ExtRecordUpdate") continue;
    let hint = 0;
    for (const one of record.uids) {
      const row = view.rowOf(one, hint);
      if (row < 0) known.add(one);
      else hint = row + 1;
    }
  }
  return [...known];
};

class Fold {
  readonly #view: IndexView;
  readonly #expunged = new Map<number, Expunged>();
  /** By row of the view. */
  readonly #changed = new Map<number, Changed>();
  /** UIDs that are gone and that the logs name. */
  readonly #known: readonly number[];

  constructor(view: IndexView, known: readonly number[]) {
    this.#view = view;
    this.#known = known;
  }

  take(entry: LogEntry): void {
    const { record } = entry;
    switch (record._tag) {
      case "ExpungeGuid":
        record.uids.forEach((one, i) => {
          this.#expunge(one, record.guids.subarray(i * 16, i * 16 + 16), entry);
        });
        return;
      case "Expunge":
        if (entry.external) this.#expungeRanges(record.uids, entry);
        return;
      case "FlagUpdate":
        if (!entry.sync) this.#updateFlags(record, entry.modSeq);
        return;
      case "KeywordUpdate":
        if (!entry.sync) this.#updateKeyword(record, entry.modSeq);
        return;
      case "KeywordReset":
        // Which keywords it took away is not in the log; those set before it are no change any more.
        if (!entry.sync) this.#each(record.uids, ({ keywords: names }) => names?.clear());
        return;
      default:
        return;
    }
  }

  changes(): readonly LogChange[] {
    const out: LogChange[] = [];
    for (const [one, { guid: known, modSeq: at, byUser }] of this.#expunged) {
      const modSeqOf = modSeq(at);
      out.push({ _tag: "Expunged", uid: uid(one), guid: known, modSeq: modSeqOf, bySync: !byUser });
    }
    for (const [row, change] of this.#changed) {
      const told = flagsChanged(this.#view.uidOf(row), change);
      if (told !== null) out.push(told);
    }
    return out.sort((a, b) => a.uid - b.uid);
  }

  #expunge(one: number, guidBytes: Uint8Array | null, { external, sync, modSeq: at }: LogEntry) {
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
    for (const one of this.#known) {
      // The last range that does not begin behind it.
      let low = 0;
      let high = first.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (first[middle]! <= one) low = middle + 1;
        else high = middle;
      }
      if (low > 0 && one <= last[low - 1]!) this.#expunge(one, null, entry);
    }
  }

  /** Gives the change of each mail in the ranges, made where it is new. */
  #each({ first, last }: UidRanges, use: (change: Changed) => void): void {
    const { uids } = this.#view;
    let row = 0;
    for (let i = 0; i < first.length; i++) {
      row = lowerBound(uids, uids.length, first[i]!, row);
      for (; row < uids.length && uids[row]! <= last[i]!; row++) {
        let change = this.#changed.get(row);
        if (change === undefined) {
          change = { add: 0, remove: 0, keywords: null, modSeq: 0n };
          this.#changed.set(row, change);
        }
        use(change);
      }
    }
  }

  #updateFlags(record: LogRecord & { _tag: "FlagUpdate" }, after: bigint): void {
    for (let i = 0; i < record.add.length; i++) {
      const add = flags(record.add[i]!);
      const remove = flags(record.remove[i]!);
      if ((add | remove) === 0) continue;
      const range = {
        first: record.uids.first.subarray(i, i + 1),
        last: record.uids.last.subarray(i, i + 1),
      };
      this.#each(range, (change) => {
        // A flag both added and removed by one record ends up set in the index.
        change.add = (change.add & ~remove) | add;
        change.remove = (change.remove & ~add) | (remove & ~add);
        change.modSeq = after;
      });
    }
  }

  #updateKeyword(record: LogRecord & { _tag: "KeywordUpdate" }, after: bigint): void {
    const told = { name: record.name, added: record.op === "add" };
    const key = record.name.toLowerCase();
    this.#each(record.uids, (change) => {
      change.keywords ??= new Map();
      change.keywords.set(key, told);
      change.modSeq = after;
    });
  }
}

const names = (change: Changed, added: boolean): Keywords => {
  if (change.keywords === null) return NO_KEYWORDS;
  const those = [...change.keywords.values()].filter((told) => told.added === added);
  return those.length === 0 ? NO_KEYWORDS : keywords(those.map(({ name }) => name));
};

const flagsChanged = (of: LogChange["uid"], change: Changed): LogChange | null => {
  const addKeywords = names(change, true);
  const removeKeywords = names(change, false);
  const add: Flags = flags(change.add);
  const remove: Flags = flags(change.remove);
  if ((add | remove) === 0 && addKeywords.length === 0 && removeKeywords.length === 0) return null;
  const at: ModSeq = modSeq(change.modSeq);
  return { _tag: "FlagsChanged", uid: of, add, remove, addKeywords, removeKeywords, modSeq: at };
};
