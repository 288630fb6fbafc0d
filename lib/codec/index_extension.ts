/**
 * An extension of an index: header data and some bytes per mail, under a name.
 *
 * @module
 */
import type { Intro } from "./index_record.ts";
import type { Column, Rows } from "./index_rows.ts";

/** The numbers that describe an extension. */
export interface ExtensionShape {
  /** 1 to 63 of A-Z a-z 0-9 - _ space. */
  readonly name: string;
  /** Changed whenever all data becomes void. */
  readonly resetId: number;
  /** Bytes of header data. */
  readonly headerSize: number;
  /** Bytes per mail. */
  readonly recordSize: number;
  /** 1 to 8 where recordSize is not 0. */
  readonly recordAlign: number;
}

/** The most header data that Dovecot allows, bytes. */
const HEADER_LIMIT = 16 * 1024 * 1024 - 1;
const RECORD_LIMIT = 32768;
const NAME = /^[A-Za-z0-9_ -]{1,63}$/;

/** Rounds up to a multiple of eight, as headers are laid out. */
export const pad8 = (size: number): number => (size + 7) & ~7;

import { u32 } from "./little_endian.ts";
/** What is wrong with an extension's description, or null (Dovecot: mail_index_map_ext_hdr_check). */
export const checkShape = (shape: ExtensionShape): string | null => {
  const { name, headerSize, recordSize, recordAlign } = shape;
  if (!NAME.test(name)) return "extension name is not valid";
  if (headerSize === 0 && recordSize === 0) return `extension ${name} holds nothing`;
  if (headerSize > HEADER_LIMIT) return `extension ${name} has ${headerSize} bytes of header`;
  if (recordSize >= RECORD_LIMIT) return `extension ${name} has ${recordSize} bytes per mail`;
  if (recordSize > 0 && (recordAlign < 1 || recordAlign > 8)) {
    return `extension ${name} has alignment ${recordAlign}`;
  }
  return null;
};

/** What a change of an extension says when the file does not justify the memory it asks for. */
export const unjustified = (name: string): string =>
  `extension ${name} asks for more memory than the file justifies`;

const NOTHING = new Uint8Array(RECORD_LIMIT);

/** An extension with its data. Data that was never written takes no memory and reads as zeros. */
export class Extension implements ExtensionShape {
  readonly name: string;
  resetId: number;
  headerSize: number;
  recordSize: number;
  recordAlign: number;
  readonly #rows: Rows;
  #header: Uint8Array;
  #column: Column | null = null;
  #shared = false;

  /** An extension without data. */
  constructor(rows: Rows, shape: ExtensionShape) {
    this.#rows = rows;
    this.#header = new Uint8Array(0);
    this.name = shape.name;
    this.resetId = shape.resetId;
    this.headerSize = shape.headerSize;
    this.recordSize = shape.recordSize;
    this.recordAlign = shape.recordAlign;
  }

  /** The column of the mails' data, or null while all are zero. */
  get column(): Column | null {
    return this.#column;
  }

