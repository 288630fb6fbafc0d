/**
 * Reads records out of the files m.N: small mails as arrays out of large windows, so that mails in the order of the file
 * cost few system calls, large ones as streams.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { MAGIC_SIZE } from "../../codec/compression.ts";
import {
  decodeFileHeader,
  decodeMessageHeader,
  decodeMetadata,
  type FileHeader,
  MAX_FILE_HEADER_SIZE,
  MAX_METADATA_SIZE,
  type Metadata,
} from "../../codec/mdbox_file.ts";
import type { MapRecord } from "../../codec/mdbox_index.ts";
import { type Place, type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { Body } from "../../model/mail.ts";
import type { Fd, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { orFail } from "../account/or_fail.ts";
import { ifThere } from "../account/if_there.ts";
import { altFile, type Layout, storageFile } from "./layout.ts";

/** A record as it lies in its file. */
export interface StoredRecord {
  /** The file. */
  readonly path: string;
  /** What it says of its mail. */
  readonly metadata: Metadata;
  /** Stored bytes of the mail. */
  readonly bodySize: number;
  /** The first of them, {@linkcode MAGIC_SIZE} at least where there are as many. */
  readonly start: Uint8Array;
  /** All of them. A stream is good until the reader is closed or has opened many other files. */
  readonly body: Body;
}

/** Records above this many bytes are streams. */
export const STREAM_ABOVE = 1 << 20;
/** Bytes of each piece of a stream. */
const PIECE = 256 * 1024;
/** Bytes read at once when mails are read in the order of the file. */
const WINDOW = 1 << 20;
/** A record this near behind the last one is still in order. */
const NEAR = 64 * 1024;
/** So many files stay open. */
const MAX_OPEN = 16;

interface OpenFile {
  readonly fileId: number;
  readonly path: string;
  readonly fd: Fd;
  readonly header: FileHeader;
}

/** Bytes of a file, from `base` on. */
interface Window {
  readonly file: OpenFile;
  readonly base: number;
  readonly bytes: Uint8Array;
}

const fail = (error: SyncError, where: Place): never => {
  throw new StreamFailure<SyncError>(withPlace(error, where));
};

const sizeError = ({ offset, size }: MapRecord): SyncError =>
  syncError(
    "Damaged",
    "message",
    { offset },
    `the record is not of the ${size} bytes that the map gives it`,
  );

/**
 * Reads records of one storage. Throws `StreamFailure<SyncError>`: `Damaged` with path and offset where a record is not
 * what the map says, or what the system refuses.
 */
export class StorageReader {
  readonly #os: Os;
  readonly #layout: Layout;
  /** In the order of their last use. */
  readonly #open = new Map<number, OpenFile>();
  #window: Window | null = null;
  #lastEnd = { fileId: 0, offset: 0 };

  /** Opens nothing yet. */
  constructor(os: Os, layout: Layout) {
    this.#os = os;
    this.#layout = layout;
  }

  /** The record at a place of the map; null where its file is neither in the primary nor in the alternative storage. */
  read(record: MapRecord): StoredRecord | null {
    const file = this.#file(record.fileId);
    if (file === null) return null;
    const small = record.size !== 0 && record.size <= STREAM_ABOVE;
    const stored = small ? this.#readSmall(file, record) : this.#readLarge(file, record);
    this.#lastEnd = { fileId: record.fileId, offset: record.offset + record.size };
    return stored;
  }

