/**
 * Reads a `dovecot-uidlist`, piece by piece: half a million lines need not be in memory twice.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { MAX_UID, type Uid } from "../model/ids.ts";
import { joinBytes } from "./byte_pieces.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { baseName } from "./maildir_name.ts";
import {
  damagedList,
  parseFirstLine,
  type Uidlist,
  type UidlistHeader,
} from "./maildir_uidlist.ts";
import { type UidlistEntry, UidlistLines } from "./maildir_uidlist_lines.ts";

const NEWLINE = "\n";
const LF = 0x0a;

/** Splits what follows the UID into keys and name; a clause where there is no name. */
const parseFields = (text: string): { keys: string; name: string; flaw: boolean } | string => {
  if (text.startsWith(":")) return { keys: "", name: text.slice(1), flaw: false };
  const keys: string[] = [];
  let flaw = false;
  let at = 0;
  while (at < text.length && text[at] !== ":") {
    const space = text.indexOf(" ", at);
    const end = space < 0 ? text.length : space;
    const word = text.slice(at, end);
    if (/^[A-Z]/.test(word)) keys.push(word);
    else flaw = true;
    at = end;
    while (text[at] === " ") at++;
  }
  if (at >= text.length) return 'a line has no ":<file name>"';
  return { keys: keys.join(" "), name: text.slice(at + 1), flaw };
};

const parseEntry = (
  line: string,
  version: 1 | 3,
): { entry: UidlistEntry; flaw: boolean } | string => {
  let at = 0;
  let uid = 0;
  for (; at < line.length; at++) {
    const digit = line.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    uid = uid * 10 + digit;
  }
  if (uid === 0 || line[at] !== " ") return "a line does not begin with a UID";
  if (uid > MAX_UID) return `UID ${uid} is too high`;
  while (line[at] === " ") at++;
  const rest = line.slice(at);
  const fields = version === 3 ? parseFields(rest) : { keys: "", name: rest, flaw: false };
  if (typeof fields === "string") return fields;
  const name = baseName(fields.name);
  if (name === "") return "a line has no file name";
  if (name.includes("/")) return 'a file name has "/" in it';
  return { entry: { uid: uid as Uid, keys: fields.keys, name }, flaw: fields.flaw };
};

const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const SLASH = 0x2f;
const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;

/** Where the parts of a line are that stands just as it would be written, as nearly all do; null: it is another one. */
const partsOf = (
  text: string,
  from: number,
  end: number,
): { readonly uid: number; readonly keysAt: number; readonly nameAt: number } | null => {
  let at = from;
  let uid = 0;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    uid = uid * 10 + digit;
  }
  if (uid === 0 || uid > MAX_UID || text.charCodeAt(at) !== SPACE) return null;
  const keysAt = ++at;
  for (let code; (code = text.charCodeAt(at)) !== COLON;) {
    if (code < CAPITAL_A || code > CAPITAL_Z) return null;
    const space = text.indexOf(" ", at);
    if (space < 0 || space >= end) return null;
    at = space + 1;
  }
  const nameAt = at + 1;
  if (nameAt >= end) return null;
  for (let i = nameAt; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON || code === SLASH) return null;
  }
  return { uid, keysAt: keysAt === at ? nameAt : keysAt, nameAt };
};

const SAMPLES = 16;

/** About how many lines a text has, by some of them; rather too few, as long lines are hit more often. */
const linesIn = (text: string): number => {
  let length = 0;
  let count = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const from = text.indexOf(NEWLINE, Math.floor(text.length * i / SAMPLES));
    const to = from < 0 ? -1 : text.indexOf(NEWLINE, from + 1);
    if (to < 0) continue;
    length += to - from;
    count++;
  }
  return count === 0 ? 0 : Math.floor(text.length * count / length);
};

/**
 * Takes the pieces of a file in their order. A last line without LF is half written and not read. Errors: `Damaged` with
 * the byte offset of the line, where Dovecot would call the file broken: no header, UIDs not ascending or too high, a
 * line without file name. After an error it is of no use. Linear.
 *
 * ```ts ignore
 * const reader = new UidlistReader(size);
 * for (const piece of pieces) orFail(reader.take(piece));
 * const list = orFail(reader.end());
 * ```
 */
