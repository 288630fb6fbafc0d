/**
 * The lines of a `dovecot-uidlist`: a UID and the file it belongs to.
 *
 * @module
 */
import type { Uid } from "../model/ids.ts";
import { grown } from "./growing.ts";
import { lowerBound } from "./index_rows.ts";

/** One line. The file that it names need not exist any more. */
export interface UidlistEntry {
  /** The UID. */
  readonly uid: Uid;
  /** Keys and values as they stand, joined with one space; "" for none. See {@linkcode uidlistValue}. */
  readonly keys: string;
  /** The base name, unique in the list. */
  readonly name: string;
}

/** The value of a key (G: GUID, P: POP3 UIDL, O: POP3 order, S and W: sizes) of one line, or null without it. */
export const uidlistValue = (entry: UidlistEntry, key: string): string | null => {
  if (entry.keys === "") return null;
  const word = entry.keys.split(" ").find((one) => one[0] === key);
  return word === undefined ? null : word.slice(1);
};

/** Whether text can be the value of a key: there is no quoting, a value ends at the space. Not empty. */
export const isUidlistValue = (text: string): boolean => /^[^ \r\n\0]+$/.test(text);

/** One line with its LF, as text. The caller has checked the values with {@linkcode isUidlistValue}. */
export const formatUidlistEntry = (entry: UidlistEntry): string =>
  entry.keys === ""
    ? `${entry.uid} :${entry.name}\n`
    : `${entry.uid} ${entry.keys} :${entry.name}\n`;

/** Between keys and name. */
const SEPARATOR = " :".length;

/** FNV-1a of a part of a text. */
const hashOf = (seed: number, text: string, from: number, to: number): number => {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
};

const NO_ROWS = new Uint32Array(0);
const LEAST_SLOTS = 64;

/**
 * Lines ascending by UID, found by UID and by name. They stay text, with some numbers for each: half a million lines are
 * as many objects only while somebody looks at them. A line is a row, 0 and up.
 */
export class UidlistLines implements Iterable<UidlistEntry> {
  /** What the lines lie in; each text has the rows from `#firstRows` on. */
  readonly #texts: string[] = [];
  readonly #firstRows: number[] = [];
  #uids: Uint32Array<ArrayBuffer> = NO_ROWS;
  /** Where the keys begin; where there are none, where the name does. */
  #keysAt: Uint32Array<ArrayBuffer> = NO_ROWS;
  #nameAt: Uint32Array<ArrayBuffer> = NO_ROWS;
  #nameEnd: Uint32Array<ArrayBuffer> = NO_ROWS;
  #hashes: Uint32Array<ArrayBuffer> = NO_ROWS;
  /** A table of rows + 1 by the hashes of their names, 0 where it is free; at most half full. */
  #slots = new Uint32Array(LEAST_SLOTS);
  #length = 0;
  #twins = 0;
  readonly #seed: number;

  /** None yet. `seed`: names may come from others, who must not be able to choose where they fall in the table. */
  constructor(seed = 0x811c9dc5) {
    this.#seed = seed;
  }

