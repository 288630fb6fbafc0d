/**
 * The state of a mailbox's index: a snapshot with the log replayed on it.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { type Flags, flags, type Keywords, NO_KEYWORDS } from "../model/flags.ts";
import { type ModSeq, modSeq, type Uid, uid } from "../model/ids.ts";
import { Extension } from "./index_extension.ts";
import { blankIndexHeader, damagedAt, HEADER_AT } from "./index_header.ts";
import { KEYWORDS_EXTENSION, KeywordTable } from "./index_keywords.ts";
import type { LogCursor, LogEntry, LogStretch } from "./index_log.ts";
import { MODSEQ_EXTENSION } from "./index_modseq.ts";
import { replayEntry } from "./index_replay.ts";
import { ModSeqWords } from "./modseq_words.ts";
import { checkModSeqShape } from "./index_replay_extension.ts";
import { encodeSnapshot, type Snapshot } from "./index_snapshot.ts";
import {
  IndexState,
  MODSEQ_HEADER_SIZE,
  MODSEQ_LOG_OFFSET_AT,
  MODSEQ_LOG_SEQ_AT,
} from "./index_state.ts";

/** How many mails records add. */
const addedBy = (entries: readonly LogEntry[]): number => {
  let added = 0;
  for (const { record } of entries) if (record._tag === "Append") added += record.uids.length;
  return added;
};

/**
 * A mailbox's index as it stands after some record of its log. Mails are rows, 0 and up, in the order of their UIDs;
 * a row is good until the next {@linkcode apply}. After an error the view is of no use any more.
 */
export class IndexView {
  readonly #state: IndexState;
  #position: LogCursor;
  readonly #modSeqs = new ModSeqWords();

  private constructor(state: IndexState, position: LogCursor) {
    this.#state = state;
    this.#position = position;
  }

  /** The state before the first record of a log that starts from nothing. */
  static empty(indexId: number, position: LogCursor): IndexView {
    return new IndexView(new IndexState(blankIndexHeader(indexId)), position);
  }

  /**
   * The state of a snapshot, with `position` the place that its header names. Takes over the snapshot's columns: it is
   * of no use afterwards. Linear.
   */
  static of(snapshot: Snapshot, position: LogCursor): E.Either<SyncError, IndexView> {
    const state = new IndexState(snapshot.base.slice());
    const { rows } = state;
    // The records are in the file as they are here, so the file justifies them.
    rows.feed(snapshot.base.length + snapshot.uids.length * snapshot.header.recordSize);
    // Of the next log, where a rotation came between, nothing has been carried out yet.
    const { logSeq, logTailOffset } = snapshot.header;
    state.tailOffset = logSeq === position.seq ? logTailOffset : position.offset;
    rows.append(snapshot.uids, snapshot.flags);
    for (const { header, column, ...shape } of snapshot.extensions) {
      const extension = state.addExtension(new Extension(rows, shape));
      extension.setHeader(header);
      if (shape.name === MODSEQ_EXTENSION) {
        const wrong = checkModSeqShape(shape.headerSize, shape.recordSize);
        if (wrong !== null) return E.left(damagedAt(0, wrong));
        state.tracked = true;
      }
      if (shape.name === KEYWORDS_EXTENSION) {
        const table = KeywordTable.decode(header);
        if (E.isLeft(table)) return E.left(damagedAt(0, table.left));
        state.keywords = table.right;
      }
      if (column !== null) extension.adoptColumn(column);
    }
    if (state.tracked && !state.modSeqsAreRightAt(position.seq, position.offset)) {
      state.fillZeros();
    }
    return E.right(new IndexView(state, position));
  }

