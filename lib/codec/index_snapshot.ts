/**
 * The whole of `dovecot.index`: base header, extension headers, records (Dovecot: mail-index-map-read.c,
 * mail-index-map-hdr.c; the layout of records: mail-index-sync-ext.c).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { DELETED, SEEN } from "../model/flags.ts";
import type { SyncError } from "../model/error.ts";
import { checkShape, type ExtensionShape, pad8 } from "./index_extension.ts";
import {
  damagedAt,
  decodeIndexHeader,
  HEADER_AT,
  HEADER_FSCKED,
  HEADER_HAS_DIRTY,
  type IndexHeader,
} from "./index_header.ts";
import { Column } from "./index_rows.ts";

/** Record flag: the maildir's file name does not have the flags yet. */
export const RECORD_DIRTY = 0x80;
/** Record flag of the backend: mdbox and sdbox set it where the mail is in alternative storage. */
export const RECORD_BACKEND = 0x40;

const EXTENSION_HEADER_SIZE = 16;
/** Record: UID and flags; extension data may begin right after. */
const RECORD_MIN_SIZE = 5;
const RECORD_FLAGS_AT = 4;

/** An extension as the snapshot has it. */
export interface SnapshotExtension extends ExtensionShape {
  /** Header data; shorter than headerSize where the rest is zeros. */
  readonly header: Uint8Array;
  /** The mails' data, or null where all are zeros. */
  readonly column: Column | null;
}

/** A mailbox's index at one position of its log. */
export interface Snapshot {
  /** The base header's fields. */
  readonly header: IndexHeader;
  /** The base header's bytes, also those that have no field here. */
  readonly base: Uint8Array;
  /** Extensions in the order of their numbers. */
  readonly extensions: readonly SnapshotExtension[];
  /** UIDs, ascending, one per mail. */
  readonly uids: Uint32Array<ArrayBuffer>;
  /** All eight flag bits of each. */
  readonly flags: Uint8Array<ArrayBuffer>;
}

interface Placed extends ExtensionShape {
  readonly header: Uint8Array;
  readonly recordOffset: number;
}

const decodeExtensions = (
  bytes: Uint8Array,
  header: IndexHeader,
): E.Either<SyncError, readonly Placed[]> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Placed[] = [];
  const names = new Set<string>();
  let taken = RECORD_MIN_SIZE;
  for (let at = pad8(header.baseHeaderSize); at < header.headerSize;) {
    if (at + EXTENSION_HEADER_SIZE >= header.headerSize) {
      return E.left(damagedAt(at, "extension header beyond the header"));
    }
    const nameSize = view.getUint16(at + 14, true);
    const dataAt = at + pad8(EXTENSION_HEADER_SIZE + nameSize);
    const headerSize = view.getUint32(at, true);
    if (dataAt + pad8(headerSize) > header.headerSize || headerSize > header.headerSize) {
      return E.left(damagedAt(at, "extension data beyond the header"));
    }
    const nameAt = at + EXTENSION_HEADER_SIZE;
    const extension: Placed = {
      name: String.fromCharCode(...bytes.subarray(nameAt, nameAt + Math.min(nameSize, 64))),
      resetId: view.getUint32(at + 4, true),
      headerSize,
      recordOffset: view.getUint16(at + 8, true),
      recordSize: view.getUint16(at + 10, true),
      recordAlign: view.getUint16(at + 12, true),
      header: bytes.slice(dataAt, dataAt + headerSize),
    };
    const wrong = checkPlaced(extension, header.recordSize, names);
    if (wrong !== null) return E.left(damagedAt(at, wrong));
    // Fields never share bytes, so their sum is bounded by the record: no file can ask for more than its size.
    taken += extension.recordSize;
    if (taken > header.recordSize) {
      return E.left(damagedAt(at, `extension ${extension.name} does not fit the records`));
    }
    names.add(extension.name);
    found.push(extension);
    at = dataAt + pad8(headerSize);
  }
  return E.right(found);
};

const checkPlaced = (
  extension: Placed,
  recordSize: number,
  names: ReadonlySet<string>,
): string | null => {
  const { name, recordOffset, recordAlign } = extension;
  const wrong = checkShape(extension);
  if (wrong !== null) return wrong;
  if (names.has(name)) return `extension ${name} is there twice`;
  if (extension.recordSize === 0) return null;
  if (recordOffset < RECORD_MIN_SIZE || recordOffset + extension.recordSize > recordSize) {
    return `extension ${name} lies outside the records`;
  }
  return recordOffset % recordAlign !== 0 || recordSize % recordAlign !== 0
    ? `extension ${name} is not aligned`
    : null;
};

