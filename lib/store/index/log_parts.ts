/**
 * A log that is read from its beginning to its end, a part at a time.
 *
 * @module
 */
import { decodeLogHeader, type LogHeader } from "../../codec/index_header.ts";
import { orFail } from "../account/or_fail.ts";
import type { LogFile } from "./log_file.ts";

/** So many bytes are read and taken apart at once: what they are taken apart to is a few times as large. */
export const PART = 4 << 20;

/** Memory for parts that is used again: fresh memory costs as much as reading does. */
let room = new Uint8Array(0);

/** Reads so many bytes; good until the next call. Throws where they are more than anybody should read at once. */
const readSome = (file: LogFile, from: number, length: number): Uint8Array => {
  if (length > PART) return file.read(from, from + length);
  if (room.length < length) room = new Uint8Array(length);
  return room.subarray(0, file.readInto(room.subarray(0, length), from));
};

/** The bytes of a log, of which a part at a time is in memory. */
export class LogParts {
  /** Its path, for messages. */
  readonly path: string;
  /** Its header. */
  readonly header: LogHeader;
  /** Its size when it was opened, bytes. */
  readonly size: number;
  readonly #file: LogFile | null;
  /** What is in memory, and where it begins. */
  #part: Uint8Array;
  #at = 0;

  private constructor(path: string, file: LogFile | null, size: number, first: Uint8Array) {
    this.path = path;
    this.#file = file;
    this.size = size;
    this.#part = first;
    this.header = orFail(decodeLogHeader(first), { path });
  }

  /** Of a file. What others of a file have in memory is void from here on. */
  static of(path: string, file: LogFile): LogParts {
    const size = file.size();
    return new LogParts(path, file, size, readSome(file, 0, Math.min(size, PART)));
  }

  /** Of bytes that are in memory. */
  static ofBytes(path: string, bytes: Uint8Array): LogParts {
    return new LogParts(path, null, bytes.length, bytes);
  }

  /** The bytes from `from` to `to`, fewer where the file has become shorter; good until the next call. */
  read(from: number, to: number): Uint8Array {
    const end = this.#at + this.#part.length;
    if (this.#file === null || (from >= this.#at && to <= end)) {
      return this.#part.subarray(from - this.#at, to - this.#at);
    }
    this.#part = readSome(this.#file, from, to - from);
    this.#at = from;
    return this.#part;
  }
}