  /** Closes all files. */
  close(): void {
    for (const { fd } of this.#open.values()) this.#os.files.close(fd);
    this.#open.clear();
    this.#window = null;
  }

  #readSmall(file: OpenFile, record: MapRecord): StoredRecord {
    const held = this.#heldWindow(file, record);
    if (held !== null) {
      const stored = this.#decodeSmall(file, record, held);
      if (E.isRight(stored)) return stored.right;
      // The window may be older than the record: a writer puts the header in place last.
    }
    return orFail(this.#decodeSmall(file, record, this.#newWindow(file, record)), {
      path: file.path,
    });
  }

  #decodeSmall(
    file: OpenFile,
    record: MapRecord,
    { base, bytes }: Window,
  ): E.Either<SyncError, StoredRecord> {
    const at = record.offset - base;
    const held = bytes.subarray(0, at + record.size);
    const bodySize = decodeMessageHeader(file.header, held, at, base);
    if (E.isLeft(bodySize)) return bodySize;
    const bodyAt = at + file.header.messageHeaderSize;
    const behind = bodyAt + bodySize.right;
    const metadata = decodeMetadata(held, behind, base);
    if (E.isLeft(metadata)) return metadata;
    if (behind + metadata.right.size - at !== record.size) return E.left(sizeError(record));
    const start = held.subarray(bodyAt, behind);
    const body = bodySize.right === 0 ? [] : [start];
    return E.right({
      path: file.path,
      metadata: metadata.right.metadata,
      bodySize: bodySize.right,
      start,
      body,
    });
  }

  #readLarge(file: OpenFile, record: MapRecord): StoredRecord {
    const { messageHeaderSize } = file.header;
    const head = this.#readAt(file, record.offset, messageHeaderSize + MAGIC_SIZE);
    const bodySize = orFail(
      decodeMessageHeader(file.header, head, 0, record.offset),
      { path: file.path },
    );
    const bodyAt = record.offset + messageHeaderSize;
    const behind = bodyAt + bodySize;
    // The map knows how long the metadata is, but for a record of 4 GiB and more.
    const rest = record.size === 0 ? MAX_METADATA_SIZE : record.offset + record.size - behind;
    if (rest <= 0 || rest > MAX_METADATA_SIZE) fail(sizeError(record), { path: file.path });
    const tail = this.#readAt(file, behind, rest);
    const { metadata, size } = orFail(decodeMetadata(tail, 0, behind), { path: file.path });
    if (record.size !== 0 && size !== rest) fail(sizeError(record), { path: file.path });
    const start = head.subarray(messageHeaderSize, messageHeaderSize + bodySize);
    const body = this.#stream(file, bodyAt, behind);
    return { path: file.path, metadata, bodySize, start, body };
  }

  async *#stream(file: OpenFile, from: number, to: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to;) {
      const piece = this.#readAt(file, at, Math.min(PIECE, to - at));
      if (piece.length === 0) {
        fail(syncError("Damaged", "message", { offset: at }, "end of file in a mail"), {
          path: file.path,
        });
      }
      yield piece;
      at += piece.length;
    }
  }

  #heldWindow(file: OpenFile, { offset, size }: MapRecord): Window | null {
    const held = this.#window;
    return held !== null && held.file === file && offset >= held.base &&
        offset + size <= held.base + held.bytes.length
      ? held
      : null;
  }

  #newWindow(file: OpenFile, { fileId, offset, size }: MapRecord): Window {
    const gap = offset - this.#lastEnd.offset;
    const inOrder = this.#lastEnd.fileId === fileId && gap >= 0 && gap <= NEAR;
    // Mails keep pointing into a window: a new one never takes the old one's bytes.
    const bytes = this.#readAt(file, offset, inOrder ? Math.max(WINDOW, size) : size);
    this.#window = { file, base: offset, bytes };
    return this.#window;
  }

  #readAt(file: OpenFile, offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.#os.files.read(file.fd, bytes, offset));
  }

  #file(fileId: number): OpenFile | null {
    const open = this.#open.get(fileId);
    if (open !== undefined) {
      this.#open.delete(fileId);
      this.#open.set(fileId, open);
      return open;
    }
    const primary = storageFile(this.#layout, fileId);
    const alternative = altFile(this.#layout, fileId);
    const file = this.#openPath(fileId, primary) ??
      (alternative === null ? null : this.#openPath(fileId, alternative));
    if (file === null) return null;
    for (const [oldest, { fd }] of this.#open) {
      if (this.#open.size < MAX_OPEN) break;
      this.#os.files.close(fd);
      this.#open.delete(oldest);
    }
    this.#open.set(fileId, file);
    return file;
  }

  #openPath(fileId: number, path: string): OpenFile | null {
    const { files } = this.#os;
    const fd = ifThere(() => files.open(path, "r"));
    if (fd === null) return null;
    try {
      const start = new Uint8Array(MAX_FILE_HEADER_SIZE);
      const header = orFail(
        decodeFileHeader(start.subarray(0, files.read(fd, start, 0))),
        { path },
      );
      return { fileId, path, fd, header };
    } catch (thrown) {
      files.close(fd);
      throw thrown;
    }
  }
}