interface Headers {
  readonly header: IndexHeader;
  readonly placed: readonly Placed[];
}

const decodeHeaders = (bytes: Uint8Array): E.Either<SyncError, Headers> => {
  const decoded = decodeIndexHeader(bytes);
  if (E.isLeft(decoded)) return decoded;
  const header = decoded.right;
  if (header.headerSize > bytes.length) {
    return E.left(damagedAt(HEADER_AT.headerSize, "header goes beyond the file"));
  }
  return E.map((placed: readonly Placed[]) => ({ header, placed }))(
    decodeExtensions(bytes, header),
  );
};

/**
 * A snapshot without mails, of the bytes of a file up to the end of its headers, or more. Errors as
 * {@linkcode decodeSnapshot}.
 */
export const decodeSnapshotHeaders = (bytes: Uint8Array): E.Either<SyncError, Snapshot> =>
  E.map(({ header, placed }: Headers): Snapshot => ({
    header,
    base: bytes.slice(0, header.baseHeaderSize),
    extensions: placed.map(({ recordOffset: _, ...extension }) => ({ ...extension, column: null })),
    uids: new Uint32Array(0),
    flags: new Uint8Array(0),
  }))(decodeHeaders(bytes));

/**
 * Reads `dovecot.index`. Linear; the result holds copies, so the bytes may be reused. Errors as
 * {@linkcode decodeIndexHeader}; bytes behind the last record are ignored as Dovecot does.
 */
