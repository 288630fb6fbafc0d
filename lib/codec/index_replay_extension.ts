/**
 * Applies log records of extensions and keywords to a state (Dovecot: mail-index-sync-ext.c,
 * mail-index-sync-keywords.c). Each function gives what is wrong, or null.
 *
 * @module
 */
import { checkShape, Extension } from "./index_extension.ts";
import { KEYWORDS_EXTENSION } from "./index_keywords.ts";
import type { LogEntry } from "./index_log.ts";
import { MODSEQ_EXTENSION } from "./index_modseq.ts";
import type { HeaderPart, Intro, LogRecord, UidRanges } from "./index_record.ts";
import { type IndexState, MODSEQ_HEADER_SIZE, MODSEQ_SIZE } from "./index_state.ts";

type RecordOf<T extends LogRecord["_tag"]> = LogRecord & { readonly _tag: T };

/** EXT_INTRO: chooses an extension, makes or resizes it; of several the last one is chosen. */
export const introduce = (state: IndexState, intros: readonly Intro[]): string | null =>
  firstWrong(intros, (intro) => introduceOne(state, intro));

const introduceOne = (state: IndexState, intro: Intro): string | null => {
  const known = intro.id === null ? state.byName.get(intro.name) : state.extensions[intro.id];
  if (known === undefined && intro.id !== null) return `extension number ${intro.id} is unknown`;
  const name = known?.name ?? intro.name;
  if (name === KEYWORDS_EXTENSION) return "the keywords extension is introduced by hand";
  const { resetId, headerSize, recordSize, recordAlign } = intro;
  const wrong = checkShape({ name, resetId, headerSize, recordSize, recordAlign }) ??
    (name === MODSEQ_EXTENSION ? checkModSeqShape(headerSize, recordSize) : null);
  if (wrong !== null) return wrong;
  const extension = known ??
    state.addExtension(
      new Extension(state.rows, { name, resetId, headerSize, recordSize, recordAlign }),
    );
  state.current = extension;
  // A writer that had not seen a reset: what it has to say is void.
  state.ignored = extension.resetId !== resetId;
  return state.ignored || known === undefined ? null : extension.resize(intro);
};

/** EXT_RESET: a new reset id, and zeros unless told otherwise. */
export const resetExtension = (
  state: IndexState,
  { resetId, preserve }: RecordOf<"ExtReset">,
): string | null => {
  const extension = state.current;
  if (extension === null) return "extension reset without an extension before it";
  extension.resetId = resetId;
  if (!preserve) extension.clear();
  return null;
};

/** EXT_HDR_UPDATE; the first one of "modseq" begins to tell mails their modseqs. */
export const updateExtensionHeader = (
  state: IndexState,
  parts: readonly HeaderPart[],
  entry: LogEntry,
): string | null => {
  const extension = state.current;
  if (extension === null) return "extension header without an extension before it";
  if (state.ignored) return null;
  const wrong = firstWrong(parts, ({ offset, data }) => extension.writeHeader(offset, data));
  if (wrong === null && extension.name === MODSEQ_EXTENSION && !state.tracked) {
    state.startTracking(entry);
  }
  return wrong;
};

/** EXT_REC_UPDATE. */
export const updateExtensionRecords = (
  state: IndexState,
  record: RecordOf<"ExtRecordUpdate">,
): string | null => {
  const extension = state.current;
  if (extension === null) return "extension data without an extension before it";
  if (state.ignored) return null;
  const { uids, recordSize, data, stride } = record;
  const wrong = checkUids(state, uids);
  if (wrong !== null) return wrong;
  if (recordSize === 0) return null;
  const column = extension.ensureColumn();
  if (column === null) return `extension ${extension.name} needs more memory than justified`;
  const size = extension.recordSize;
  let hint = 0;
  for (let i = 0; i < uids.length;) {
    const row = state.rows.find(uids[i]!, hint);
    if (row < 0) {
      i++;
      continue;
    }
    // Mails that follow each other here and there are copied in one go.
    const known = state.rows.uids;
    let run = 1;
    while (
      i + run < uids.length && row + run < state.rows.count && uids[i + run] === known[row + run]
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
};

/** EXT_ATOMIC_INC. */
export const increment = (
  state: IndexState,
  { uids, diffs }: RecordOf<"ExtAtomicInc">,
): string | null => {
  const extension = state.current;
  if (extension === null) return "extension data without an extension before it";
  if (state.ignored) return null;
  const wrong = checkUids(state, uids);
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
    const row = state.rows.find(uids[i]!, hint);
    if (row < 0) continue;
    hint = row + 1;
    const at = row * column.stride;
    const value = readNumber(column.bytes, at, size) + BigInt(diffs[i]!);
    if (value < 0n || value > most) return `increment of UID ${uids[i]} gives ${value}`;
    writeNumber(column.bytes, at, size, value);
  }
  return null;
};

const checkUids = (state: IndexState, uids: Uint32Array): string | null => {
  const next = state.uidNext;
  for (let i = 0; i < uids.length; i++) {
    const uid = uids[i]!;
    if (uid === 0 || uid >= next) return `extension data for UID ${uid} while UIDNEXT is ${next}`;
  }
  return null;
};

/** KEYWORD_UPDATE: a new name is added behind the others. */
export const updateKeyword = (
  state: IndexState,
  record: RecordOf<"KeywordUpdate">,
  after: bigint,
): string | null => {
  const bit = state.keywords.bitOf(record.name) ?? state.keywords.add(record.name);
  const extension = state.byName.get(KEYWORDS_EXTENSION) ??
    state.addExtension(
      new Extension(state.rows, {
        name: KEYWORDS_EXTENSION,
        resetId: 0,
        headerSize: 0,
        recordSize: state.keywords.recordSize(),
        recordAlign: 1,
      }),
    );
  if (bit >> 3 >= extension.recordSize) {
    const wrong = extension.setRecordSize(state.keywords.recordSize());
    if (wrong !== null) return wrong;
  }
  const column = extension.ensureColumn();
  if (column === null) return "keywords need more memory than justified";
  const { bytes, stride } = column;
  const mask = 1 << (bit & 7);
  state.eachRange(record.uids, (from, to) => {
    let at = from * stride + (bit >> 3);
    for (let row = from; row < to; row++, at += stride) {
      bytes[at] = record.op === "add" ? bytes[at]! | mask : bytes[at]! & ~mask;
    }
    state.touch(from, to, after);
  });
  return null;
};

/** KEYWORD_RESET. */
export const resetKeywords = (state: IndexState, uids: UidRanges, after: bigint): string | null => {
  const column = state.byName.get(KEYWORDS_EXTENSION)?.column;
  if (!column) return null;
  state.eachRange(uids, (from, to) => {
    column.bytes.fill(0, from * column.stride, to * column.stride);
    state.touch(from, to, after);
  });
  return null;
};

const firstWrong = <A>(items: readonly A[], check: (item: A) => string | null): string | null => {
  for (const item of items) {
    const wrong = check(item);
    if (wrong !== null) return wrong;
  }
  return null;
};

/** What is wrong with the sizes of the "modseq" extension, or null. */
export const checkModSeqShape = (headerSize: number, recordSize: number): string | null =>
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
