/**
 * Mailbox names and the names they have on disk: Maildir++, LAYOUT=fs and mdbox.
 *
 * A storage name is what Dovecot calls so: the parts as stored, joined with the layout's separator, without a root
 * directory and without the leading "." of Maildir++.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { INBOX, type MailboxName } from "../model/mailbox.ts";
import { mailboxNameHash } from "./guid.ts";
import { formatModifiedUtf7, parseModifiedUtf7 } from "./modified_utf7.ts";

/** How a format lays mailboxes out on disk. */
export interface Naming {
  /** "maildir++": sibling directories ".A.B"; "fs": nested directories; "mdbox": nested, with dbox-Mails below each. */
  readonly layout: "maildir++" | "fs" | "mdbox";
  /** Whether names are stored as UTF-8 (the UTF-8 option of mail_location) instead of modified UTF-7. */
  readonly utf8: boolean;
  /** With "mdbox": whether mailboxes lie beside the account's own files (MAILBOXDIR=/); absent: no. */
  readonly besideFiles?: boolean;
  /** What stands in for a character that a name cannot have (dsync_alt_char); "_" where it is not told. */
  readonly altChar?: string;
}

/** The stand-in; one that names cannot have everywhere themselves is passed over. */
const altCharOf = ({ altChar }: Naming): string =>
  altChar === undefined || !/^[^./~&\0\ud800-\udfff]$/.test(altChar) ? "_" : altChar;

/** The bytes that one directory name can have on common file systems, and MAILBOX_MAX_HIERARCHY_NAME_LENGTH. */
const MAX_PART_BYTES = 255;
/** MAILBOX_LIST_NAME_MAX_LENGTH: a whole name, as users see it and as stored. */
const MAX_NAME_BYTES = 4096;

const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).length;

/** The character between the parts of a storage name. */
export const layoutSeparator = (naming: Naming): "." | "/" =>
  naming.layout === "maildir++" ? "." : "/";

/** Files of an index, as Dovecot and we make them. */
const INDEX_FILE =
  /^dovecot\.(list\.)?index(\.(log(\.(2|lock|newlock))?|cache(\.lock)?|lock|tmp|backup))?$/;
/** What lies in the root of an account besides: a mailbox of the name would be in its place. */
const ACCOUNT_FILE = new RegExp(
  "^(subscriptions(\\.lock)?|dovecot\\.mailbox\\.log(\\.2)?|dovecot-uidvalidity(\\.[0-9a-f]{8})?|" +
    "dovecot-acl-list|maildirsize|dsync\\.lock)$",
);
/** What lies in the directory of a Maildir besides, where with LAYOUT=fs the children of the mailbox are, too. */
const MAILDIR_FILE =
  /^(cur|new|tmp|dovecot-(uidlist|keywords)(\.(lock|tmp))?|dovecot-acl|maildirfolder)$/;
/** What of an mdbox lies in its root besides. */
const STORAGE: ReadonlySet<string> = new Set(["storage", "dbox-alt-root", ".dsync"]);

/** Names of directories and files that belong to the format itself. `first`: it starts the name. */
const reserved = ({ layout, besideFiles }: Naming, first: boolean, stored: string): boolean => {
  const isOfAccount = first && ACCOUNT_FILE.test(stored);
  switch (layout) {
    case "fs":
      return MAILDIR_FILE.test(stored) || INDEX_FILE.test(stored) || isOfAccount;
    case "mdbox": {
      const isBeside = first && besideFiles === true;
      return stored === "dbox-Mails" ||
        (isBeside && (STORAGE.has(stored) || INDEX_FILE.test(stored) || isOfAccount));
    }
    case "maildir++":
      return false;
  }
};

const storePart = (part: string, naming: Naming): string =>
  naming.utf8 ? part : formatModifiedUtf7(part);

/** Whether the first part of a name is INBOX in another spelling: Dovecot takes it, and what is below, for INBOX's. */
const isMisspelt = (part: string): boolean => part !== INBOX && /^inbox$/i.test(part);

/** Why one part cannot be, or null. `first` tells whether it starts the name. */
const partRefusal = (part: string, first: boolean, naming: Naming): string | null => {
  if (part === "") return "a part of the name is empty";
  if (part === "." || part === "..") return `"${part}" cannot be a part of a name`;
  if (part.includes("\0")) return "a name cannot hold NUL";
  if (part.includes("/")) return 'a part of a name cannot hold "/"';
  if (!part.isWellFormed()) return "the name is not Unicode text";
  if (first && part.startsWith("~")) return 'a name cannot start with "~"';
  if (naming.layout === "maildir++" && part.includes(".")) {
    return 'Maildir++ cannot hold "." in a part of a name';
  }
  const stored = storePart(part, naming);
  if (reserved(naming, first, stored)) return `"${stored}" belongs to the format itself`;
  // Maildir++ has all parts in one directory name, behind a dot.
  if (naming.layout !== "maildir++" && byteLength(stored) > MAX_PART_BYTES) {
    return `a part of the name has more than ${MAX_PART_BYTES} bytes`;
  }
  return null;
};

/** Why a whole name of fitting parts cannot be, or null. */
const lengthRefusal = (name: string, stored: string, naming: Naming): string | null => {
  const bytes = byteLength(stored);
  return naming.layout === "maildir++" && bytes + 1 > MAX_PART_BYTES
    ? `the directory name would have more than ${MAX_PART_BYTES} bytes`
    : Math.max(bytes, byteLength(name)) > MAX_NAME_BYTES
    ? `the name has more than ${MAX_NAME_BYTES} bytes`
    : null;
};