export const decodeSnapshot = (bytes: Uint8Array): E.Either<SyncError, Snapshot> => {
  const decoded = decodeHeaders(bytes);
  if (E.isLeft(decoded)) return decoded;
  const { header, placed } = decoded.right;
  const { headerSize, recordSize, messages } = header;
  if (messages * recordSize > bytes.length - headerSize) {
    return E.left(
      damagedAt(
        HEADER_AT.messages,
        `${messages} messages of ${recordSize} bytes go beyond the file`,
      ),
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const uids = new Uint32Array(messages);
  const flags = new Uint8Array(messages);
  let below = 0;
  for (let row = 0, at = headerSize; row < messages; row++, at += recordSize) {
    const uid = view.getUint32(at, true);
    if (uid <= below) return E.left(damagedAt(at, `UID ${uid} after ${below}`));
    uids[row] = below = uid;
    flags[row] = bytes[at + RECORD_FLAGS_AT]!;
  }
  if (below >= header.nextUid) {
    return E.left(damagedAt(HEADER_AT.nextUid, `UIDNEXT ${header.nextUid} with UID ${below}`));
  }
  return E.right({
    header,
    base: bytes.slice(0, header.baseHeaderSize),
    extensions: placed.map(({ recordOffset, ...extension }) => {
      if (extension.recordSize === 0) return { ...extension, column: null };
      const column = new Column(extension.recordSize, messages);
      column.fill(0, messages, extension.recordSize, bytes, headerSize + recordOffset, recordSize);
      return { ...extension, column };
    }),
    uids,
    flags,
  });
};

/** Record offsets of extensions, and the record size: the layout that Dovecot itself chooses. */
export const layOut = (
  extensions: readonly ExtensionShape[],
): { readonly offsets: readonly number[]; readonly recordSize: number } => {
  const offsets = extensions.map(() => 0);
  const left = extensions
    .map(({ recordSize, recordAlign }, i) => ({ i, size: recordSize, align: recordAlign }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.align - a.align);
  const unit = left.reduce((most, { align }) => Math.max(most, align), 4);
  let offset = RECORD_MIN_SIZE;
  while (left.length > 0) {
    const fits = left.findIndex(({ align }) => offset % align === 0);
    if (fits < 0) {
      const least = left.at(-1)!.align;
      offset += least - offset % least;
    } else {
      const { i, size } = left[fits]!;
      left.splice(fits, 1);
      offsets[i] = offset;
      offset += size;
    }
  }
  return { offsets, recordSize: Math.ceil(offset / unit) * unit };
};

/** So many mails are one piece of what {@linkcode encodeSnapshot} gives: some 640 kB. */
const ROWS_OF_PIECE = 16_384;

/** What the base header says of the mails: counts, and the flags that any of them has. */
const countFlags = (flags: Uint8Array, count: number) => {
  let [seen, deleted, all] = [0, 0, 0];
  for (let row = 0; row < count; row++) {
    const flag = flags[row]!;
    if ((flag & SEEN) !== 0) seen++;
    if ((flag & DELETED) !== 0) deleted++;
    all |= flag;
  }
  return { seen, deleted, all };
};

const encodeHeaders = (
  { base, extensions, flags }: Omit<Snapshot, "header">,
  count: number,
  log: { readonly seq: number; readonly tailOffset: number; readonly headOffset: number },
  { offsets, recordSize }: ReturnType<typeof layOut>,
): Uint8Array<ArrayBuffer> => {
  const headerSize = extensions.reduce(
    (sum, { name, headerSize }) =>
      sum + pad8(EXTENSION_HEADER_SIZE + name.length) + pad8(headerSize),
    pad8(base.length),
  );
  const bytes = new Uint8Array(headerSize);
  const view = new DataView(bytes.buffer);
  bytes.set(base);
  let at = pad8(base.length);
  extensions.forEach((extension, i) => {
    const { name } = extension;
    view.setUint32(at, extension.headerSize, true);
    view.setUint32(at + 4, extension.resetId, true);
    view.setUint16(at + 8, offsets[i]!, true);
    view.setUint16(at + 10, extension.recordSize, true);
    view.setUint16(at + 12, extension.recordAlign, true);
    view.setUint16(at + 14, name.length, true);
    for (let k = 0; k < name.length; k++) {
      bytes[at + EXTENSION_HEADER_SIZE + k] = name.charCodeAt(k);
    }
    at += pad8(EXTENSION_HEADER_SIZE + name.length);
    bytes.set(extension.header, at);
    at += pad8(extension.headerSize);
  });
  const { seen, deleted, all } = countFlags(flags, count);
  const set = (field: number, value: number) => view.setUint32(field, value, true);
  set(HEADER_AT.headerSize, headerSize);
  set(HEADER_AT.recordSize, recordSize);
  const kept = view.getUint32(HEADER_AT.flags, true) & ~(HEADER_HAS_DIRTY | HEADER_FSCKED);
  set(HEADER_AT.flags, kept | ((all & RECORD_DIRTY) !== 0 ? HEADER_HAS_DIRTY : 0));
  set(HEADER_AT.messages, count);
  set(HEADER_AT.seen, seen);
  set(HEADER_AT.deleted, deleted);
  set(HEADER_AT.firstUnseenUid, 0);
  set(HEADER_AT.firstDeletedUid, 0);
  set(HEADER_AT.logSeq, log.seq);
  set(HEADER_AT.logTailOffset, log.tailOffset);
  set(HEADER_AT.logHeadOffset, log.headOffset);
  return bytes;
};

/**
 * Gives the bytes of `dovecot.index`, piece by piece; each is good until the next one is pulled. Sizes, counts, the dirty
 * bit and the low waters (0: unknown) are made from the data; all other fields are those of `base`. Rows beyond `count`
 * are not written. Linear, in memory that does not depend on the number of mails.
 */
export function* encodeSnapshot(
  snapshot: Omit<Snapshot, "header">,
  count: number,
  log: { readonly seq: number; readonly tailOffset: number; readonly headOffset: number },
): Generator<Uint8Array<ArrayBuffer>> {
  const { extensions, uids, flags } = snapshot;
  const layout = layOut(extensions);
  yield encodeHeaders(snapshot, count, log, layout);
  const { offsets, recordSize } = layout;
  const piece = new Uint8Array(Math.min(count, ROWS_OF_PIECE) * recordSize);
  const view = new DataView(piece.buffer);
  for (let from = 0; from < count; from += ROWS_OF_PIECE) {
    const to = Math.min(count, from + ROWS_OF_PIECE);
    // What lies between the fields of a record stays zero: each piece has the same places written.
    for (let row = from, at = 0; row < to; row++, at += recordSize) {
      view.setUint32(at, uids[row]!, true);
      piece[at + RECORD_FLAGS_AT] = flags[row]!;
    }
    extensions.forEach(({ column, recordSize: size }, i) => {
      if (column !== null) spread(piece, offsets[i]!, recordSize, column, size, from, to);
    });
    yield piece.subarray(0, (to - from) * recordSize);
  }
}

/** Writes a column's data of some rows into their records: the reverse of {@linkcode Column.fill}. */
const spread = (
  bytes: Uint8Array,
  at: number,
  step: number,
  column: Column,
  size: number,
  from: number,
  to: number,
): void => {
  const { stride, bytes: data } = column;
  for (let row = from, a = from * stride, b = at; row < to; row++, a += stride, b += step) {
    for (let k = 0; k < size; k++) bytes[b + k] = data[a + k]!;
  }
};
