/**
 * The fixed headers of `dovecot.index` and `dovecot.index.log`. All integers are little-endian.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

/** A `Damaged` error at a byte offset of an index file; the adapter fills in the path. */
export const damagedAt = (offset: number, what: string): SyncError =>
  syncError("Damaged", "mailbox", { offset }, what);

/** Bytes of the base header that Dovecot 2.3 writes, and the least that it reads. */
export const INDEX_HEADER_SIZE = 120;
/** Bytes of the log header that Dovecot 2.3 writes. */
export const LOG_HEADER_SIZE = 40;
/** The least log header that Dovecot reads; what is missing counts as 0. */
const LOG_HEADER_MIN_SIZE = 24;

const INDEX_MAJOR = 7;
const INDEX_MINOR = 3;
const LOG_MAJOR = 1;
const LOG_MINOR = 3;
/** The log's header has compatibility flags from this minor version on. */
const LOG_MINOR_COMPAT = 2;
const LITTLE_ENDIAN = 1;

/** Byte offsets of the base header's fields, as a HEADER_UPDATE record names them. */
export const HEADER_AT = {
  majorVersion: 0,
  minorVersion: 1,
  baseHeaderSize: 2,
  headerSize: 4,
  recordSize: 8,
  compatFlags: 12,
  indexId: 16,
  flags: 20,
  uidValidity: 24,
  nextUid: 28,
  messages: 32,
  seen: 40,
  deleted: 44,
  firstRecentUid: 48,
  firstUnseenUid: 52,
  firstDeletedUid: 56,
  logSeq: 60,
  logTailOffset: 64,
  logHeadOffset: 68,
  log2RotateTime: 76,
  lastTempFileScan: 80,
  dayStamp: 84,
  dayFirstUid: 88,
} as const;

/** Header flag: some record has the dirty bit. */
export const HEADER_HAS_DIRTY = 0x02;
/** Header flag: the index was repaired; mdbox rebuilds its storage when it sees it. Never written. */
export const HEADER_FSCKED = 0x04;
const HEADER_CORRUPTED = 0x01;

/** Base header of `dovecot.index` (Dovecot: mail-index.h). Times are seconds since 1970, offsets bytes. */
export interface IndexHeader {
  /** Base header bytes in the file; bytes above 120 are kept unread. */
  readonly baseHeaderSize: number;
  /** Base header and extension headers, bytes. */
  readonly headerSize: number;
  /** Bytes per record. */
  readonly recordSize: number;
  /** Shared by index, log and cache; not 0. */
  readonly indexId: number;
  /** {@linkcode HEADER_HAS_DIRTY} and {@linkcode HEADER_FSCKED}. */
  readonly flags: number;
  /** UIDVALIDITY; 0 only while nextUid is 1. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly nextUid: number;
  /** How many records follow. */
  readonly messages: number;
  /** How many of them have \Seen. */
  readonly seen: number;
  /** How many of them have \Deleted. */
  readonly deleted: number;
  /** UIDs from here on are \Recent. */
  readonly firstRecentUid: number;
  /** No mail below it lacks \Seen. */
  readonly firstUnseenUid: number;
  /** No mail below it has \Deleted. */
  readonly firstDeletedUid: number;
  /** The log that the snapshot belongs to. */
  readonly logSeq: number;
  /** Log records from here on that are not external still wait to be carried out. */
  readonly logTailOffset: number;
  /** The snapshot contains every record before this offset. */
  readonly logHeadOffset: number;
}

const word = (view: DataView, at: number): number => view.getUint32(at, true);

/**
 * Reads and checks the base header. Fails with `Unsupported` for another major version (Dovecot ignores such a file
 * without a word) or byte order, with `Damaged` where Dovecot would repair.
 */
