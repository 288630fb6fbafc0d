/**
 * The state of a mailbox's index: a snapshot with the log replayed on it (Dovecot: mail-index-sync-update.c,
 * mail-index-sync-ext.c, mail-index-sync-keywords.c, mail-index-modseq.c).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { type Flags, flags, type Keywords, NO_KEYWORDS } from "../model/flags.ts";
import { type ModSeq, modSeq, type Uid, uid } from "../model/ids.ts";
import { checkShape, Extension } from "./index_extension.ts";
import { blankIndexHeader, checkCounters, damagedAt, HEADER_AT } from "./index_header.ts";
import { KEYWORDS_EXTENSION, KeywordTable } from "./index_keywords.ts";
import type { LogCursor, LogEntry, LogStretch } from "./index_log.ts";
import { isInternal, MODSEQ_EXTENSION } from "./index_modseq.ts";
import type { HeaderPart, Intro, LogRecord, UidRanges } from "./index_record.ts";
import { type Column, Rows } from "./index_rows.ts";
import { encodeSnapshot, type Snapshot } from "./index_snapshot.ts";

type RecordOf<T extends LogRecord["_tag"]> = LogRecord & { readonly _tag: T };

const MODSEQ_SIZE = 8;
/** Header of the "modseq" extension: highest modseq, then the log position up to which the mails' modseqs are right. */
const MODSEQ_HEADER_SIZE = 16;
const MODSEQ_LOG_SEQ_AT = 8;
const MODSEQ_LOG_OFFSET_AT = 12;

/**
 * A mailbox's index as it stands after some record of its log. Mails are rows, 0 and up, in the order of their UIDs;
 * a row is good until the next {@linkcode apply}. After an error the view is of no use any more.
 */
export class IndexView {
  readonly #rows = new Rows();
  readonly #base: Uint8Array<ArrayBuffer>;
  readonly #baseView: DataView;
  readonly #extensions: Extension[] = [];
  readonly #byName = new Map<string, Extension>();
  #keywords = new KeywordTable();
  readonly #modSeqs: Column;
  #tracked = false;
  #deleted = false;
  #current: Extension | null = null;
  #ignored = false;
  #position: LogCursor;
  #tailOffset = 0;

  private constructor(base: Uint8Array<ArrayBuffer>, position: LogCursor) {
    this.#base = base;
    this.#baseView = new DataView(base.buffer, base.byteOffset, base.byteLength);
    this.#position = position;
    this.#modSeqs = this.#rows.addColumn(MODSEQ_SIZE)!;
  }

  /** The state before the first record of a log that starts from nothing. */
  static empty(indexId: number, position: LogCursor): IndexView {
    return new IndexView(blankIndexHeader(indexId), position);
  }

