/**
 * Walks `dovecot.index.log`: records in order, each with the modseq that follows from the log so far. A record or
 * group that is not whole ends the walk without an error: a writer is at work there, or died.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { damagedAt, type LogHeader } from "./index_header.ts";
import { modSeqAfter } from "./index_modseq.ts";
import {
  decodeSize,
  type LogRecord,
  RECORD_EXTERNAL,
  RECORD_HEADER_SIZE,
  RECORD_SYNC,
  RECORD_TYPE,
  RECORD_TYPE_MASK,
} from "./index_record.ts";
import { decodeRecord } from "./index_record_decode.ts";
import { BOUNDARY_SIZE } from "./index_record_encode.ts";

/** A place between two records of a log, and what a reader must know there to go on. */
export interface LogCursor {
  /** Sequence of the log file. */
  readonly seq: number;
  /** File offset of the next record. */
  readonly offset: number;
  /** The highest modseq so far; 0: not tracked yet (very old logs). */
  readonly modSeq: bigint;
  /** Bytes per mail of the extension introduced last, -1 for none. */
  readonly introRecordSize: number;
}

/** A record at its place. */
export interface LogEntry {
  /** Sequence of the log file. */
  readonly seq: number;
  /** File offset of its first byte. */
  readonly offset: number;
  /** Bytes, header included. */
  readonly size: number;
  /** It has happened in the mailbox; otherwise it is a request. */
  readonly external: boolean;
  /** Made by dsync. */
  readonly sync: boolean;
  /** What it says. */
  readonly record: LogRecord;
  /** The highest modseq after it. */
  readonly modSeq: bigint;
}

/** A stretch of a log. */
export interface LogStretch {
  /** Its records in order; groups are whole. */
  readonly entries: readonly LogEntry[];
  /** Where a reader goes on. Bytes beyond it are an incomplete record or group. */
  readonly end: LogCursor;
}

/** The cursor before the first record of a log. */
export const logStart = (header: LogHeader): LogCursor => ({
  seq: header.fileSeq,
  offset: header.headerSize,
  modSeq: header.initialModSeq,
  introRecordSize: -1,
});

/**
 * Decodes from `start` to the last complete record or group. `bytes` begin at file offset `base` (so a follower needs
 * only what was added) and must reach `start`. Fails with `Damaged` and the byte offset where a complete record makes
 * no sense. Linear; entries hold windows on the bytes. Records whose type is not wanted are passed over, and what they
 * would do to modseqs with them.
 */
export const decodeLog = (
  bytes: Uint8Array,
  base: number,
  start: LogCursor,
  header: LogHeader,
  isWanted: (type: number) => boolean = () => true,
): E.Either<SyncError, LogStretch> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: LogEntry[] = [];
  let at = start.offset - base;
  let { modSeq, introRecordSize } = start;
  if (at < 0 || at > bytes.length) {
    return E.left(damagedAt(start.offset, "the log does not reach this offset"));
  }
  while (at + RECORD_HEADER_SIZE <= bytes.length) {
    const size = decodeSize(view, at);
    if (size === 0) break;
    if (size < RECORD_HEADER_SIZE) return E.left(damagedAt(base + at, `record of ${size} bytes`));
    if (size > bytes.length - at) break;
    const type = view.getUint32(at + 4, true);
    if (!isWanted(type & RECORD_TYPE_MASK)) {
      at += size;
      continue;
    }
    const decoded = decodeRecord(bytes, view, at, size, base, introRecordSize);
    if (E.isLeft(decoded)) return decoded;
    const record = decoded.right;
    if (record._tag === "Boundary" && record.size > bytes.length - at) break;
    if (record._tag === "ExtIntro") introRecordSize = record.intros.at(-1)!.recordSize;
    const external = (type & RECORD_EXTERNAL) !== 0;
    modSeq = modSeqAfter(modSeq, record, external, header.minorVersion);
    const sync = (type & RECORD_SYNC) !== 0;
    entries.push({ seq: start.seq, offset: base + at, size, external, sync, record, modSeq });
    at += size;
  }
  return E.right({
    entries,
    end: { seq: start.seq, offset: base + at, modSeq, introRecordSize },
  });
};

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(RECORD_TYPE));

/**
 * Whether the bytes behind the last whole record or group are what a write leaves that was broken off: its beginning, or
 * zeros where a file system has lost it. Other bytes may hold records of somebody; a reader cannot know where.
 */
export const isBrokenOff = (rest: Uint8Array): boolean => {
  if (rest.length < RECORD_HEADER_SIZE) return true;
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  const size = decodeSize(view, 0);
  if (size === 0) return rest.every((byte) => byte === 0);
  const type = view.getUint32(4, true) & RECORD_TYPE_MASK;
  if (size > rest.length) return KNOWN_TYPES.has(type);
  return type === RECORD_TYPE.Boundary && size >= BOUNDARY_SIZE &&
    view.getUint32(RECORD_HEADER_SIZE, true) > rest.length;
};

const OF_THE_MAILBOX: ReadonlySet<number> = new Set([
  RECORD_TYPE.HeaderUpdate,
  RECORD_TYPE.ExtIntro,
  RECORD_TYPE.ExtReset,
  RECORD_TYPE.ExtHeaderUpdate,
  RECORD_TYPE.ExtHeaderUpdate32,
  // The first one makes an extension, and later records tell extensions by their number.
  RECORD_TYPE.KeywordUpdate,
  RECORD_TYPE.IndexDeleted,
  RECORD_TYPE.IndexUndeleted,
  RECORD_TYPE.Boundary,
]);

/** Whether records of a type say something of the mailbox as a whole, not of mails. */
export const isOfTheMailbox = (type: number): boolean => OF_THE_MAILBOX.has(type);
