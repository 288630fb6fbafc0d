/**
 * `dovecot-uidlist`: the UIDs, UIDVALIDITY and GUIDs of one Maildir (Dovecot's
 * src/lib-storage/index/maildir/maildir-uidlist.c).
 *
 * Version 3 is `3 V<uidvalidity> N<uidnext> G<mailbox guid>`, then lines `<uid> [<key><value> ...] :<base name>`.
 * Version 1, read only, is `1 <uidvalidity> <uidnext>`, then `<uid> <file name>`.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxGuid, mailboxGuid, MAX_UID, type Uid } from "../model/ids.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { isGuid128 } from "./guid.ts";
import { baseName } from "./maildir_name.ts";

/** One line: a UID and the file it belongs to. That file need not exist any more. */
export interface UidlistEntry {
  /** The UID. */
  readonly uid: Uid;
  /** Keys and values as they stand, joined with one space; "" for none. See {@linkcode uidlistValue}. */
  readonly keys: string;
  /** The base name, unique in the list. */
  readonly name: string;
}

/** A whole file. */
export interface Uidlist {
  /** The version that was read; always 3 when written. */
  readonly version: 1 | 3;
  /** UIDVALIDITY, 1 to 2^32-1. */
  readonly uidValidity: number;
  /** Above every UID in the list and not below the header's N, which need not be up to date. */
  readonly uidNext: number;
  /** The mailbox GUID; null: the file has none yet. */
  readonly guid: MailboxGuid | null;
  /** Unknown header keys with their values, joined with one space. */
  readonly otherKeys: string;
  /** Ascending by UID. */
  readonly entries: readonly UidlistEntry[];
  /** What Dovecot warns of and mends by rewriting the file, as a clause; null: nothing. */
  readonly flaw: string | null;
}

const NEWLINE = "\n";