  /** The state of a snapshot, with `position` the place that its header names. Linear. */
  static of(snapshot: Snapshot, position: LogCursor): E.Either<SyncError, IndexView> {
    const view = new IndexView(snapshot.base.slice(), position);
    const rows = view.#rows;
    // The records are in the file as they are here, so the file justifies them.
    rows.feed(snapshot.base.length + snapshot.uids.length * snapshot.header.recordSize);
    view.#tailOffset = snapshot.header.logTailOffset;
    rows.append(snapshot.uids, snapshot.flags);
    for (const { header, column, ...shape } of snapshot.extensions) {
      const extension = new Extension(rows, shape);
      extension.setHeader(header);
      if (shape.name === MODSEQ_EXTENSION) {
        const wrong = checkModSeqShape(shape.headerSize, shape.recordSize);
        if (wrong !== null) return E.left(damagedAt(0, wrong));
        extension.shareColumn(view.#modSeqs);
        view.#tracked = true;
      }
      if (shape.name === KEYWORDS_EXTENSION) {
        const table = KeywordTable.decode(header);
        if (E.isLeft(table)) return E.left(damagedAt(0, table.left));
        view.#keywords = table.right;
      }
      if (column !== null) {
        const own = extension.ensureColumn();
        if (own === null) return E.left(damagedAt(0, `extension ${shape.name} is too large`));
        own.fill(0, rows.count, shape.recordSize, column.bytes, 0, column.stride);
      }
      view.#extensions.push(extension);
      view.#byName.set(shape.name, extension);
    }
    if (view.#tracked && !view.#modSeqsAreRightAt(position.seq, position.offset)) {
      view.#fillZeros();
    }
    return E.right(view);
  }

  /** How many mails there are. */
  get count(): number {
    return this.#rows.count;
  }

  /** UIDs of all mails, ascending; a window that is good until the next change. */
  get uids(): Uint32Array {
    return this.#rows.uids.subarray(0, this.#rows.count);
  }

  /** Where the state stands in the log, and what a reader needs to go on. */
  get position(): LogCursor {
    return this.#position;
  }

  /** Offset in the log from which on requests (records that are not external) still wait to be carried out. */
  get tailOffset(): number {
    return this.#tailOffset;
  }

  /** Index id, the same in the log. */
  get indexId(): number {
    return this.#field(HEADER_AT.indexId);
  }

  /** UIDVALIDITY; 0: not set yet. */
  get uidValidity(): number {
    return this.#field(HEADER_AT.uidValidity);
  }

  /** UIDNEXT, at least 1. */
  get uidNext(): number {
    return this.#field(HEADER_AT.nextUid);
  }

  /** UIDs from here on are \Recent; at least 1. */
  get firstRecentUid(): number {
    return this.#field(HEADER_AT.firstRecentUid);
  }

  /** A field of the base header by its offset in {@linkcode HEADER_AT}; those that follow from the mails are stale. */
  headerField(at: number): number {
    return this.#field(at);
  }

  /** HIGHESTMODSEQ as a client is told, at least 1. */
  get highestModSeq(): ModSeq {
    const { modSeq: highest } = this.#position;
    return modSeq(highest > 1n ? highest : 1n);
  }

  /** Whether mails have modseqs of their own. */
  get modSeqTracked(): boolean {
    return this.#tracked;
  }

  /** Whether the log says that the mailbox was deleted. */
  get deleted(): boolean {
    return this.#deleted;
  }

  /** All keywords that the index knows, in the order of their bits. */
  get keywordNames(): readonly string[] {
    return this.#keywords.names;
  }

  /** Extensions in the order of their numbers. */
  get extensions(): readonly Extension[] {
    return this.#extensions;
  }

  /** An extension by name. */
  extension(name: string): Extension | undefined {
    return this.#byName.get(name);
  }

  /** The row of a UID, or -1. Logarithmic; constant when the UID is in row `hint`. */
  rowOf(wanted: number, hint = 0): number {
    return this.#rows.find(wanted, hint);
  }

  /** The UID of a row. */
  uidOf(row: number): Uid {
    return uid(this.#rows.uids[row]!);
  }

  /** The system flags of a row. */
  flagsOf(row: number): Flags {
    return flags(this.#rows.flags[row]!);
  }

  /** All eight flag bits of a row, with Dovecot's own (RECORD_DIRTY, RECORD_BACKEND). */
  rawFlagsOf(row: number): number {
    return this.#rows.flags[row]!;
  }

  /** The keywords of a row; mails with the same set share one array. */
  keywordsOf(row: number): Keywords {
    const extension = this.#byName.get(KEYWORDS_EXTENSION);
    const column = extension?.column;
    if (!extension || !column) return NO_KEYWORDS;
    return this.#keywords.setOf(column.bytes, row * column.stride, extension.recordSize);
  }

  /** The modseq of a row as a client is told: its own where there is one, else the mailbox's highest. */
  modSeqOf(row: number): ModSeq {
    const own = this.ownModSeqOf(row);
    return own === 0n ? this.highestModSeq : modSeq(own);
  }

  /** The modseq that the index keeps for a row; 0: none. */
  ownModSeqOf(row: number): bigint {
    if (!this.#tracked) return 0n;
    const { words } = this.#modSeqs;
    return (BigInt(words[row * 2 + 1]!) << 32n) | BigInt(words[row * 2]!);
  }

  /**
   * Applies a stretch of the log that begins where this view stands, or at the start of the next log. Linear in its
   * bytes and in the mails that its ranges cover. Fails with `Damaged` and the byte offset of the record that does
   * not fit; nothing is rolled back then.
   */
  apply({ entries, end }: LogStretch): E.Either<SyncError, void> {
    if (end.seq !== this.#position.seq) this.#tailOffset = 0;
    for (const entry of entries) {
      this.#rows.feed(entry.size);
      const wrong = this.#applyRecord(entry) ?? this.#trackTail(entry);
      if (wrong !== null) return E.left(damagedAt(entry.offset, wrong));
    }
    this.#rows.compact();
    this.#position = end;
    const wrong = this.#checkHeader();
    return wrong === null ? E.right(undefined) : E.left(wrong);
  }

  /**
   * The bytes of a `dovecot.index` of this state, that says it stands at a position of a log (head and tail). Data of
   * the "modseq" header is made for that position. Linear.
   */
  encode(at: { readonly seq: number; readonly offset: number }): Uint8Array<ArrayBuffer> {
    const modSeqs = new Uint8Array(MODSEQ_HEADER_SIZE);
    const numbers = new DataView(modSeqs.buffer);
    numbers.setBigUint64(0, this.highestModSeq, true);
    numbers.setUint32(MODSEQ_LOG_SEQ_AT, at.seq, true);
    numbers.setUint32(MODSEQ_LOG_OFFSET_AT, at.offset, true);
    const extensions = this.#extensions.map((extension) => {
      const { name, resetId, recordSize, recordAlign, column } = extension;
      const header = name === MODSEQ_EXTENSION
        ? modSeqs
        : name === KEYWORDS_EXTENSION
        ? this.#keywords.encode()
        : extension.header;
      const headerSize = name === KEYWORDS_EXTENSION ? header.length : extension.headerSize;
      return { name, resetId, headerSize, recordSize, recordAlign, header, column };
    });
    const { uids, flags: flagBytes, count } = this.#rows;
    return encodeSnapshot({ base: this.#base, extensions, uids, flags: flagBytes }, count, {
      seq: at.seq,
      tailOffset: at.offset,
      headOffset: at.offset,
    });
  }

  #field(at: number): number {
    return this.#baseView.getUint32(at, true);
  }

  #setField(at: number, value: number): void {
    this.#baseView.setUint32(at, value, true);
  }

  #checkHeader(): SyncError | null {
    return checkCounters({
      indexId: this.indexId,
      flags: 0,
      uidValidity: this.uidValidity,
      nextUid: this.uidNext,
      messages: this.count,
      seen: 0,
      deleted: 0,
      firstRecentUid: this.firstRecentUid,
      firstUnseenUid: 0,
      firstDeletedUid: 0,
      logSeq: 0,
      logTailOffset: 0,
      logHeadOffset: 0,
    });
  }

