/**
 * dovecot-uidlist and dovecot-keywords on disk. Both are only written under dovecot-uidlist.lock, and new content is
 * put in place by a rename, or whole lines are appended: Dovecot notices a change by inode or size.
 *
 * @module
 */
import {
  formatMaildirKeywords,
  type KeywordLetters,
  NO_LETTERS,
  parseMaildirKeywords,
} from "../../codec/maildir_keywords.ts";
import {
  encodeUidlist,
  encodeUidlistEntries,
  MAX_UIDLIST_HEADER,
  parseUidlistHeader,
  type Uidlist,
  type UidlistContent,
  type UidlistHeader,
} from "../../codec/maildir_uidlist.ts";
import type { UidlistEntry } from "../../codec/maildir_uidlist_lines.ts";
import { UidlistReader } from "../../codec/maildir_uidlist_reader.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { Fd, Held, Os } from "../../port/os.ts";
import { failStream } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { removeDeadDotlock } from "../account/dead_lock.ts";
import { ifThere } from "../account/if_there.ts";
import { orFail } from "../account/or_fail.ts";
import { readBeginning } from "../account/read_beginning.ts";

const UIDLIST = "dovecot-uidlist";
const KEYWORDS = "dovecot-keywords";
/** At about 100 bytes for a mail: ten million mails. */
const MAX_UIDLIST_BYTES = 1 << 30;
const PIECE_BYTES = 4 << 20;
const MAX_KEYWORDS_BYTES = 1 << 20;
const LF = 10;

/** Takes dovecot-uidlist.lock of a mailbox; its control directory is made if needed. */
export const lockUidlist = async (os: Os, control: string): Promise<Held> => {
  os.disk.mkdir(control, modesOf(os, control).directory);
  return await os.locks.dotlock(`${control}/${UIDLIST}`);
};

/** A number that nobody can guess. */
export const newSeed = (os: Os): number => new DataView(os.random(4).buffer).getUint32(0);

/**
 * Reads dovecot-uidlist; null when it is missing or empty (as a crash may leave it: it then says nothing). Throws
 * `StreamFailure` (`Damaged`) for a broken one; it is never deleted.
 */
export const readUidlist = (os: Os, control: string): Uidlist | null => {
  const path = `${control}/${UIDLIST}`;
  const fd = ifThere(() => os.files.open(path, "r"));
  if (fd === null) return null;
  try {
    const { size } = os.files.fstat(fd);
    if (size === 0) return null;
    if (size > MAX_UIDLIST_BYTES) {
      const what = `the file has ${size} bytes; at most ${MAX_UIDLIST_BYTES} are read`;
      failStream<SyncError>(syncError("Unsupported", "mailbox", { path }, what));
    }
    const reader = new UidlistReader(size, newSeed(os));
    const piece = new Uint8Array(Math.min(size, PIECE_BYTES));
    for (let at = 0, length; (length = os.files.read(fd, piece, at)) > 0; at += length) {
      orFail(reader.take(piece.subarray(0, length)), { path });
    }
    return orFail(reader.end(), { path });
  } finally {
    os.files.close(fd);
  }
};

/** Reads the first line of dovecot-uidlist alone; else as {@linkcode readUidlist}. */
export const readUidlistHeader = (os: Os, control: string): UidlistHeader | null => {
  const path = `${control}/${UIDLIST}`;
  const bytes = readBeginning(os, path, MAX_UIDLIST_HEADER);
  return bytes === null || bytes.length === 0 ? null : orFail(parseUidlistHeader(bytes), { path });
};

/** Puts a file in place by a rename; it is durable when this returns. The caller holds the lock. */
const replace = (os: Os, path: string, temporary: string, bytes: Uint8Array): void => {
  const directory = path.slice(0, path.lastIndexOf("/"));
  os.disk.unlink(temporary);
  os.disk.create(temporary, [bytes], { mode: modesOf(os, directory).file });
  os.disk.rename(temporary, path);
  os.disk.syncDir(directory);
};

/** Writes a whole dovecot-uidlist. The caller holds the lock. */
export const writeUidlist = (os: Os, control: string, list: UidlistContent): void => {
  const path = `${control}/${UIDLIST}`;
  replace(os, path, `${path}.tmp`, encodeUidlist(list));
};

/** Cuts off a last line without its end: its writer died in the middle of it, and readers pass it over. */
const cutTornLine = (os: Os, fd: Fd, path: string): void => {
  const { size } = os.files.fstat(fd);
  const last = new Uint8Array(1);
  if (size === 0 || (os.files.read(fd, last, size - 1) === 1 && last[0] === LF)) return;
  const bytes = os.files.readFile(path, MAX_UIDLIST_BYTES) ?? new Uint8Array();
  os.disk.truncate(fd, bytes.lastIndexOf(LF) + 1);
};

/**
 * Appends lines; durable when this returns. What could be written in part only is cut off again. The caller holds the lock
 * and has read the list under it.
 */
export const appendUidlist = (
  os: Os,
  control: string,
  entries: readonly UidlistEntry[],
): void => {
  if (entries.length === 0) return;
  const path = `${control}/${UIDLIST}`;
  const fd = os.files.open(path, "a");
  try {
    cutTornLine(os, fd, path);
    const { size } = os.files.fstat(fd);
    try {
      os.disk.write(fd, encodeUidlistEntries(entries), null);
    } catch (thrown) {
      // Dovecot would append to half a line, and the mail whose line that is would get another UID.
      os.disk.truncate(fd, size);
      throw thrown;
    }
    os.disk.sync(fd);
  } finally {
    os.files.close(fd);
  }
};

/** Takes away what a killed run has left in a control directory: its lock, and what it was writing under it. */
export const removeDeadLock = (os: Os, control: string): Promise<void> => {
  const path = `${control}/${UIDLIST}`;
  return removeDeadDotlock(os, path, [`${path}.tmp`, `${control}/${KEYWORDS}.lock`]);
};

/** Reads dovecot-keywords; a missing file has no keywords. */
export const readKeywordLetters = (os: Os, control: string): KeywordLetters => {
  const bytes = os.files.readFile(`${control}/${KEYWORDS}`, MAX_KEYWORDS_BYTES);
  return bytes === null ? NO_LETTERS : parseMaildirKeywords(bytes);
};

/**
 * Writes dovecot-keywords. The caller holds the lock. Its modification time always grows by a second at least:
 * Dovecot reads it again only when the seconds differ.
 */
export const writeKeywordLetters = (os: Os, control: string, letters: KeywordLetters): void => {
  const path = `${control}/${KEYWORDS}`;
  const last = os.files.stat(path)?.mtime ?? 0;
  const temporary = `${path}.lock`;
  os.disk.unlink(temporary);
  os.disk.create(temporary, [formatMaildirKeywords(letters)], {
    mode: modesOf(os, control).file,
    mtime: Math.max(Math.floor(os.now() / 1000), last + 1),
  });
  os.disk.rename(temporary, path);
  os.disk.syncDir(control);
};