  /** The same state: what is applied to one of the two leaves the other as it is. Linear. */
  copy(): IndexView {
    return new IndexView(this.#state.copy(), this.#position);
  }

  /** How many mails there are. */
  get count(): number {
    return this.#state.rows.count;
  }

  /** UIDs of all mails, ascending; a window that is good until the next change. */
  get uids(): Uint32Array {
    return this.#state.rows.uids.subarray(0, this.#state.rows.count);
  }

  /** Where the state stands in the log, and what a reader needs to go on. */
  get position(): LogCursor {
    return this.#position;
  }

  /** Offset in the log from which on requests (records that are not external) still wait to be carried out. */
  get tailOffset(): number {
    return this.#state.tailOffset;
  }

  /** Index id, the same in the log. */
  get indexId(): number {
    return this.#state.field(HEADER_AT.indexId);
  }

  /** UIDVALIDITY; 0: not set yet. */
  get uidValidity(): number {
    return this.#state.field(HEADER_AT.uidValidity);
  }

  /** UIDNEXT, at least 1. */
  get uidNext(): number {
    return this.#state.field(HEADER_AT.nextUid);
  }

  /** UIDs from here on are \Recent; at least 1. */
  get firstRecentUid(): number {
    return this.#state.field(HEADER_AT.firstRecentUid);
  }

  /** A field of the base header by its offset in {@linkcode HEADER_AT}; those that follow from the mails are stale. */
  headerField(at: number): number {
    return this.#state.field(at);
  }

  /** HIGHESTMODSEQ as a client is told, at least 1. */
  get highestModSeq(): ModSeq {
    const { modSeq: highest } = this.#position;
    return modSeq(highest > 1n ? highest : 1n);
  }

  /** Whether mails have modseqs of their own. */
  get modSeqTracked(): boolean {
    return this.#state.tracked;
  }

  /** Whether the log says that the mailbox was deleted. */
  get deleted(): boolean {
    return this.#state.deleted;
  }

  /** All keywords that the index knows, in the order of their bits. */
  get keywordNames(): readonly string[] {
    return this.#state.keywords.names;
  }

  /** Extensions in the order of their numbers. */
  get extensions(): readonly Extension[] {
    return this.#state.extensions;
  }

  /** An extension by name. */
  extension(name: string): Extension | undefined {
    return this.#state.byName.get(name);
  }

  /** The row of a UID, or -1. Logarithmic; less when it is at or shortly after row `hint`. */
  rowOf(wanted: number, hint = 0): number {
    return this.#state.rows.find(wanted, hint);
  }

  /** The UID of a row. */
  uidOf(row: number): Uid {
    return uid(this.#state.rows.uids[row]!);
  }

  /** The system flags of a row. */
  flagsOf(row: number): Flags {
    return flags(this.#state.rows.flags[row]!);
  }

  /** All eight flag bits of a row, with Dovecot's own (RECORD_DIRTY, RECORD_BACKEND). */
  rawFlagsOf(row: number): number {
    return this.#state.rows.flags[row]!;
  }

  /** The keywords of a row; mails with the same set share one array. */
  keywordsOf(row: number): Keywords {
    const extension = this.#state.byName.get(KEYWORDS_EXTENSION);
    const column = extension?.column;
    if (!extension || !column) return NO_KEYWORDS;
    return this.#state.keywords.setOf(column.bytes, row * column.stride, extension.recordSize);
  }

  /** The modseq of a row as a client is told: its own where there is one, else the mailbox's highest. */
  modSeqOf(row: number): ModSeq {
    const own = this.ownModSeqOf(row);
    return own === 0n ? this.highestModSeq : modSeq(own);
  }

  /** The modseq that the index keeps for a row; 0: none. */
  ownModSeqOf(row: number): bigint {
    if (!this.#state.tracked) return 0n;
    return this.#modSeqs.at(this.#state.modSeqs.words, row);
  }

  /**
   * Applies a stretch of the log that begins where this view stands, or at the start of the next log. Linear in its
   * bytes and in the mails that its ranges cover. Fails with `Damaged` and the byte offset of the record that does
   * not fit; nothing is rolled back then. `isWhole` false: records are missing in it, so counters need not fit.
   */
  apply({ entries, end }: LogStretch, isWhole = true): E.Either<SyncError, void> {
    if (end.seq !== this.#position.seq) this.#state.tailOffset = entries[0]?.offset ?? end.offset;
    this.#state.rows.reserve(addedBy(entries));
    for (const entry of entries) {
      const wrong = replayEntry(this.#state, entry);
      if (wrong !== null) return E.left(damagedAt(entry.offset, wrong));
    }
    this.#state.rows.compact();
    this.#position = end;
    const wrong = isWhole ? this.#state.checkHeader() : null;
    return wrong === null ? E.right(undefined) : E.left(wrong);
  }

  /**
   * The bytes of a `dovecot.index` of this state, that says it stands at a position of a log; in pieces, each good until
   * the next one is pulled. Data of the "modseq" header is made for that position. `tailOffset`: from where on requests
   * in that log wait to be carried out; default: none does. Linear.
   */
  encode(
    at: { readonly seq: number; readonly offset: number },
    tailOffset: number = at.offset,
  ): Iterable<Uint8Array> {
    const modSeqs = new Uint8Array(MODSEQ_HEADER_SIZE);
    const numbers = new DataView(modSeqs.buffer);
    numbers.setBigUint64(0, this.highestModSeq, true);
    numbers.setUint32(MODSEQ_LOG_SEQ_AT, at.seq, true);
    numbers.setUint32(MODSEQ_LOG_OFFSET_AT, at.offset, true);
    const extensions = this.#state.extensions.map((extension) => {
      const { name, resetId, recordSize, recordAlign, column } = extension;
      const header = name === MODSEQ_EXTENSION
        ? modSeqs
        : name === KEYWORDS_EXTENSION
        ? this.#state.keywords.encode()
        : extension.header;
      const headerSize = name === KEYWORDS_EXTENSION ? header.length : extension.headerSize;
      return { name, resetId, headerSize, recordSize, recordAlign, header, column };
    });
    const { uids, flags: flagBytes, count } = this.#state.rows;
    return encodeSnapshot({ base: this.#state.base, extensions, uids, flags: flagBytes }, count, {
      seq: at.seq,
      tailOffset,
      headOffset: at.offset,
    });
  }
}