export class UidlistReader {
  readonly #size: number;
  readonly #lines: UidlistLines;
  #header: UidlistHeader | null = null;
  #lastUid = 0;
  #flaw: string | null = null;
  /** What was taken of a line whose end has not come. */
  #rest: Uint8Array[] = [];
  /** Where that line begins. */
  #offset = 0;
  /** The number of the line that comes next, from 1 on. */
  #number = 1;

  /** For a file of about so many bytes; `seed` as for {@linkcode UidlistLines}. */
  constructor(size: number, seed?: number) {
    this.#size = size;
    this.#lines = new UidlistLines(seed);
  }

  /** Takes a piece, of which nothing is needed afterwards. */
  take(piece: Uint8Array): E.Either<SyncError, void> {
    // The line that was begun is taken alone: the piece is not copied.
    const begun = this.#rest.length === 0 ? 0 : piece.indexOf(LF) + 1;
    const end = piece.lastIndexOf(LF) + 1;
    if (begun > 0) {
      const line = joinBytes([...this.#rest, piece.subarray(0, begun)]);
      this.#rest = [];
      const taken = this.#takeLines(line);
      if (E.isLeft(taken)) return taken;
    }
    const taken = this.#takeLines(piece.subarray(begun, end));
    if (end < piece.length) this.#rest.push(piece.slice(end));
    return taken;
  }

  /** Takes whole lines. */
  #takeLines(lines: Uint8Array): E.Either<SyncError, void> {
    const text = textOfBytes(lines);
    const wrong = this.#read(text);
    if (wrong !== null) {
      // Offsets in a text are of characters.
      const at = bytesOfText(text.slice(0, wrong.at)).length;
      return damagedList(this.#offset + at, `line ${this.#number}: ${wrong.what}`);
    }
    this.#offset += lines.length;
    return E.right(undefined);
  }

  /** The list. */
  end(): E.Either<SyncError, Uidlist> {
    const header = this.#header;
    if (header === null) return damagedList(0, "the uidlist has no header line");
    const uidNext = Math.max(header.uidNext, this.#lastUid + 1);
    const list = { ...header, uidNext };
    if (this.#lines.twins === 0) {
      return E.right({ ...list, entries: this.#lines, flaw: this.#flaw });
    }
    const { lines: entries, uid } = this.#lines.withoutTwins();
    return E.right({ ...list, entries, flaw: `UID ${uid} has the file name of an earlier line` });
  }

  /** Reads whole lines; gives what is wrong with one. */
  #read(text: string): { readonly at: number; readonly what: string } | null {
    let from = 0;
    if (text === "") return null;
    if (this.#header === null) {
      const header = parseFirstLine(text);
      if (E.isLeft(header)) return { at: 0, what: header.left.what };
      this.#header = header.right;
      this.#lines.reserve(Math.floor(linesIn(text) * this.#size / text.length));
      from = text.indexOf(NEWLINE) + 1;
      this.#number++;
    }
    const { version, uidNext } = this.#header;
    for (let at = from, end; (end = text.indexOf(NEWLINE, at)) >= 0; at = end + 1) {
      const lineEnd = text.charCodeAt(end - 1) === CR ? end - 1 : end;
      const parts = version === 3 ? partsOf(text, at, lineEnd) : null;
      const parsed = parts === null ? parseEntry(text.slice(at, lineEnd), version) : null;
      if (typeof parsed === "string") return { at, what: parsed };
      const uid = parts?.uid ?? parsed!.entry.uid;
      if (uid <= this.#lastUid) {
        return { at, what: `UID ${uid} stands after UID ${this.#lastUid}` };
      }
      if (version === 1 && uid >= uidNext) {
        return { at, what: `UID ${uid} is not below UIDNEXT ${uidNext}` };
      }
      this.#lastUid = uid;
      this.#number++;
      if (parts !== null) this.#lines.push(text, uid, parts.keysAt, parts.nameAt, lineEnd);
      else {
        this.#lines.append([parsed!.entry]);
        if (parsed!.flaw) this.#flaw = `UID ${uid} has a key that is no capital letter`;
      }
    }
    return null;
  }
}

/** Reads a whole list; errors as for {@linkcode UidlistReader}. */
export const parseUidlist = (bytes: Uint8Array): E.Either<SyncError, Uidlist> => {
  const reader = new UidlistReader(bytes.length);
  const end = reader.take(bytes);
  return E.isLeft(end) ? end : reader.end();
};