  /** Makes room for so many lines at once. */
  reserve(count: number): void {
    this.#uids = grown(this.#uids, count);
    this.#keysAt = grown(this.#keysAt, count);
    this.#nameAt = grown(this.#nameAt, count);
    this.#nameEnd = grown(this.#nameEnd, count);
    this.#hashes = grown(this.#hashes, count);
    if (count > this.#slots.length >> 1) {
      this.#spread(2 ** Math.ceil(Math.log2(2 * count)), this.#length);
    }
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** How many lines have the name of an earlier one. */
  get twins(): number {
    return this.#twins;
  }

  /** The UID of a row. */
  uidAt(row: number): Uid {
    return this.#uids[row]! as Uid;
  }

  /** The base name of a row. */
  nameAt(row: number): string {
    return this.#textOf(row).slice(this.#nameAt[row]!, this.#nameEnd[row]!);
  }

  /** Whether a row has keys. */
  hasKeys(row: number): boolean {
    return this.#keysAt[row] !== this.#nameAt[row];
  }

  /** The line of a row. */
  at(row: number): UidlistEntry {
    const [keysAt, nameAt] = [this.#keysAt[row]!, this.#nameAt[row]!];
    return {
      uid: this.uidAt(row),
      keys: keysAt === nameAt ? "" : this.#textOf(row).slice(keysAt, nameAt - SEPARATOR),
      name: this.nameAt(row),
    };
  }

  /** All lines. */
  *[Symbol.iterator](): Generator<UidlistEntry> {
    for (let row = 0; row < this.#length; row++) yield this.at(row);
  }

  /** The row of a UID, or -1. Logarithmic. */
  rowOfUid(uid: number): number {
    const row = lowerBound(this.#uids, this.#length, uid, 0);
    return row < this.#length && this.#uids[row] === uid ? row : -1;
  }

  /** The row of a base name, the last of several; or -1. Constant. */
  rowOf(name: string): number {
    if (this.#length === 0) return -1;
    const hash = hashOf(this.#seed, name, 0, name.length);
    return this.#slots[this.#slotOf(hash, name)]! - 1;
  }

  /** Of lines with one name the last alone, and the last UID that has the name of an earlier line. There are twins. */
  withoutTwins(): { readonly lines: UidlistLines; readonly uid: Uid } {
    const kept: UidlistEntry[] = [];
    const twice = new Set<string>();
    for (const [row, entry] of [...this].entries()) {
      if (this.rowOf(entry.name) === row) kept.push(entry);
      else twice.add(entry.name);
    }
    const lines = new UidlistLines(this.#seed);
    lines.append(kept);
    return { lines, uid: kept.findLast(({ name }) => twice.has(name))!.uid };
  }

  /** Adds lines, with higher UIDs. */
  append(entries: readonly UidlistEntry[]): void {
    const text = entries.map(formatUidlistEntry).join("");
    let at = 0;
    for (const { uid, keys, name } of entries) {
      at += `${uid} `.length;
      const keysAt = at;
      at += keys.length + (keys === "" ? ":".length : SEPARATOR);
      this.push(text, uid, keys === "" ? at : keysAt, at, at + name.length);
      at += name.length + "\n".length;
    }
  }

  /** Adds a line that lies in a text: its keys from `keysAt` on or, where that is `nameAt`, none; then " :" and its name. */
  push(text: string, uid: number, keysAt: number, nameAt: number, nameEnd: number): void {
    const row = this.#length++;
    if (this.#texts.at(-1) !== text) {
      this.#texts.push(text);
      this.#firstRows.push(row);
    }
    this.#uids = grown(this.#uids, this.#length);
    this.#keysAt = grown(this.#keysAt, this.#length);
    this.#nameAt = grown(this.#nameAt, this.#length);
    this.#nameEnd = grown(this.#nameEnd, this.#length);
    this.#hashes = grown(this.#hashes, this.#length);
    this.#uids[row] = uid;
    this.#keysAt[row] = keysAt;
    this.#nameAt[row] = nameAt;
    this.#nameEnd[row] = nameEnd;
    this.#hashes[row] = hashOf(this.#seed, text, nameAt, nameEnd);
    if (this.#length > this.#slots.length >> 1) this.#spread(2 * this.#slots.length, row);
    const slot = this.#slotOf(this.#hashes[row]!, text.slice(nameAt, nameEnd));
    if (this.#slots[slot] !== 0) this.#twins++;
    this.#slots[slot] = row + 1;
  }

  /** Makes a table of so many slots, for the rows below `count`. */
  #spread(length: number, count: number): void {
    const slots = new Uint32Array(length);
    const mask = slots.length - 1;
    const old = this.#slots;
    this.#slots = slots;
    for (const entry of old) {
      if (entry === 0 || entry > count) continue;
      let slot = this.#hashes[entry - 1]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
  }

  /** Where a name stands in the table, or would stand. */
  #slotOf(hash: number, name: string): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const entry = slots[slot]!;
      if (entry === 0 || (this.#hashes[entry - 1] === hash && this.#isNamed(entry - 1, name))) {
        return slot;
      }
    }
  }

  #isNamed(row: number, name: string): boolean {
    const at = this.#nameAt[row]!;
    return this.#nameEnd[row]! - at === name.length && this.#textOf(row).startsWith(name, at);
  }

  #textOf(row: number): string {
    const firsts = this.#firstRows;
    if (firsts.length === 1) return this.#texts[0]!;
    let low = 0;
    let high = firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (firsts[middle]! <= row) low = middle;
      else high = middle;
    }
    return this.#texts[low]!;
  }
}
