/**
 * Writes the mails of one batch to files m.N: a small batch behind the last file's records, others to new files.
 *
 * A small batch is held back until it is known that it is small. What is written here is not mail yet: it becomes so
 * when the map names it. Until then the journal knows of it, and {@linkcode StorageWriter.abort} takes it back.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { bytesOfText } from "../../codec/byte_text.ts";
import {
  decodeFileHeader,
  encodeFileHeader,
  encodeMessageHeader,
  encodeMetadata,
  formatMetadata,
  MAX_FILE_HEADER_SIZE,
  MAX_METADATA_SIZE,
  MAX_RECORD_SIZE,
  MESSAGE_HEADER_SIZE,
  type NewMetadata,
} from "../../codec/mdbox_file.ts";
import { countBareLf } from "../../codec/virtual_size.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { type Body, isInMemory } from "../../model/mail.ts";
import type { Fd, Held, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { type BlockTarget, BlockWriter } from "./block_writer.ts";
import { ifThere } from "../account/if_there.ts";
import type { Journal } from "./journal.ts";
import { type Layout, storageFile } from "./layout.ts";

/** A mail to be stored. */
export interface NewMail extends Omit<NewMetadata, "virtualSize"> {
  /** Bytes of the body. */
  readonly size: number;
  /** Read once, while the mail is added. */
  readonly body: Body;
}

/** A file that has got new records. */
export interface Target {
  /** Its number; null: a new file that gets one under the lock of the map. */
  readonly fileId: number | null;
  /** Where it is now. */
  readonly path: string;
}

/** Where a record went. */
export interface PlacedRecord {
  /** Index of its file among the targets. */
  readonly target: number;
  /** Where it begins in the file. */
  readonly offset: number;
  /** Its bytes. */
  readonly size: number;
}

/** All records of a batch, durable. */
export interface Placement {
  /** The files. */
  readonly targets: readonly Target[];
  /** The records, in the order of the calls of `add`. */
  readonly records: readonly PlacedRecord[];
}

/** The end of the records that the map knows in a file, or null when the file is none to append to. */
export type EndInMap = (fileId: number) => number | null;

/** Batches up to so many bytes are appended to an existing file. */
const APPEND_LIMIT = 1 << 20;

interface OpenTarget extends BlockTarget {
  readonly fileId: number | null;
  readonly path: string;
  readonly lock: Held | null;
  readonly oldSize: number;
}

const bytesIn = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => sum + piece.length, 0);

const changed = (size: number, found: string): SyncError =>
  syncError("Changed", "message", {}, `the mail should have ${size} bytes and has ${found}`);

/** Writes one batch. Used for one batch only. */
export class StorageWriter {
  readonly #os: Os;
  readonly #layout: Layout;
  readonly #journal: Journal;
  readonly #blocks: BlockWriter;
  readonly #targets: OpenTarget[] = [];
  /** Of each file that is finished: kept when it is durable. */
  readonly #syncing: Promise<void>[] = [];
  readonly #records: PlacedRecord[] = [];
  /** Whole records that are not written yet; null: the batch is not small. */
  #held: Uint8Array[][] | null = [];
  #bytes = 0;

  /** Touches nothing yet. */
  constructor(os: Os, layout: Layout, journal: Journal) {
    this.#os = os;
    this.#layout = layout;
    this.#journal = journal;
    this.#blocks = new BlockWriter(os);
  }

