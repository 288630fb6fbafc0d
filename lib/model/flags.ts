/**
 * System flags as one small number, keywords as a sorted list of names.
 *
 * @module
 */
import type { Brand } from "./ids.ts";

/** A set of system flags, as Dovecot's index stores them: the or of the bits below. \Recent is never among them. */
export type Flags = Brand<number, "Flags">;

/** \Answered. */
export const ANSWERED = 0x01;
/** \Flagged. */
export const FLAGGED = 0x02;
/** \Deleted. */
export const DELETED = 0x04;
/** \Seen. */
export const SEEN = 0x08;
/** \Draft. */
export const DRAFT = 0x10;
/** All five system flags. */
export const ALL_FLAGS = 0x1f;

/** No flag. */
export const NO_FLAGS: Flags = 0 as Flags;

/** Takes the five lowest bits of a number as flags; Dovecot's own upper bits fall away. */
export const flags = (bits: number): Flags => (bits & ALL_FLAGS) as Flags;

const NAMES: readonly (readonly [number, string])[] = [
  [ANSWERED, "\\Answered"],
  [DELETED, "\\Deleted"],
  [DRAFT, "\\Draft"],
  [FLAGGED, "\\Flagged"],
  [SEEN, "\\Seen"],
];

/** The IMAP names of a set of flags, sorted. */
export const flagNames = (set: Flags): readonly string[] =>
  NAMES.filter(([bit]) => (set & bit) !== 0).map(([, name]) => name);

/**
 * Keyword names of one mail: sorted by their {@linkcode keywordKey}, none twice when ASCII case is ignored (IMAP keywords
 * compare without it, the spelling of their first use is kept).
 */
export type Keywords = readonly string[];

/** No keyword. */
export const NO_KEYWORDS: Keywords = [];

/** Far above what a Dovecot takes by default (mail_max_keyword_length, 50). */
const MAX_KEYWORD = 255;
/** An atom of IMAP (RFC 9051, 9): ASCII without controls, space and the characters that mean something there. */
const ATOM = /^[!#$&'+-[^-z|}~]+$/;

/**
 * Whether a name can be a keyword as a client may set one, and be said to clients as it stands. Dovecot takes no new one
 * that is none (mailbox_keyword_is_valid); what stands in the files of a local store may be older, and another's work.
 */
export const isKeyword = (name: string): boolean => name.length <= MAX_KEYWORD && ATOM.test(name);

const NOT_ASCII = /[\u0080-\uffff]/;

/** What all spellings of one keyword share: ASCII letters in lower case, all else as it is, as Dovecot compares them. */
export const keywordKey = (name: string): string => {
  const lower = name.toLowerCase();
  // The engine's own folding makes a "k" of U+212A, too.
  return lower === name || !NOT_ASCII.test(name)
    ? lower
    : name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
};

/** A code unit with ASCII case folded. */
const folded = (unit: number): number => unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;

/** Compares two keyword names without ASCII case: negative, 0 or positive. */
export const compareKeyword = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length);
  // Without a text for each: mails by the ten thousand are sorted and compared by it.
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y && folded(x) !== folded(y)) return folded(x) - folded(y);
  }
  return a.length - b.length;
};

/** Makes {@linkcode Keywords} of names in any order; of two names that differ only in case the first stays. */
export const keywords = (names: Iterable<string>): Keywords => {
  const sorted = [...names].sort(compareKeyword);
  return sorted.filter((name, i) => i === 0 || compareKeyword(sorted[i - 1]!, name) !== 0);
};

/** Whether two keyword sets hold the same names, case ignored. */
export const sameKeywords = (a: Keywords, b: Keywords): boolean =>
  a === b ||
  (a.length === b.length &&
    a.every((name, i) => name === b[i] || compareKeyword(name, b[i]!) === 0));

/** The names of `a` that `b` does not have, case ignored. */
export const keywordsWithout = (a: Keywords, b: Keywords): Keywords => {
  const there = new Set(b.map(keywordKey));
  return a.filter((name) => !there.has(keywordKey(name)));
};
