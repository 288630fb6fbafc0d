/**
 * The "keywords" extension of an index: names in its header, a bitmap per mail (Dovecot: mail-index-map-hdr.c).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { keywordKey, type Keywords, keywords, NO_KEYWORDS } from "../model/flags.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { pad4 } from "./index_record.ts";

/** Name of the extension. */
export const KEYWORDS_EXTENSION = "keywords";

/** Room that Dovecot leaves behind the names, bytes. */
const HEADER_SLACK = 128;

/** The keyword names of an index in the order of their bits. */
export class KeywordTable {
  readonly #names: string[] = [];
  readonly #bits = new Map<string, number>();
  #sets = new Map<number | string, Keywords>();

  /** A table of the same names. */
  copy(): KeywordTable {
    const copy = new KeywordTable();
    for (const name of this.#names) copy.add(name);
    return copy;
  }

  /** The names; keyword `i` is bit `i % 8` of byte `i / 8` of a bitmap. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The bit of a name, its ASCII case ignored, or undefined. */
  bitOf(name: string): number | undefined {
    return this.#bits.get(keywordKey(name));
  }

  /** Adds a name behind the others and gives its bit. */
  add(name: string): number {
    const bit = this.#names.push(name) - 1;
    const key = keywordKey(name);
    if (!this.#bits.has(key)) this.#bits.set(key, bit);
    this.#sets = new Map();
    return bit;
  }

  /** Bytes per mail that Dovecot gives so many keywords: one is spare where they do not end on a word. */
  recordSize(): number {
    const size = Math.ceil(this.#names.length / 8);
    return size % 4 === 0 ? size : size + 1;
  }

  /** The keywords of the bitmap of `size` bytes at `at`. One array is shared by all mails that have the same set. */
  setOf(bytes: Uint8Array, at: number, size: number): Keywords {
    const used = Math.min(size, Math.ceil(this.#names.length / 8));
    const key = used <= 4 ? smallKey(bytes, at, used) : largeKey(bytes, at, used);
    if (key === 0) return NO_KEYWORDS;
    return this.#sets.get(key) ?? this.#newSet(key, bytes, at, used);
  }

  // Apart, as a closure in setOf would take memory for each mail.
  #newSet(key: number | string, bytes: Uint8Array, at: number, used: number): Keywords {
    const names = this.#names.filter((_, bit) =>
      bit >> 3 < used && (bytes[at + (bit >> 3)]! & (1 << (bit & 7))) !== 0
    );
    const set = names.length === 0 ? NO_KEYWORDS : keywords(names);
    this.#sets.set(key, set);
    return set;
  }

  /** Reads the extension's header data. Fails with what is wrong. */
  static decode(header: Uint8Array): E.Either<string, KeywordTable> {
    const table = new KeywordTable();
    if (header.length < 4) return E.left("keyword header is too short");
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const count = view.getUint32(0, true);
    const area = 4 + count * 8;
    if (area > header.length) return E.left(`${count} keywords do not fit their header`);
    if (header[header.length - 1] !== 0) return E.left("keyword header does not end with NUL");
    let at = area;
    for (let i = 0; i < count; i++) {
      // Dovecot only warns where offset and running sum differ, but never writes that.
      if (view.getUint32(4 + i * 8 + 4, true) !== at - area) {
        return E.left(`keyword ${i} is not where its offset says`);
      }
      const end = header.indexOf(0, at);
      if (end < 0 || end === at) return E.left(`keyword ${i} has no name`);
      table.add(textOfBytes(header.subarray(at, end)));
      at = end + 1;
    }
    return E.right(table);
  }

  /** The extension's header data, with Dovecot's room to grow. */
  encode(): Uint8Array<ArrayBuffer> {
    const names = this.#names.map((name) => bytesOfText(`${name}\0`));
    const area = 4 + names.length * 8;
    const end = names.reduce((sum, name) => sum + name.length, area);
    const bytes = new Uint8Array(pad4(end) + HEADER_SLACK);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, names.length, true);
    let at = area;
    names.forEach((name, i) => {
      view.setUint32(4 + i * 8 + 4, at - area, true);
      bytes.set(name, at);
      at += name.length;
    });
    return bytes;
  }
}

const smallKey = (bytes: Uint8Array, at: number, size: number): number => {
  let key = 0;
  for (let i = size - 1; i >= 0; i--) key = key * 256 + bytes[at + i]!;
  return key;
};

const largeKey = (bytes: Uint8Array, at: number, size: number): string | 0 => {
  let end = at + size;
  while (end > at && bytes[end - 1] === 0) end--;
  if (end === at) return 0;
  let key = "";
  for (let i = at; i < end; i++) key += String.fromCharCode(bytes[i]!);
  return key;
};
