/**
 * One open `dovecot.index.log`: its identity, its header, its bytes.
 *
 * @module
 */
import { decodeLogHeader, type LogHeader } from "../../codec/index_header.ts";
import type { LogRecord, RecordMarks } from "../../codec/index_record.ts";
import {
  BOUNDARY_SIZE,
  encodeGroup,
  RECORD_LIMIT,
  recordSize,
} from "../../codec/index_record_encode.ts";
import { type Place, type SyncError, syncError } from "../../model/error.ts";
import type { Fd, FileInfo, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { orFail } from "../account/or_fail.ts";

/** More bytes than this are not read into memory at once. */
const READ_LIMIT = 2 ** 30;

/** Throws an error as adapters do. */
export const fail = (
  tag: SyncError["_tag"],
  scope: SyncError["scope"],
  where: Place,
  what: string,
): never => {
  throw new StreamFailure<SyncError>(syncError(tag, scope, where, what));
};

/** Whether an error was thrown on purpose and is of this kind. */
export const isFailure = (thrown: unknown, tag: SyncError["_tag"]): boolean =>
  thrown instanceof StreamFailure && (thrown.error as SyncError)._tag === tag;

/** Bytes of a group. Throws `Unfit` where a record is larger than its size word can say (1 GiB). */
export const groupBytes = (
  records: readonly LogRecord[],
  marks: RecordMarks,
  path: string,
): Uint8Array => {
  const bytes = records.reduce((sum, record) => sum + recordSize(record), BOUNDARY_SIZE);
  if (bytes >= RECORD_LIMIT) fail("Unfit", "mailbox", { path }, `group of ${bytes} bytes`);
  return encodeGroup(records, marks);
};

/** The paths of an index's files. */
export interface IndexPaths {
  /** Where they are. */
  readonly directory: string;
  /** The snapshot. */
  readonly index: string;
  /** The log. */
  readonly log: string;
  /** The log before it. */
  readonly oldLog: string;
  /** A new log on its way; it is the lock for making one, too. */
  readonly newLog: string;
  /** A new snapshot on its way. */
  readonly newIndex: string;
}

/** The paths for a directory and a base name: "dovecot.index", "dovecot.map.index" or "dovecot.list.index". */
export const indexPaths = (directory: string, base: string): IndexPaths => {
  const index = `${directory}/${base}`;
  return {
    directory,
    index,
    log: `${index}.log`,
    oldLog: `${index}.log.2`,
    newLog: `${index}.log.newlock`,
    newIndex: `${index}.tmp`,
  };
};

/** Whether two stats are of the same file. */
export const sameFile = (a: FileInfo, b: FileInfo): boolean => a.dev === b.dev && a.ino === b.ino;

/** A log that is open for reading. Throws `StreamFailure<SyncError>`. */
export class LogFile {
  readonly #os: Os;
  readonly #path: string;
  readonly #fd: Fd;
  readonly #info: FileInfo;

  private constructor(os: Os, path: string, fd: Fd) {
    this.#os = os;
    this.#path = path;
    this.#fd = fd;
    this.#info = os.files.fstat(fd);
  }

  /** Opens a log, or gives null when there is none. */
  static open(os: Os, path: string): LogFile | null {
    let fd: Fd;
    try {
      fd = os.files.open(path, "r");
    } catch (thrown) {
      if (isFailure(thrown, "Missing")) return null;
      throw thrown;
    }
    return new LogFile(os, path, fd);
  }

  /** What stat said when it was opened. */
  get info(): FileInfo {
    return this.#info;
  }

  /** Its size now, bytes. */
  size(): number {
    return this.#os.files.fstat(this.#fd).size;
  }

  /** The bytes from `from` to `to` (default: to the end), fewer where the file is shorter. */
  read(from: number, to: number = this.size()): Uint8Array {
    const length = Math.max(0, to - from);
    if (length > READ_LIMIT) {
      fail("Unsupported", "mailbox", { path: this.#path }, `log of ${length} bytes`);
    }
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.#os.files.read(this.#fd, bytes, from));
  }

  /** Fills `into` with the bytes from `from` on; gives how many there were. */
  readInto(into: Uint8Array, from: number): number {
    return this.#os.files.read(this.#fd, into, from);
  }

  /** The header as it is now: Dovecot marks a corrupted log by overwriting it. */
  header(): LogHeader {
    return orFail(decodeLogHeader(this.read(0, Math.min(this.size(), 4096))), {
      path: this.#path,
    });
  }

  /** Closes it. */
  close(): void {
    this.#os.files.close(this.#fd);
  }
}