  /** Bytes of all records so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a mail. Gives its index among the records, or why this one mail cannot be stored: `Unfit`, `Changed` when
   * the body is not of its size, or what its stream failed with where that ends one message only. Other failures are
   * thrown. Only a body that is a stream is waited for.
   */
  add(mail: NewMail): E.Either<SyncError, number> | Promise<E.Either<SyncError, number>> {
    if (mail.size > MAX_RECORD_SIZE - MAX_METADATA_SIZE - MAX_FILE_HEADER_SIZE) {
      return E.left(syncError("Unfit", "message", {}, "the mail is too large for a file m.N"));
    }
    const small = isInMemory(mail.body) && this.#bytes + mail.size <= APPEND_LIMIT;
    if (this.#held !== null && !small) this.#startFiles();
    return isInMemory(mail.body) ? this.#addHeld(mail, mail.body) : this.#addStream(mail);
  }

  /**
   * Writes what was held back, and makes all records durable. A small batch goes behind the records of `last`, if
   * that file can be had at once and ends where `endInMap`, asked under the file's lock, says; else to a new file.
   */
  async place(last: number | null, endInMap: EndInMap): Promise<Placement> {
    const held = this.#held;
    if (held !== null && held.length > 0) {
      const target = last === null ? null : this.#openExisting(last, endInMap);
      if (target === null) {
        this.#startFiles();
      } else {
        this.#targets.push(target);
        this.#journal.append(target.fileId!, target.oldSize);
        // Durable before the first byte behind the old end can be.
        this.#journal.sync();
        for (const record of held) this.#write(target, record);
      }
    }
    this.#held = null;
    this.#finishTarget();
    await this.#allDurable();
    return { targets: this.#targets, records: this.#records };
  }

  /** Takes everything back, as far as the map does not know of it. Only before the map was written. */
  abort(): void {
    const { disk } = this.#os;
    this.#held = null;
    this.#blocks.forget();
    for (const { fileId, fd, path, oldSize } of this.#targets) {
      if (fileId === null) disk.unlink(path);
      else disk.truncate(fd, oldSize);
    }
    this.release();
  }

  /** Closes all files, and with them their locks. */
  release(): void {
    for (const { fd, lock } of this.#targets.splice(0)) {
      lock?.release();
      this.#os.files.close(fd);
    }
  }

  #addHeld(mail: NewMail, body: readonly Uint8Array[]): E.Either<SyncError, number> {
    let size = 0;
    let virtualSize = 0;
    let previous = 0;
    for (const piece of body) {
      size += piece.length;
      virtualSize += piece.length + countBareLf(piece, previous);
      previous = piece.at(-1) ?? previous;
    }
    if (size !== mail.size) return E.left(changed(mail.size, `${size}`));
    const metadata = formatMetadata({ ...mail, virtualSize });
    if (E.isLeft(metadata)) return metadata;
    if (this.#held !== null) {
      const end = bytesOfText(metadata.right);
      // The bytes of a body are not good for so long.
      const record = [encodeMessageHeader(size), ...body.map((piece) => piece.slice()), end];
      this.#bytes += bytesIn(record);
      this.#held.push(record);
      return E.right(this.#held.length - 1);
    }
    // The room for text of which a character may take three bytes.
    const target = this.#targetFor(MESSAGE_HEADER_SIZE + size + 3 * metadata.right.length);
    const start = target.end;
    this.#blocks.writeHeader(target, size);
    for (let i = 0; i < body.length; i++) this.#blocks.write(target, body[i]!);
    this.#blocks.writeText(target, metadata.right);
    this.#bytes += target.end - start;
    return E.right(this.#placed(target, start));
  }

  async #addStream(mail: NewMail): Promise<E.Either<SyncError, number>> {
    // Refused before a byte is written; V has no more than 11 digits.
    const metadataSize = E.map((bytes: Uint8Array) => bytes.length + 11)(
      encodeMetadata({ ...mail, virtualSize: 0 }),
    );
    if (E.isLeft(metadataSize)) return metadataSize;
    const target = this.#targetFor(MESSAGE_HEADER_SIZE + mail.size + metadataSize.right);
    const start = target.end;
    const refuse = (error: SyncError) => {
      this.#cutBack(target, start);
      return E.left(error);
    };
    let size = 0;
    let virtualSize = 0;
    let previous = 0;
    this.#blocks.write(target, encodeMessageHeader(mail.size));
    try {
      for await (const piece of mail.body) {
        size += piece.length;
        if (size > mail.size) return refuse(changed(mail.size, "more"));
        virtualSize += piece.length + countBareLf(piece, previous);
        previous = piece.at(-1) ?? previous;
        this.#blocks.write(target, piece);
      }
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      const error = thrown.error as SyncError;
      if (error.scope !== "message") throw thrown;
      return refuse(error);
    }
    if (size !== mail.size) return refuse(changed(mail.size, `${size}`));
    const metadata = encodeMetadata({ ...mail, virtualSize });
    if (E.isLeft(metadata)) return refuse(metadata.left);
    this.#blocks.write(target, metadata.right);
    return E.right(this.#placed(target, start));
  }

  /** Takes back what was written of a record to a new file; a file that has no other goes away. */
  #cutBack(target: OpenTarget, to: number): void {
    const { disk, files } = this.#os;
    if (this.#records.at(-1)?.target === this.#targets.length - 1) {
      this.#blocks.flush(target);
      disk.truncate(target.fd, to);
      target.end = to;
      return;
    }
    this.#blocks.forget();
    this.#targets.pop();
    disk.unlink(target.path);
    files.close(target.fd);
  }

  #write(target: OpenTarget, record: readonly Uint8Array[]): number {
    const start = target.end;
    for (const piece of record) this.#blocks.write(target, piece);
    return this.#placed(target, start);
  }

  #placed(target: OpenTarget, offset: number): number {
    this.#records.push({
      target: this.#targets.length - 1,
      offset,
      size: target.end - offset,
    });
    return this.#records.length - 1;
  }

  /** The batch is not small: what was held back goes to a new file. */
  #startFiles(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const record of held) {
      this.#write(this.#targetFor(bytesIn(record)), record);
    }
  }

  /** The new file that is being written, or another one where a record of this size has no room in it. */
  #targetFor(recordSize: number): OpenTarget {
    const current = this.#targets.at(-1);
    if (current !== undefined && current.end + recordSize <= this.#layout.rotateSize) {
      return current;
    }
    this.#finishTarget();
    return this.#openNew();
  }

  #openNew(): OpenTarget {
    const { disk, files } = this.#os;
    const name = this.#journal.newFileName();
    const path = `${this.#layout.storage}/${name}`;
    const fd = disk.openNew(path, modesOf(this.#os, this.#layout.root).file);
    const target: OpenTarget = { fileId: null, path, fd, lock: null, oldSize: 0, end: 0 };
    this.#targets.push(target);
    this.#journal.temp(name, files.fstat(fd));
    this.#blocks.write(target, encodeFileHeader(Math.floor(this.#os.now() / 1000)));
    return target;
  }

  #finishTarget(): void {
    const target = this.#targets.at(-1);
    if (target === undefined) return;
    this.#blocks.flush(target);
    // The next file is written, or the next mails come in, while the disk is at work. Where all is taken back before
    // that has ended, nobody is told how it did.
    const durable = this.#os.disk.syncBeside(target.fd);
    durable.catch(() => {});
    this.#syncing.push(durable);
  }

  /** Throws what any of them failed with, when none is under way any more. */
  async #allDurable(): Promise<void> {
    await Promise.allSettled(this.#syncing);
    await Promise.all(this.#syncing);
  }

  /** The checks of mdbox_map_file_try_append, src/lib-storage/index/dbox-multi/mdbox-map.c. */
  #openExisting(fileId: number, endInMap: EndInMap): OpenTarget | null {
    const { files, locks } = this.#os;
    const path = storageFile(this.#layout, fileId);
    const fd = ifThere(() => files.open(path, "r+"));
    if (fd === null) return null;
    const lock = locks.tryFlock(fd, path);
    const size = files.fstat(fd).size;
    const good = lock !== null &&
      // A purge may have unlinked it before we had the lock.
      files.stat(path)?.ino === files.fstat(fd).ino &&
      this.#isAppendable(fd) &&
      size + this.#bytes <= this.#layout.rotateSize &&
      // What the map does not know may be the work of a crashed writer: not to be built upon.
      endInMap(fileId) === size;
    if (good) return { fileId, path, fd, lock, oldSize: size, end: size };
    lock?.release();
    files.close(fd);
    return null;
  }

  #isAppendable(fd: Fd): boolean {
    const start = new Uint8Array(MAX_FILE_HEADER_SIZE);
    const header = decodeFileHeader(start.subarray(0, this.#os.files.read(fd, start, 0)));
    return E.isRight(header) && header.right.version === 2 &&
      header.right.messageHeaderSize === MESSAGE_HEADER_SIZE;
  }
}