  /** The same extension for a copy of its rows. */
  copy(rows: Rows): Extension {
    const copy = new Extension(rows, this);
    copy.#header = this.#header.slice();
    if (this.#column !== null && !this.#shared) copy.adoptColumn(this.#column.copy(rows.count));
    return copy;
  }

  /** Takes a column that the view keeps for itself too; it is never dropped. */
  shareColumn(column: Column): void {
    this.#column = column;
    this.#shared = true;
  }

  /** Takes over a column of data for all mails. */
  adoptColumn(column: Column): void {
    if (this.#column !== null) {
      this.#column.fill(0, this.#rows.count, this.recordSize, column.bytes, 0, column.stride);
      return;
    }
    this.#rows.adoptColumn(column);
    this.#column = column;
  }

  /** Header bytes `[at, at + size)`; zeros where nothing was written. `size` is not above headerSize. */
  headerBytes(at: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    bytes.set(this.#header.subarray(at, Math.min(at + size, this.headerSize)));
    return bytes;
  }

  /** The header up to its last written byte; all after it are zeros. */
  get header(): Uint8Array {
    return this.#header.subarray(0, this.headerSize);
  }

  /** A header field of four bytes. */
  headerU32(at: number): number {
    return new DataView(this.headerBytes(at, 4).buffer).getUint32(0, true);
  }

  /** A header field of eight bytes. */
  headerU64(at: number): bigint {
    return new DataView(this.headerBytes(at, 8).buffer).getBigUint64(0, true);
  }

  /** A mail's data: a window on the column, good until the view changes. */
  bytes(row: number): Uint8Array {
    const column = this.#column;
    if (column === null) return NOTHING.slice(0, this.recordSize);
    const at = row * column.stride;
    return column.bytes.subarray(at, at + this.recordSize);
  }

  /** A field of two bytes of a mail's data. */
  u16(row: number, at: number): number {
    const column = this.#column;
    if (column === null) return 0;
    const from = row * column.stride + at;
    return column.bytes[from]! | (column.bytes[from + 1]! << 8);
  }

  /** A field of four bytes of a mail's data. */
  u32(row: number, at: number): number {
    const column = this.#column;
    if (column === null) return 0;
    return u32(column.bytes, row * column.stride + at);
  }

  /** Writes header data. Gives what is wrong, or null. */
  writeHeader(at: number, data: Uint8Array): string | null {
    const end = at + data.length;
    if (end > this.headerSize) return `extension ${this.name} has no header byte ${end - 1}`;
    if (end > this.#header.length) {
      const size = Math.min(this.headerSize, Math.max(end, 2 * this.#header.length, 64));
      if (!this.#rows.take(size)) return unjustified(this.name);
      const larger = new Uint8Array(size);
      larger.set(this.#header.subarray(0, larger.length));
      this.#header = larger;
    }
    this.#header.set(data, at);
    return null;
  }

  /** Sets all header data. */
  setHeader(data: Uint8Array): void {
    this.headerSize = data.length;
    this.#header = data;
  }

  /** The column, made on first use; null when the file does not justify it. */
  ensureColumn(): Column | null {
    this.#column ??= this.#rows.addColumn(this.recordSize);
    return this.#column;
  }

  /** Zeroes all data. */
  clear(): void {
    this.#header = new Uint8Array(0);
    if (this.#column === null) return;
    if (this.#shared) {
      this.#column.bytes.fill(0);
    } else {
      this.#rows.dropColumn(this.#column);
      this.#column = null;
    }
  }

  /** Takes over the sizes of an introduction (Dovecot: sync_ext_resize). Gives what is wrong, or null. */
  resize(intro: Intro): string | null {
    const { headerSize, recordSize, recordAlign, noShrink } = intro;
    const shrinks = pad8(headerSize) < pad8(this.headerSize);
    if (!shrinks || !noShrink) {
      if (shrinks) this.#header = this.#header.slice(0, pad8(headerSize));
      this.headerSize = headerSize;
    }
    if (recordAlign > this.recordAlign || !noShrink) this.recordAlign = recordAlign;
    return recordSize > this.recordSize || !noShrink ? this.setRecordSize(recordSize) : null;
  }

  /** Makes the data of each mail longer, with zeros, or shorter. Gives what is wrong, or null. */
  setRecordSize(size: number): string | null {
    const old = this.recordSize;
    const column = this.#column;
    this.recordSize = size;
    if (column === null || size === old) return null;
    if (size < old) {
      if (!this.#rows.spend(this.#rows.count * (old - size))) return unjustified(this.name);
      const { bytes, stride } = column;
      for (let row = 0; row < this.#rows.count; row++) {
        bytes.fill(0, row * stride + size, row * stride + old);
      }
      return null;
    }
    if (size <= column.stride) return null;
    // Doubling keeps the copying linear in what the file says.
    const wider = this.#rows.addColumn(Math.max(size, column.stride * 2));
    if (wider === null) return unjustified(this.name);
    wider.fill(0, this.#rows.count, old, column.bytes, 0, column.stride);
    this.#rows.dropColumn(column);
    this.#column = wider;
    return null;
  }
}