  /** Follows the tail as a reader of the log does (Dovecot: log_file_track_sync). */
  #trackTail({ record, external, offset, size }: LogEntry): string | null {
    if (!external) return null;
    if (record._tag === "HeaderUpdate") {
      for (const { offset: at, data } of record.parts) {
        if (at > HEADER_AT.logTailOffset || at + data.length < HEADER_AT.logTailOffset + 4) {
          continue;
        }
        const within = HEADER_AT.logTailOffset - at;
        const tail = new DataView(data.buffer, data.byteOffset).getUint32(within, true);
        if (tail > offset + size) return `tail ${tail} beyond the record that sets it`;
        if (tail > this.#tailOffset) this.#tailOffset = tail;
        return null;
      }
    }
    if (this.#tailOffset === offset) this.#tailOffset = offset + size;
    return null;
  }

  #applyRecord(entry: LogEntry): string | null {
    const { record } = entry;
    switch (record._tag) {
      case "Append":
        return this.#append(record, entry.modSeq);
      case "FlagUpdate":
        return this.#updateFlags(record, entry.modSeq);
      case "HeaderUpdate":
        return this.#updateHeader(record.parts);
      case "ExtIntro":
        return firstWrong(record.intros, (intro) => this.#introduce(intro));
      case "ExtReset":
        return this.#resetExtension(record);
      case "ExtHeaderUpdate":
        return this.#updateExtensionHeader(record.parts, entry);
      case "ExtRecordUpdate":
        return this.#updateExtensionRecords(record);
      case "ExtAtomicInc":
        return this.#increment(record);
      case "KeywordUpdate":
        return this.#updateKeyword(record, entry.modSeq);
      case "KeywordReset":
        return this.#resetKeywords(record.uids, entry.modSeq);
      case "ModSeqUpdate":
        return this.#raiseModSeqs(record);
      case "Expunge":
        if (entry.external) {
          this.#eachRange(record.uids, (from, to) => this.#rows.expunge(from, to));
        }
        return null;
      case "ExpungeGuid":
        if (entry.external) this.#expunge(record.uids);
        return null;
      case "IndexDeleted":
        // A request alone only announces the deletion.
        if (entry.external) this.#deleted = true;
        return null;
      case "IndexUndeleted":
        if (entry.external) this.#deleted = false;
        return null;
      case "Boundary":
      case "AttributeUpdate":
        return null;
    }
  }

  #append({ uids, flags: flagBytes }: RecordOf<"Append">, after: bigint): string | null {
    let next = this.uidNext;
    for (let i = 0; i < uids.length; i++) {
      const wanted = uids[i]!;
      if (wanted < next) return `append of UID ${wanted} while UIDNEXT is ${next}`;
      next = wanted + 1;
    }
    if (next > 0xffffffff) return "append of the highest UID";
    const from = this.count;
    if (!this.#rows.append(uids, flagBytes)) return "the mails need more memory than justified";
    this.#setField(HEADER_AT.nextUid, next);
    this.#touch(from, this.count, after);
    return null;
  }

  #updateFlags(record: RecordOf<"FlagUpdate">, after: bigint): string | null {
    const bytes = this.#rows.flags;
    this.#eachRange(record.uids, (from, to, i) => {
      const keep = ~record.remove[i]!;
      const add = record.add[i]!;
      for (let row = from; row < to; row++) bytes[row] = (bytes[row]! & keep) | add;
      if (!isInternal(record, i)) this.#touch(from, to, after);
    });
    return null;
  }

  #updateHeader(parts: readonly HeaderPart[]): string | null {
    const next = this.uidNext;
    const tail = this.#field(HEADER_AT.logTailOffset);
    for (const { offset, data } of parts) {
      if (offset >= this.#base.length || offset + data.length > this.#base.length) {
        return `header update of bytes ${offset}..${offset + data.length}`;
      }
      this.#base.set(data, offset);
      // UIDNEXT never shrinks, and the tail of the snapshot is the snapshot's own.
      if (this.uidNext < next) this.#setField(HEADER_AT.nextUid, next);
      this.#setField(HEADER_AT.logTailOffset, tail);
    }
    return null;
  }

  #introduce(intro: Intro): string | null {
    const known = intro.id === null ? this.#byName.get(intro.name) : this.#extensions[intro.id];
    if (known === undefined && intro.id !== null) return `extension number ${intro.id} is unknown`;
    const name = known?.name ?? intro.name;
    if (name === KEYWORDS_EXTENSION) return "the keywords extension is introduced by hand";
    const { resetId, headerSize, recordSize, recordAlign } = intro;
    const wrong = checkShape({ name, resetId, headerSize, recordSize, recordAlign }) ??
      (name === MODSEQ_EXTENSION ? checkModSeqShape(headerSize, recordSize) : null);
    if (wrong !== null) return wrong;
    const extension = known ??
      this.#addExtension(
        new Extension(this.#rows, { name, resetId, headerSize, recordSize, recordAlign }),
      );
    this.#current = extension;
    // A writer that had not seen a reset: what it has to say is void.
    this.#ignored = extension.resetId !== resetId;
    return this.#ignored || known === undefined ? null : extension.resize(intro);
  }

  #addExtension(extension: Extension): Extension {
    this.#extensions.push(extension);
    this.#byName.set(extension.name, extension);
    if (extension.name === MODSEQ_EXTENSION) extension.shareColumn(this.#modSeqs);
    return extension;
  }

  #resetExtension({ resetId, preserve }: RecordOf<"ExtReset">): string | null {
    const extension = this.#current;
    if (extension === null) return "extension reset without an extension before it";
    extension.resetId = resetId;
    if (!preserve) extension.clear();
    return null;
  }

  #updateExtensionHeader(parts: readonly HeaderPart[], entry: LogEntry): string | null {
    const extension = this.#current;
    if (extension === null) return "extension header without an extension before it";
    if (this.#ignored) return null;
    const wrong = firstWrong(parts, ({ offset, data }) => extension.writeHeader(offset, data));
    if (wrong === null && extension.name === MODSEQ_EXTENSION && !this.#tracked) {
      this.#startTracking(entry);
    }
    return wrong;
  }

  #updateExtensionRecords(record: RecordOf<"ExtRecordUpdate">): string | null {
    const extension = this.#current;
    if (extension === null) return "extension data without an extension before it";
    if (this.#ignored) return null;
    const { uids, recordSize, data, stride } = record;
    const wrong = this.#checkUids(uids);
    if (wrong !== null) return wrong;
    if (recordSize === 0) return null;
    const column = extension.ensureColumn();
    if (column === null) return `extension ${extension.name} needs more memory than justified`;
    const size = extension.recordSize;
    let hint = 0;
    for (let i = 0; i < uids.length;) {
      const row = this.#rows.find(uids[i]!, hint);
      if (row < 0) {
        i++;
        continue;
      }
      // Mails that follow each other here and there are copied in one go.
      const known = this.#rows.uids;
      let run = 1;
      while (
        i + run < uids.length && row + run < this.count && uids[i + run] === known[row + run]
      ) {
        run++;
      }
      column.fill(row, run, recordSize, data, i * stride, stride);
      if (recordSize < size) {
        for (let k = row; k < row + run; k++) {
          column.bytes.fill(0, k * column.stride + recordSize, k * column.stride + size);
        }
      }
      i += run;
      hint = row + run;
    }
    return null;
  }

  #increment({ uids, diffs }: RecordOf<"ExtAtomicInc">): string | null {
    const extension = this.#current;
    if (extension === null) return "extension data without an extension before it";
    if (this.#ignored) return null;
    const wrong = this.#checkUids(uids);
    if (wrong !== null) return wrong;
    const size = extension.recordSize;
    if (size !== 1 && size !== 2 && size !== 4 && size !== 8) {
      return `increment of a field of ${size} bytes`;
    }
    const column = extension.ensureColumn();
    if (column === null) return `extension ${extension.name} needs more memory than justified`;
    const most = (1n << BigInt(size * 8)) - 1n;
    let hint = 0;
    for (let i = 0; i < uids.length; i++) {
      const row = this.#rows.find(uids[i]!, hint);
      if (row < 0) continue;
      hint = row + 1;
      const at = row * column.stride;
      const value = readNumber(column.bytes, at, size) + BigInt(diffs[i]!);
      if (value < 0n || value > most) return `increment of UID ${uids[i]} gives ${value}`;
      writeNumber(column.bytes, at, size, value);
    }
    return null;
  }

  #checkUids(uids: Uint32Array): string | null {
    const next = this.uidNext;
    const bad = uids.find((value) => value === 0 || value >= next);
    return bad === undefined ? null : `extension data for UID ${bad} while UIDNEXT is ${next}`;
  }

  #updateKeyword(record: RecordOf<"KeywordUpdate">, after: bigint): string | null {
    const bit = this.#keywords.bitOf(record.name) ?? this.#keywords.add(record.name);
    const extension = this.#byName.get(KEYWORDS_EXTENSION) ??
      this.#addExtension(
        new Extension(this.#rows, {
          name: KEYWORDS_EXTENSION,
          resetId: 0,
          headerSize: 0,
          recordSize: this.#keywords.recordSize(),
          recordAlign: 1,
        }),
      );
    if (bit >> 3 >= extension.recordSize) {
      const wrong = extension.setRecordSize(this.#keywords.recordSize());
      if (wrong !== null) return wrong;
    }
    const column = extension.ensureColumn();
    if (column === null) return "keywords need more memory than justified";
    const { bytes, stride } = column;
    const mask = 1 << (bit & 7);
    this.#eachRange(record.uids, (from, to) => {
      let at = from * stride + (bit >> 3);
      for (let row = from; row < to; row++, at += stride) {
        bytes[at] = record.op === "add" ? bytes[at]! | mask : bytes[at]! & ~mask;
      }
      this.#touch(from, to, after);
    });
    return null;
  }

  #resetKeywords(uids: UidRanges, after: bigint): string | null {
    const column = this.#byName.get(KEYWORDS_EXTENSION)?.column;
    if (!column) return null;
    this.#eachRange(uids, (from, to) => {
      column.bytes.fill(0, from * column.stride, to * column.stride);
      this.#touch(from, to, after);
    });
    return null;
  }

  #raiseModSeqs({ uids, modSeqs }: RecordOf<"ModSeqUpdate">): string | null {
    const { words } = this.#modSeqs;
    const values = new Uint32Array(modSeqs.buffer, modSeqs.byteOffset, modSeqs.length * 2);
    let hint = 0;
    for (let i = 0; i < uids.length; i++) {
      const row = this.#rows.find(uids[i]!, hint);
      if (row < 0) continue;
      if (!this.#byName.has(MODSEQ_EXTENSION)) return "modseqs are updated before they are enabled";
      hint = row + 1;
      raise(words, row, values[i * 2]!, values[i * 2 + 1]!);
    }
    return null;
  }

  #expunge(uids: Uint32Array): void {
    let hint = 0;
    for (let i = 0; i < uids.length; i++) {
      const row = this.#rows.find(uids[i]!, hint);
      if (row < 0) continue;
      this.#rows.expunge(row, row + 1);
      hint = row + 1;
    }
  }

  /** Gives the rows `[from, to)` of each range that has any. */
  #eachRange(
    { first, last }: UidRanges,
    use: (from: number, to: number, i: number) => void,
  ): void {
    let at = 0;
    for (let i = 0; i < first.length; i++) {
      const from = this.#rows.lower(first[i]!, at);
      // A range of one UID, the usual case, needs no second search.
      at = first[i] === last[i]
        ? from + (this.#rows.uids[from] === first[i] && from < this.count ? 1 : 0)
        : this.#rows.lower(last[i]! + 1, from);
      if (from < at) use(from, at, i);
    }
  }

  /**
   * Mails get the modseq after the record that touches them. This is kept from the first record on, though mails are
   * told theirs only once the extension exists: then what lies above its first "highest" is known.
   */
  #touch(from: number, to: number, after: bigint): void {
    const low = Number(after & 0xffffffffn);
    const high = Number(after >> 32n);
    const { words } = this.#modSeqs;
    for (let row = from; row < to; row++) raise(words, row, low, high);
  }

  /** Whether the modseq header says that the mails' modseqs are right up to a log position. */
  #modSeqsAreRightAt(seq: number, offset: number): boolean {
    const header = this.#byName.get(MODSEQ_EXTENSION)!;
    const headerSeq = header.headerU32(MODSEQ_LOG_SEQ_AT);
    return seq < headerSeq ||
      (seq === headerSeq && offset <= header.headerU32(MODSEQ_LOG_OFFSET_AT));
  }

  /** The first header of the "modseq" extension: mails get its highest modseq, unless it says that 0 is right. */
  #startTracking({ seq, offset }: LogEntry): void {
    this.#tracked = true;
    if (this.#modSeqsAreRightAt(seq, offset)) {
      this.#modSeqs.words.fill(0, 0, this.count * 2);
    } else {
      this.#touch(0, this.count, this.#byName.get(MODSEQ_EXTENSION)!.headerU64(0));
    }
  }

  /** Mails without a modseq get the highest of the extension's header: a client may have been told that already. */
  #fillZeros(): void {
    const highest = this.#byName.get(MODSEQ_EXTENSION)!.headerU64(0);
    const { words } = this.#modSeqs;
    for (let row = 0; row < this.count; row++) {
      if (words[row * 2] === 0 && words[row * 2 + 1] === 0) this.#touch(row, row + 1, highest);
    }
  }
}

/** Sets the modseq of a row if it is not above already. */
const raise = (words: Uint32Array, row: number, low: number, high: number): void => {
  const at = row * 2;
  const ownHigh = words[at + 1]!;
  if (ownHigh > high || (ownHigh === high && words[at]! > low)) return;
  words[at] = low;
  words[at + 1] = high;
};

const firstWrong = <A>(items: readonly A[], check: (item: A) => string | null): string | null => {
  for (const item of items) {
    const wrong = check(item);
    if (wrong !== null) return wrong;
  }
  return null;
};

const checkModSeqShape = (headerSize: number, recordSize: number): string | null =>
  headerSize === MODSEQ_HEADER_SIZE && recordSize === MODSEQ_SIZE
    ? null
    : `modseq extension with ${headerSize} bytes of header and ${recordSize} per mail`;

const readNumber = (bytes: Uint8Array, at: number, size: number): bigint => {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]!);
  return value;
};

const writeNumber = (bytes: Uint8Array, at: number, size: number, value: bigint): void => {
  let left = value;
  for (let i = 0; i < size; i++, left >>= 8n) bytes[at + i] = Number(left & 0xffn);
};
