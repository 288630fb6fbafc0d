/**
 * Names of mail files in a Maildir: `<base>[,S=<bytes>][,W=<bytes>]:2,<letters>` (Dovecot's
 * src/lib-storage/index/maildir/maildir-filename*.c).
 *
 * @module
 */
import { bytesOfText, isTextOfBytes } from "./byte_text.ts";
import { ANSWERED, DELETED, DRAFT, FLAGGED, type Flags, flags, SEEN } from "../model/flags.ts";

/** What the letters of a name say. */
export interface NameFlags {
  /** System flags. */
  readonly flags: Flags;
  /** Keywords as a bit set: bit n is the letter "a" + n, number n of dovecot-keywords. */
  readonly letters: number;
}

/** How many keywords a Maildir can tell apart by letters: "a" to "z". */
export const MAX_LETTERS = 26;

const NO_NAME_FLAGS: NameFlags = { flags: flags(0), letters: 0 };

/** In ASCII order, which is also the order in a name. */
const FLAG_LETTERS: readonly (readonly [string, number])[] = [
  ["D", DRAFT],
  ["F", FLAGGED],
  ["R", ANSWERED],
  ["S", SEEN],
  ["T", DELETED],
];

const FLAG_OF_CODE: readonly number[] = (() => {
  const bits: number[] = new Array(128).fill(0);
  for (const [letter, bit] of FLAG_LETTERS) bits[letter.charCodeAt(0)] = bit;
  return bits;
})();

const COMMA = 0x2c;
const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

/** The part that identifies a mail: everything before the first ":". */
export const baseName = (fileName: string): string => {
  const colon = fileName.indexOf(":");
  return colon < 0 ? fileName : fileName.slice(0, colon);
};

/** Where the letters begin, or -1: behind ":2," at the last ":" of the name. */
const lettersAt = (fileName: string): number => {
  const colon = fileName.lastIndexOf(":");
  return colon >= 0 && fileName.startsWith("2,", colon + 1) ? colon + 3 : -1;
};

/** Reads the letters of a name. Unknown ones are passed over; a second "," ends them. Total. */
export const parseNameFlags = (fileName: string): NameFlags => {
  const start = lettersAt(fileName);
  if (start < 0 || start === fileName.length) return NO_NAME_FLAGS;
  let bits = 0;
  let letters = 0;
  for (let i = start; i < fileName.length; i++) {
    const code = fileName.charCodeAt(i);
    if (code === COMMA) break;
    if (code >= LETTER_A && code <= LETTER_Z) letters |= 1 << (code - LETTER_A);
    else bits |= FLAG_OF_CODE[code] ?? 0;
  }
  return { flags: flags(bits), letters };
};

const isKnownLetter = (letter: string): boolean => /[DFRSTa-z]/.test(letter);

/** The letters of flags and keywords, sorted by ASCII. */
const formatLetters = ({ flags: set, letters }: NameFlags): string => {
  let out = "";
  for (const [letter, bit] of FLAG_LETTERS) if ((set & bit) !== 0) out += letter;
  for (let n = 0, rest = letters; rest !== 0; n++, rest >>>= 1) {
    if ((rest & 1) !== 0) out += String.fromCharCode(LETTER_A + n);
  }
  return out;
};

/**
 * The same name with other flags. Letters that Dovecot does not know stay, as does what follows a second ","; all
 * letters are sorted by ASCII.
 */
export const withNameFlags = (fileName: string, set: NameFlags): string => {
  const colon = fileName.lastIndexOf(":");
  const base = colon < 0 ? fileName : fileName.slice(0, colon);
  const start = lettersAt(fileName);
  if (start < 0 || start === fileName.length) return `${base}:2,${formatLetters(set)}`;
  const old = fileName.slice(start);
  const comma = old.indexOf(",");
  const unknown = [...(comma < 0 ? old : old.slice(0, comma))].filter((c) => !isKnownLetter(c));
  const letters = [...formatLetters(set), ...unknown].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  return `${base}:2,${letters.join("")}${comma < 0 ? "" : old.slice(comma)}`;
};

/**
 * The number in the first ",S=" (bytes) or ",W=" (bytes with every line end as CR LF) of a name, or null where there
 * is none that Dovecot would take. Dovecot trusts it without a look at the file.
 */
export const nameSize = (fileName: string, key: "S" | "W"): number | null => {
  const at = fileName.indexOf(`,${key}=`);
  if (at < 0 || at + 3 === fileName.length) return null;
  let end = at + 3;
  let size = 0;
  for (; end < fileName.length; end++) {
    const digit = fileName.charCodeAt(end) - 0x30;
    if (digit < 0 || digit > 9) break;
    size = size * 10 + digit;
  }
  const next = fileName[end];
  const ends = next === undefined || next === "," || next === ":";
  return ends && Number.isSafeInteger(size) ? size : null;
};

const leadingDigits = (name: string): string => /^[0-9]*/.exec(name)![0];

const compareNumbers = (a: string, b: string): number => {
  const x = a.replace(/^0+/, "");
  const y = b.replace(/^0+/, "");
  return x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
};

/** The digits behind the first "M" of the second dot-separated field. */
const microseconds = (rest: string): string | null => {
  if (!rest.startsWith(".")) return null;
  const field = /^\.([^.:]*)/.exec(rest)![1]!;
  const at = field.indexOf("M");
  return at < 0 ? null : leadingDigits(field.slice(at + 1));
};

/**
 * The order in which new files get UIDs: by the leading number (seconds), the number after "M" (microseconds), then
 * the rest (maildir_filename_sort_cmp). Negative, 0 or positive.
 */
export const compareNewNames = (a: string, b: string): number => {
  const x = baseName(a);
  const y = baseName(b);
  const secondsX = leadingDigits(x);
  const secondsY = leadingDigits(y);
  const bySeconds = compareNumbers(secondsX, secondsY);
  if (bySeconds !== 0) return bySeconds;
  const microX = microseconds(x.slice(secondsX.length));
  const microY = microseconds(y.slice(secondsY.length));
  const byMicro = microX === null || microY === null ? 0 : compareNumbers(microX, microY);
  return byMicro || (x < y ? -1 : x > y ? 1 : 0);
};

/** What makes a new base name unique, and the sizes that Dovecot reads from it. */
export interface NewName {
  /** Seconds since 1970. */
  readonly seconds: number;
  /** Microseconds within the second. */
  readonly microseconds: number;
  /** This process. */
  readonly pid: number;
  /** This host. */
  readonly host: string;
  /** Stored bytes. */
  readonly size: number;
  /** Bytes with every line end as CR LF. */
  readonly virtualSize: number;
}

/** A base name as Dovecot makes them; "/" and ":" of the host are written in octal (cr.yp.to/proto/maildir.html). */
export const formatBaseName = (name: NewName): string => {
  const host = name.host.replaceAll("/", "\\057").replaceAll(":", "\\072");
  return `${name.seconds}.M${name.microseconds}P${name.pid}.${host}` +
    `,S=${name.size},W=${name.virtualSize}`;
};

/** A file system's limit for a name, less ":2," and all letters that may follow, and a short prefix in tmp/. */
const MAX_BASE_BYTES = 255 - 3 - 5 - MAX_LETTERS - 8;

/** Whether text can be the base name of a mail file, with room for every flag and keyword behind it. */
export const isBaseName = (text: string): boolean =>
  /^[^.:/\0\r\n \t][^:/\0\r\n]*$/.test(text) && text.length <= MAX_BASE_BYTES &&
  isTextOfBytes(text) && bytesOfText(text).length <= MAX_BASE_BYTES;