const parseU32 = (text: string): number | null => {
  if (!/^[0-9]{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value <= 0xffffffff ? value : null;
};

const damaged = (offset: number, what: string): E.Either<SyncError, never> =>
  E.left(syncError("Damaged", "mailbox", { offset }, what));

/** The first line of a uidlist. */
export type UidlistHeader = Omit<Uidlist, "entries" | "flaw">;

const parseHeader = (line: string): E.Either<SyncError, UidlistHeader> => {
  const words = line.slice(2).split(" ").filter((word) => word !== "");
  const version = line[1] === " " ? line[0] : undefined;
  if (version !== "1" && version !== "3") {
    return damaged(0, "the uidlist is of no known version (1 or 3)");
  }
  let uidValidity: number | null = null;
  let uidNext: number | null = null;
  let guid: MailboxGuid | null = null;
  const others: string[] = [];
  if (version === "1") {
    uidValidity = parseU32(words[0] ?? "");
    uidNext = parseU32(words[1] ?? "");
  } else {
    for (const word of words) {
      const value = word.slice(1);
      if (word[0] === "V") uidValidity = parseU32(value);
      else if (word[0] === "N") uidNext = parseU32(value);
      else if (word[0] === "G") {
        if (!isGuid128(value)) return damaged(0, "the mailbox GUID (G) is not 32 hex digits");
        guid = mailboxGuid(value);
      } else others.push(word);
    }
  }
  if (!uidValidity) return damaged(0, "UIDVALIDITY (V) is no number above 0");
  if (!uidNext) return damaged(0, "UIDNEXT (N) is no number above 0");
  return E.right({
    version: version === "1" ? 1 : 3,
    uidValidity,
    uidNext,
    guid,
    otherKeys: others.join(" "),
  });
};

/** The longest first line that is read by itself, bytes. */
export const MAX_UIDLIST_HEADER = 4096;

/** The first line of a uidlist alone. `bytes` holds it whole. Errors as for {@linkcode parseUidlist}. */
export const parseUidlistHeader = (bytes: Uint8Array): E.Either<SyncError, UidlistHeader> => {
  const text = textOfBytes(bytes.subarray(0, MAX_UIDLIST_HEADER));
  const end = text.indexOf(NEWLINE);
  if (end < 0) return damaged(0, "the uidlist has no header line");
  return parseHeader(text.slice(0, text[end - 1] === "\r" ? end - 1 : end));
};

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

/** A line of a UID and a base name alone, as nearly all are, without copying it; null: it is another one. */
const parsePlain = (
  text: string,
  from: number,
  end: number,
): { entry: UidlistEntry; flaw: boolean } | null => {
  let at = from;
  let uid = 0;
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    uid = uid * 10 + digit;
  }
  if (uid === 0 || uid > MAX_UID || at + 2 >= end) return null;
  if (text.charCodeAt(at) !== SPACE || text.charCodeAt(at + 1) !== COLON) return null;
  const name = text.slice(at + 2, end);
  if (name.includes(":") || name.includes("/")) return null;
  return { entry: { uid: uid as Uid, keys: "", name }, flaw: false };
};

/**
 * Reads a uidlist. A last line without LF is half written and not read. Errors: `Damaged` with the byte offset of the
 * line, where Dovecot would call the file broken: no header, UIDs not ascending or too high, a line without file name.
 */
export const parseUidlist = (bytes: Uint8Array): E.Either<SyncError, Uidlist> => {
  const text = textOfBytes(bytes);
  // Offsets are of characters; in a file that has more than ASCII they are counted again for the message.
  const fail = (at: number, what: string) =>
    damaged(bytesOfText(text.slice(0, at)).length, `line ${lineNumber(text, at)}: ${what}`);
  let end = text.indexOf(NEWLINE);
  if (end < 0) return damaged(0, "the uidlist has no header line");
  const header = parseHeader(text.slice(0, text[end - 1] === "\r" ? end - 1 : end));
  if (E.isLeft(header)) return header;

  const { version } = header.right;
  const entries: UidlistEntry[] = [];
  // As a rule names ascend, as mails came one after the other: then no two are the same.
  let ascend = true;
  let lastName = "";
  let flaw: string | null = null;
  let lastUid = 0;
  for (let at = end + 1; (end = text.indexOf(NEWLINE, at)) >= 0; at = end + 1) {
    const lineEnd = text.charCodeAt(end - 1) === CR ? end - 1 : end;
    const plain = version === 3 ? parsePlain(text, at, lineEnd) : null;
    const parsed = plain ?? parseEntry(text.slice(at, lineEnd), version);
    if (typeof parsed === "string") return fail(at, parsed);
    const { entry } = parsed;
    if (entry.uid <= lastUid) return fail(at, `UID ${entry.uid} stands after UID ${lastUid}`);
    if (version === 1 && entry.uid >= header.right.uidNext) {
      return fail(at, `UID ${entry.uid} is not below UIDNEXT ${header.right.uidNext}`);
    }
    lastUid = entry.uid;
    if (parsed.flaw) flaw = `UID ${entry.uid} has a key that is no capital letter`;
    ascend &&= entry.name > lastName;
    lastName = entry.name;
    entries.push(entry);
  }
  const uidNext = Math.max(header.right.uidNext, lastUid + 1);
  const twins = ascend ? new Map<string, UidlistEntry>() : lastOfTwins(entries);
  if (twins.size === 0) return E.right({ ...header.right, uidNext, entries, flaw });
  const last = [...twins.values()].reduce((a, b) => a.uid > b.uid ? a : b);
  return E.right({
    ...header.right,
    uidNext,
    // Of two lines with one name the later counts.
    entries: entries.filter((entry) => (twins.get(entry.name) ?? entry) === entry),
    flaw: `UID ${last.uid} has the file name of an earlier line`,
  });
};

/** FNV-1a. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
};

/** For each name that stands in more than one line the last of these; in four bytes a line, where there is none. */
const lastOfTwins = (entries: readonly UidlistEntry[]): ReadonlyMap<string, UidlistEntry> => {
  const hashes = Uint32Array.from(entries, ({ name }) => hashOf(name)).sort();
  const twice = new Set<number>();
  for (let i = 1; i < hashes.length; i++) if (hashes[i] === hashes[i - 1]) twice.add(hashes[i]!);
  const twins = new Map<string, UidlistEntry>();
  if (twice.size === 0) return twins;
  const seen = new Set<string>();
  for (const entry of entries) {
    if (!twice.has(hashOf(entry.name))) continue;
    if (seen.has(entry.name)) twins.set(entry.name, entry);
    seen.add(entry.name);
  }
  return twins;
};

const lineNumber = (text: string, at: number): number => text.slice(0, at).split(NEWLINE).length;

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
    ? `${entry.uid} :${entry.name}${NEWLINE}`
    : `${entry.uid} ${entry.keys} :${entry.name}${NEWLINE}`;

/** Lines as the bytes that are appended. */
export const encodeUidlistEntries = (entries: readonly UidlistEntry[]): Uint8Array =>
  bytesOfText(entries.map(formatUidlistEntry).join(""));

/** A whole file, in version 3. */
export const encodeUidlist = (list: Omit<Uidlist, "version" | "flaw">): Uint8Array => {
  const guid = list.guid === null ? "" : ` G${list.guid}`;
  const others = list.otherKeys === "" ? "" : ` ${list.otherKeys}`;
  const header = `3 V${list.uidValidity} N${list.uidNext}${guid}${others}${NEWLINE}`;
  return bytesOfText(header + list.entries.map(formatUidlistEntry).join(""));
};