const store = (name: string, naming: Naming): string =>
  name.split("/").map((part) => storePart(part, naming)).join(layoutSeparator(naming));

/**
 * Why a layout cannot hold a name, as a clause; null where it can. The rules are Dovecot's
 * (mailbox_list_is_valid_fs_name, mailbox_verify_create_name), and no name leads out of the root.
 */
export const nameRefusal = (name: MailboxName, naming: Naming): string | null => {
  if (name === INBOX) return null;
  // Every character is at least a byte: what is far too long is refused before it is encoded.
  if (name.length > MAX_NAME_BYTES) return `the name has more than ${MAX_NAME_BYTES} bytes`;
  const parts = name.split("/");
  if (isMisspelt(parts[0]!)) return "INBOX is spelled in capitals";
  for (const [i, part] of parts.entries()) {
    const why = partRefusal(part, i === 0, naming);
    if (why !== null) return why;
  }
  return lengthRefusal(name, store(name, naming), naming);
};

/** The storage name of a mailbox. Errors: `Unfit` where the layout cannot hold the name. */
export const formatStorageName = (
  name: MailboxName,
  naming: Naming,
): E.Either<SyncError, string> => {
  const why = nameRefusal(name, naming);
  return why === null
    ? E.right(store(name, naming))
    : E.left(syncError("Unfit", "mailbox", { mailbox: name }, why));
};

/**
 * The mailbox of a storage name. Errors: `Damaged`, where Dovecot cannot open it either: text that is not modified
 * UTF-7, an empty part, another spelling of INBOX.
 */
export const parseStorageName = (
  stored: string,
  naming: Naming,
): E.Either<SyncError, MailboxName> => {
  const damaged = (what: string) =>
    E.left(syncError("Damaged", "mailbox", { mailbox: stored }, what));
  const parts: string[] = [];
  for (const storedPart of stored.split(layoutSeparator(naming))) {
    const part = naming.utf8 ? E.right(storedPart) : parseModifiedUtf7(storedPart);
    if (E.isLeft(part)) return damaged(part.left.what);
    parts.push(part.right);
  }
  const name = parts.join("/") as MailboxName;
  const why = nameRefusal(name, naming);
  return why === null ? E.right(name) : damaged(why);
};

/** As much of the start of `part` as has at most `bytes` bytes when stored. Splits no character. */
const cutPart = (part: string, bytes: number, naming: Naming): string => {
  const characters = [...part.slice(0, 2 * MAX_NAME_BYTES)];
  let low = 0;
  let high = Math.min(characters.length, MAX_NAME_BYTES);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const fits = byteLength(storePart(characters.slice(0, middle).join(""), naming)) <= bytes;
    if (fits) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join("");
};

/** A part cut short, with eight digits of the hash of `of` so that different names stay different. */
const cutWithHash = (part: string, of: string, bytes: number, naming: Naming): string => {
  const suffix = `_${mailboxNameHash(of).slice(0, 8)}`;
  return cutPart(part, bytes - suffix.length, naming) + suffix;
};

const fitPart = (part: string, first: boolean, naming: Naming): string => {
  const alt = altCharOf(naming);
  let fit = part.toWellFormed().replaceAll("\0", alt);
  if (fit === "" || fit === "." || fit === "..") fit = fit.replaceAll(".", alt) || alt;
  if (first && isMisspelt(fit)) return INBOX;
  if (first && fit.startsWith("~")) fit = `${alt}${fit.slice(1)}`;
  if (naming.layout === "maildir++") fit = fit.replaceAll(".", alt);
  if (reserved(naming, first, fit)) fit = `${fit}${alt}`;
  const tooLong = fit.length > MAX_PART_BYTES ||
    byteLength(storePart(fit, naming)) > MAX_PART_BYTES;
  return naming.layout !== "maildir++" && tooLong
    ? cutWithHash(fit, part, MAX_PART_BYTES, naming)
    : fit;
};

/** The leading parts that fit, the last of them cut short with the hash of the whole name. */
const fitLength = (name: string, parts: readonly string[], naming: Naming): string => {
  const limit = naming.layout === "maildir++" ? MAX_PART_BYTES - 1 : MAX_NAME_BYTES;
  const room = 24;
  const kept: string[] = [];
  let used = 0;
  for (const part of parts) {
    // The name as users see it can be longer than what is stored, and the other way round.
    const stored = part.length > limit ? limit : byteLength(storePart(part, naming));
    const bytes = Math.max(stored, Math.min(byteLength(part), limit)) + 1;
    if (used + bytes > limit - room) {
      const part_ = cutWithHash(part, name, limit - used, naming);
      return [...kept, part_].join("/");
    }
    kept.push(part);
    used += bytes;
  }
  return kept.join("/");
};

/**
 * The nearest name that a layout can hold; the same name where it fits. What does not fit becomes the stand-in, what is
 * too long is cut and gets a hash of the whole. Two names may meet in one: that is for the caller to see.
 */
export const fitName = (name: MailboxName, naming: Naming): MailboxName => {
  if (nameRefusal(name, naming) === null) return name;
  const parts = name.split("/").map((part, i) => fitPart(part, i === 0, naming));
  const whole = parts.join("/");
  const fits = whole.length <= MAX_NAME_BYTES &&
    lengthRefusal(whole, store(whole, naming), naming) === null;
  return (fits ? whole : fitLength(name, parts, naming)) as MailboxName;
};
