/**
 * What replaying a log changes: the mails, the base header, the extensions. {@linkcode IndexView} is what others see.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import type { Extension } from "./index_extension.ts";
import { checkCounters, HEADER_AT } from "./index_header.ts";
import { KeywordTable } from "./index_keywords.ts";
import type { LogEntry } from "./index_log.ts";
import { MODSEQ_EXTENSION } from "./index_modseq.ts";
import type { UidRanges } from "./index_record.ts";
import { type Column, Rows } from "./index_rows.ts";

/** Bytes per mail of the "modseq" extension. */
export const MODSEQ_SIZE = 8;
/** Header of the "modseq" extension: highest modseq, then the log position up to which the mails' modseqs are right. */
export const MODSEQ_HEADER_SIZE = 16;
/** In that header: sequence of the log. */
export const MODSEQ_LOG_SEQ_AT = 8;
/** In that header: offset in the log. */
export const MODSEQ_LOG_OFFSET_AT = 12;

/** The state of an index while its log is replayed. */
export class IndexState {
  /** The mails. */
  readonly rows: Rows;
  /** The base header; fields that follow from the mails are stale. */
  readonly base: Uint8Array<ArrayBuffer>;
  /** Extensions by number. */
  readonly extensions: Extension[] = [];
  /** Extensions by name. */
  readonly byName: Map<string, Extension> = new Map();
  /** The keywords' names. */
  keywords: KeywordTable = new KeywordTable();
  /** A modseq for each mail, two words each, low word first; 0: none. */
  readonly modSeqs: Column;
  /** Whether mails are told these modseqs. */
  tracked = false;
  /** Whether the mailbox was deleted. */
  deleted = false;
  /** The extension introduced last. */
  current: Extension | null = null;
  /** What is said of it is void. */
  ignored = false;
  /** Log offset from which on requests are open. */
  tailOffset = 0;
  readonly #fields: DataView;

  /** A state without mails, or with those of some rows that have no columns yet. */
  constructor(base: Uint8Array<ArrayBuffer>, rows: Rows = new Rows()) {
    this.rows = rows;
    this.base = base;
    this.#fields = new DataView(base.buffer, base.byteOffset, base.byteLength);
    this.modSeqs = this.rows.addColumn(MODSEQ_SIZE)!;
  }

  /** The same state, in memory of its own. */
  copy(): IndexState {
    const copy = new IndexState(this.base.slice(), this.rows.copy());
    copy.modSeqs.words.set(this.modSeqs.words.subarray(0, copy.modSeqs.words.length));
    for (const extension of this.extensions) copy.addExtension(extension.copy(copy.rows));
    copy.keywords = this.keywords.copy();
    copy.tracked = this.tracked;
    copy.deleted = this.deleted;
    copy.current = this.current === null ? null : copy.byName.get(this.current.name)!;
    copy.ignored = this.ignored;
    copy.tailOffset = this.tailOffset;
    return copy;
  }

  /** A field of the base header. */
  field(at: number): number {
    return this.#fields.getUint32(at, true);
  }

  /** Sets a field of the base header. */
  setField(at: number, value: number): void {
    this.#fields.setUint32(at, value, true);
  }

  /** UIDNEXT. */
  get uidNext(): number {
    return this.field(HEADER_AT.nextUid);
  }

  /** Adds an extension behind the others. */
  addExtension(extension: Extension): Extension {
    this.extensions.push(extension);
    this.byName.set(extension.name, extension);
    if (extension.name === MODSEQ_EXTENSION) extension.shareColumn(this.modSeqs);
    return extension;
  }

  /** What is wrong with the base header after a replay, or null. */
  checkHeader(): SyncError | null {
    return checkCounters({
      uidValidity: this.field(HEADER_AT.uidValidity),
      nextUid: this.uidNext,
      messages: this.rows.count,
      seen: 0,
      deleted: 0,
      firstRecentUid: this.field(HEADER_AT.firstRecentUid),
      firstUnseenUid: 0,
      firstDeletedUid: 0,
    });
  }

  /** Gives the rows `[from, to)` of each range that has any. */
  eachRange({ first, last }: UidRanges, use: (from: number, to: number, i: number) => void): void {
    let at = 0;
    for (let i = 0; i < first.length; i++) {
      const from = this.rows.lower(first[i]!, at);
      // A range of one UID, the usual case, needs no second search.
      at = first[i] === last[i]
        ? from + (this.rows.uids[from] === first[i] && from < this.rows.count ? 1 : 0)
        : this.rows.lower(last[i]! + 1, from);
      if (from < at) use(from, at, i);
    }
  }

  /** Sets the modseq of a row, given as two words, if it is not above already. */
  raise(row: number, low: number, high: number): void {
    const { words } = this.modSeqs;
    const ownHigh = words[row * 2 + 1]!;
    if (ownHigh > high || (ownHigh === high && words[row * 2]! > low)) return;
    words[row * 2] = low;
    words[row * 2 + 1] = high;
  }

  /**
   * Mails get the modseq after the record that touches them. This is kept from the first record on, though mails are
   * told theirs only once the extension exists: then what lies above its first "highest" is known.
   */
  touch(from: number, to: number, after: bigint): void {
    const low = Number(after & 0xffffffffn);
    const high = Number(after >> 32n);
    const { words } = this.modSeqs;
    for (let at = from * 2; at < to * 2; at += 2) {
      const ownHigh = words[at + 1]!;
      if (ownHigh < high || (ownHigh === high && words[at]! < low)) {
        words[at] = low;
        words[at + 1] = high;
      }
    }
  }

  /** Whether the modseq header says that the mails' modseqs are right up to a log position. */
  modSeqsAreRightAt(seq: number, offset: number): boolean {
    const header = this.byName.get(MODSEQ_EXTENSION)!;
    const headerSeq = header.headerU32(MODSEQ_LOG_SEQ_AT);
    return seq < headerSeq ||
      (seq === headerSeq && offset <= header.headerU32(MODSEQ_LOG_OFFSET_AT));
  }

  /** The first header of the "modseq" extension: mails get its highest modseq, unless it says that 0 is right. */
  startTracking({ seq, offset }: LogEntry): void {
    this.tracked = true;
    if (this.modSeqsAreRightAt(seq, offset)) {
      this.modSeqs.words.fill(0, 0, this.rows.count * 2);
    } else {
      this.touch(0, this.rows.count, this.byName.get(MODSEQ_EXTENSION)!.headerU64(0));
    }
  }

  /** Mails without a modseq get the highest of the extension's header: a client may have been told that already. */
  fillZeros(): void {
    const highest = this.byName.get(MODSEQ_EXTENSION)!.headerU64(0);
    const low = Number(highest & 0xffffffffn);
    const high = Number(highest >> 32n);
    const { words } = this.modSeqs;
    for (let at = 0; at < this.rows.count * 2; at += 2) {
      if (words[at] !== 0 || words[at + 1] !== 0) continue;
      words[at] = low;
      words[at + 1] = high;
    }
  }
}
