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
import { type MailboxGuid, mailboxGuid } from "../model/ids.ts";
import { joinBytes } from "./byte_pieces.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { isGuid128 } from "./guid.ts";
import {
  formatUidlistEntry,
  type UidlistEntry,
  type UidlistLines,
} from "./maildir_uidlist_lines.ts";

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
  readonly entries: UidlistLines;
  /** What Dovecot warns of and mends by rewriting the file, as a clause; null: nothing. */
  readonly flaw: string | null;
}

const NEWLINE = "\n";

const parseU32 = (text: string): number | null => {
  if (!/^[0-9]{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value <= 0xffffffff ? value : null;
};

/** What is wrong with a list, and at which byte. */
export const damagedList = (offset: number, what: string): E.Either<SyncError, never> =>
  E.left(syncError("Damaged", "mailbox", { offset }, what));

/** The first line of a uidlist. */
export type UidlistHeader = Omit<Uidlist, "entries" | "flaw">;

const parseHeader = (line: string): E.Either<SyncError, UidlistHeader> => {
  const words = line.slice(2).split(" ").filter((word) => word !== "");
  const version = line[1] === " " ? line[0] : undefined;
  if (version !== "1" && version !== "3") {
    return damagedList(0, "the uidlist is of no known version (1 or 3)");
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
        if (!isGuid128(value)) return damagedList(0, "the mailbox GUID (G) is not 32 hex digits");
        guid = mailboxGuid(value);
      } else others.push(word);
    }
  }
  if (!uidValidity) return damagedList(0, "UIDVALIDITY (V) is no number above 0");
  if (!uidNext) return damagedList(0, "UIDNEXT (N) is no number above 0");
  return E.right({
    version: version === "1" ? 1 : 3,
    uidValidity,
    uidNext,
    guid,
    otherKeys: others.join(" "),
  });
};

/** The first line of a text. */
export const parseFirstLine = (text: string): E.Either<SyncError, UidlistHeader> => {
  const end = text.indexOf(NEWLINE);
  if (end < 0) return damagedList(0, "the uidlist has no header line");
  return parseHeader(text.slice(0, text[end - 1] === "\r" ? end - 1 : end));
};

/** The longest first line that is read by itself, bytes. */
export const MAX_UIDLIST_HEADER = 4096;

/** The first line of a uidlist alone. `bytes` holds it whole. Errors as for {@linkcode UidlistReader}. */
export const parseUidlistHeader = (bytes: Uint8Array): E.Either<SyncError, UidlistHeader> => {
  return parseFirstLine(textOfBytes(bytes.subarray(0, MAX_UIDLIST_HEADER)));
};

/** Lines as the bytes that are appended. */
export const encodeUidlistEntries = (entries: readonly UidlistEntry[]): Uint8Array =>
  bytesOfText(entries.map(formatUidlistEntry).join(""));

/** What a file is written of. */
export interface UidlistContent extends Omit<UidlistHeader, "version"> {
  /** Ascending by UID. */
  readonly entries: Iterable<UidlistEntry>;
}

/** Lines that become text at a time. */
const LINES_AT_ONCE = 4096;

/** A whole file, in version 3. */
export const encodeUidlist = (list: UidlistContent): Uint8Array => {
  const guid = list.guid === null ? "" : ` G${list.guid}`;
  const others = list.otherKeys === "" ? "" : ` ${list.otherKeys}`;
  let lines = [`3 V${list.uidValidity} N${list.uidNext}${guid}${others}${NEWLINE}`];
  const pieces: Uint8Array[] = [];
  for (const entry of list.entries) {
    lines.push(formatUidlistEntry(entry));
    if (lines.length < LINES_AT_ONCE) continue;
    pieces.push(bytesOfText(lines.join("")));
    lines = [];
  }
  pieces.push(bytesOfText(lines.join("")));
  return joinBytes(pieces);
};