export const decodeIndexHeader = (bytes: Uint8Array): E.Either<SyncError, IndexHeader> => {
  if (bytes.length < 1) return E.left(damagedAt(0, "index file is empty"));
  if (bytes[0] !== INDEX_MAJOR) {
    return E.left(
      syncError("Unsupported", "mailbox", { offset: 0 }, `index format version ${bytes[0]}`),
    );
  }
  if (bytes.length < INDEX_HEADER_SIZE) {
    return E.left(damagedAt(0, `index file of ${bytes.length} bytes is shorter than its header`));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(HEADER_AT.compatFlags) !== LITTLE_ENDIAN) {
    return E.left(
      syncError("Unsupported", "mailbox", { offset: 12 }, "index written by a big-endian machine"),
    );
  }
  const header: IndexHeader = {
    baseHeaderSize: view.getUint16(HEADER_AT.baseHeaderSize, true),
    headerSize: word(view, HEADER_AT.headerSize),
    recordSize: word(view, HEADER_AT.recordSize),
    indexId: word(view, HEADER_AT.indexId),
    flags: word(view, HEADER_AT.flags),
    uidValidity: word(view, HEADER_AT.uidValidity),
    nextUid: word(view, HEADER_AT.nextUid),
    messages: word(view, HEADER_AT.messages),
    seen: word(view, HEADER_AT.seen),
    deleted: word(view, HEADER_AT.deleted),
    firstRecentUid: word(view, HEADER_AT.firstRecentUid),
    firstUnseenUid: word(view, HEADER_AT.firstUnseenUid),
    firstDeletedUid: word(view, HEADER_AT.firstDeletedUid),
    logSeq: word(view, HEADER_AT.logSeq),
    logTailOffset: word(view, HEADER_AT.logTailOffset),
    logHeadOffset: word(view, HEADER_AT.logHeadOffset),
  };
  if ((header.flags & HEADER_CORRUPTED) !== 0) {
    return E.left(damagedAt(HEADER_AT.flags, "index is marked corrupted"));
  }
  if (header.baseHeaderSize < INDEX_HEADER_SIZE || header.headerSize < header.baseHeaderSize) {
    return E.left(damagedAt(
      HEADER_AT.baseHeaderSize,
      `header sizes ${header.baseHeaderSize} and ${header.headerSize} make no sense`,
    ));
  }
  if (header.indexId === 0) return E.left(damagedAt(HEADER_AT.indexId, "index id is 0"));
  if (header.recordSize < 8) {
    return E.left(damagedAt(HEADER_AT.recordSize, `record size ${header.recordSize} is below 8`));
  }
  const wrong = checkCounters(header);
  return wrong === null ? E.right(header) : E.left(wrong);
};

/** The checks that Dovecot makes on UIDs and counts (mail_index_map_check_header); null when all hold. */
export const checkCounters = (
  header: Pick<
    IndexHeader,
    | "uidValidity"
    | "nextUid"
    | "messages"
    | "seen"
    | "deleted"
    | "firstRecentUid"
    | "firstUnseenUid"
    | "firstDeletedUid"
  >,
): SyncError | null => {
  const { nextUid, messages } = header;
  if (nextUid === 0) return damagedAt(HEADER_AT.nextUid, "UIDNEXT is 0");
  if (header.uidValidity === 0 && nextUid !== 1) {
    return damagedAt(HEADER_AT.uidValidity, `UIDVALIDITY is 0 while UIDNEXT is ${nextUid}`);
  }
  const counts = [["seen", header.seen], ["deleted", header.deleted]] as const;
  for (const [name, count] of counts) {
    if (count > messages) {
      return damagedAt(HEADER_AT[name], `${count} ${name} of ${messages} messages`);
    }
  }
  const { firstRecentUid } = header;
  if (firstRecentUid === 0 || firstRecentUid > nextUid) {
    return damagedAt(
      HEADER_AT.firstRecentUid,
      `first recent UID ${firstRecentUid} is not in 1..${nextUid}`,
    );
  }
  for (const name of ["firstUnseenUid", "firstDeletedUid"] as const) {
    if (header[name] > nextUid) {
      return damagedAt(HEADER_AT[name], `low water ${header[name]} is above UIDNEXT ${nextUid}`);
    }
  }
  return null;
};

