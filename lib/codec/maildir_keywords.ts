/**
 * `dovecot-keywords`: which keyword each letter in the file names of one Maildir stands for, one `<number> <name>` to
 * a line (Dovecot's src/lib-storage/index/maildir/maildir-keywords.c).
 *
 * @module
 */
import { keywordKey } from "../model/flags.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { MAX_LETTERS } from "./maildir_name.ts";

/** The names of the letters "a" to "z"; null where a letter is free. Always 26 long. */
export type KeywordLetters = readonly (string | null)[];

/** No letter has a name. */
export const NO_LETTERS: KeywordLetters = new Array<null>(MAX_LETTERS).fill(null);

/**
 * Reads the file. Total: lines with a number above 25, without a name, or with a name that stands already (case
 * ignored) are passed over; of two names for one number the later counts; a last line without LF is not read.
 */
export const parseMaildirKeywords = (bytes: Uint8Array): KeywordLetters => {
  const letters: (string | null)[] = [...NO_LETTERS];
  const seen = new Set<string>();
  const lines = textOfBytes(bytes).split("\n");
  lines.pop();
  for (const line of lines) {
    const parts = /^([0-9]{1,10}) ([^\r]+)\r?$/.exec(line);
    if (parts === null) continue;
    const number = Number(parts[1]);
    const name = parts[2]!;
    if (number >= MAX_LETTERS || seen.has(keywordKey(name))) continue;
    seen.add(keywordKey(name));
    letters[number] = name;
  }
  return letters;
};

/** Writes the file. */
export const formatMaildirKeywords = (letters: KeywordLetters): Uint8Array =>
  bytesOfText(
    letters.map((name, number) => name === null ? "" : `${number} ${name}\n`).join(""),
  );

/** The number of a keyword, case ignored, or -1. */
export const letterOf = (letters: KeywordLetters, keyword: string): number => {
  const wanted = keywordKey(keyword);
  return letters.findIndex((name) => name !== null && keywordKey(name) === wanted);
};

/**
 * The letters with one more keyword; the same object when it has a letter already or none is free. `used` is the bit
 * set of letters that stand in file names: such a letter is not free even when it has no name.
 */
export const withLetter = (
  letters: KeywordLetters,
  keyword: string,
  used: number,
): KeywordLetters => {
  if (letterOf(letters, keyword) >= 0) return letters;
  const free = letters.findIndex((name, number) => name === null && (used >> number & 1) === 0);
  return free < 0 ? letters : letters.with(free, keyword);
};

/**
 * The letters where each of `used` has a name: one that lost it is called "unknown-<number>", as Dovecot does it, with
 * "?" behind it while another letter is called so. The same object when all have names.
 */
export const withLostNames = (letters: KeywordLetters, used: number): KeywordLetters => {
  let named = letters;
  for (let number = 0; number < MAX_LETTERS; number++) {
    if ((used >> number & 1) === 0 || named[number] !== null) continue;
    let name = `unknown-${number}`;
    while (letterOf(named, name) >= 0) name += "?";
    named = named.with(number, name);
  }
  return named;
};

/** Whether a name can stand in the file: it is not empty and has no line end. */
export const isMaildirKeyword = (name: string): boolean => /^[^\r\n\0]+$/.test(name);