/** A base header of 120 bytes with nothing in it but versions, byte order, UIDNEXT 1 and first recent UID 1. */
export const blankIndexHeader = (indexId: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(INDEX_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint8(HEADER_AT.majorVersion, INDEX_MAJOR);
  view.setUint8(HEADER_AT.minorVersion, INDEX_MINOR);
  view.setUint16(HEADER_AT.baseHeaderSize, INDEX_HEADER_SIZE, true);
  view.setUint32(HEADER_AT.headerSize, INDEX_HEADER_SIZE, true);
  view.setUint32(HEADER_AT.recordSize, 8, true);
  view.setUint8(HEADER_AT.compatFlags, LITTLE_ENDIAN);
  view.setUint32(HEADER_AT.indexId, indexId, true);
  view.setUint32(HEADER_AT.nextUid, 1, true);
  view.setUint32(HEADER_AT.firstRecentUid, 1, true);
  return bytes;
};

/** Header of `dovecot.index.log` (Dovecot: mail-transaction-log.h). */
export interface LogHeader {
  /** Minor version: 3 now; below 3 internal flag changes count as modseq changes too. */
  readonly minorVersion: number;
  /** Where the first record is, bytes. */
  readonly headerSize: number;
  /** As in the index; not 0. */
  readonly indexId: number;
  /** Grows by one per rotation. */
  readonly fileSeq: number;
  /** The log before this one; 0: everything before is to be forgotten. */
  readonly prevFileSeq: number;
  /** Final size of that log. */
  readonly prevFileOffset: number;
  /** Seconds since 1970. */
  readonly createStamp: number;
  /** Highest modseq before the first record; 0 in logs of very old Dovecots. */
  readonly initialModSeq: bigint;
}

/**
 * Reads the header of a log. Fails with `Unsupported` for another major version or byte order, with `Damaged` when it
 * is too short or was marked corrupted (index id 0).
 */
export const decodeLogHeader = (bytes: Uint8Array): E.Either<SyncError, LogHeader> => {
  if (bytes.length < 1) return E.left(damagedAt(0, "log file is empty"));
  if (bytes[0] !== LOG_MAJOR) {
    return E.left(
      syncError("Unsupported", "mailbox", { offset: 0 }, `log format version ${bytes[0]}`),
    );
  }
  if (bytes.length < LOG_HEADER_MIN_SIZE) {
    return E.left(damagedAt(0, `log file of ${bytes.length} bytes is shorter than its header`));
  }
  const at = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = at.getUint16(2, true);
  if (headerSize < LOG_HEADER_MIN_SIZE || headerSize > bytes.length || headerSize % 4 !== 0) {
    return E.left(damagedAt(2, `log header size ${headerSize}`));
  }
  // Older logs end earlier; what they do not have counts as 0.
  const full = new Uint8Array(LOG_HEADER_SIZE);
  full.set(bytes.subarray(0, Math.min(headerSize, LOG_HEADER_SIZE)));
  const view = new DataView(full.buffer);
  const minorVersion = view.getUint8(1);
  if (minorVersion >= LOG_MINOR_COMPAT && view.getUint8(32) !== LITTLE_ENDIAN) {
    return E.left(
      syncError("Unsupported", "mailbox", { offset: 32 }, "log written by a big-endian machine"),
    );
  }
  const indexId = word(view, 4);
  if (indexId === 0) return E.left(damagedAt(4, "log is marked corrupted (index id 0)"));
  return E.right({
    minorVersion,
    headerSize,
    indexId,
    fileSeq: word(view, 8),
    prevFileSeq: word(view, 12),
    prevFileOffset: word(view, 16),
    createStamp: word(view, 20),
    initialModSeq: view.getBigUint64(24, true),
  });
};

/** The 40 bytes of a new log's header, version 1.3; `minorVersion` and `headerSize` are not taken from the value. */
export const encodeLogHeader = (
  header: Omit<LogHeader, "minorVersion" | "headerSize">,
): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(LOG_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, LOG_MAJOR);
  view.setUint8(1, LOG_MINOR);
  view.setUint16(2, LOG_HEADER_SIZE, true);
  view.setUint32(4, header.indexId, true);
  view.setUint32(8, header.fileSeq, true);
  view.setUint32(12, header.prevFileSeq, true);
  view.setUint32(16, header.prevFileOffset, true);
  view.setUint32(20, header.createStamp, true);
  view.setBigUint64(24, header.initialModSeq, true);
  view.setUint8(32, LITTLE_ENDIAN);
  return bytes;
};
