/**
 * The text of the dsync protocol: values between TABs, with five characters escaped and one for "no value" (Dovecot's
 * src/lib/strescape.c, dsync-serializer.c). Text is in the form of `textOfBytes`, so any byte has its place.
 *
 * @module
 */
import { bytesOfText, textOfBytes } from "./byte_text.ts";

const ESCAPE = "\x01";
const NULL = "\x02";

/** Each escaped character and the letter that stands for it behind 0x01. */
const LETTERS: readonly (readonly [string, string])[] = [
  [ESCAPE, "1"],
  ["\t", "t"],
  ["\r", "r"],
  ["\n", "n"],
  ["\0", "0"],
];

const LETTER_OF: ReadonlyMap<string, string> = new Map(LETTERS);
const CHARACTER_OF: ReadonlyMap<string, string> = new Map(
  LETTERS.map(([character, letter]) => [letter, character]),
);

// deno-lint-ignore no-control-regex -- these are the characters of the format
const TO_ESCAPE = /[\x00\x01\t\n\r]/;
// deno-lint-ignore no-control-regex -- as above
const EACH_TO_ESCAPE = /[\x00\x01\t\n\r]/g;
// deno-lint-ignore no-control-regex -- as above
const EACH_ESCAPED = /\x01([^]?)/g;

/** Escapes 0x01, TAB, CR, LF and NUL. */
export const escapeTabs = (text: string): string =>
  TO_ESCAPE.test(text)
    ? text.replace(EACH_TO_ESCAPE, (character) => ESCAPE + LETTER_OF.get(character)!)
    : text;

/**
 * Undoes {@linkcode escapeTabs}. Total: behind 0x01 any other character stands for itself, and a 0x01 at the end for
 * nothing.
 */
export const unescapeTabs = (text: string): string => {
  if (!text.includes(ESCAPE)) return text;
  const plain = text.replace(
    EACH_ESCAPED,
    (_, letter: string) => CHARACTER_OF.get(letter) ?? letter,
  );
  // An escape between the bytes of one UTF-8 sequence kept them apart.
  return plain.isWellFormed() ? plain : textOfBytes(bytesOfText(plain));
};

/** Joins names with TAB, each escaped; as a value the whole is escaped once more. */
export const joinTabs = (names: readonly string[]): string => names.map(escapeTabs).join("\t");

/** Undoes {@linkcode joinTabs}; empty text is no name at all. */
export const splitTabs = (text: string): readonly string[] =>
  text === "" ? [] : text.split("\t").map(unescapeTabs);

/** Values as they follow the letter of an item; missing ones at the end are cut off. */
export const formatValues = (values: readonly (string | null)[]): string => {
  let end = values.length;
  while (end > 0 && values[end - 1] === null) end--;
  let text = "";
  for (let i = 0; i < end; i++) {
    const value = values[i] ?? null;
    if (i > 0) text += "\t";
    text += value === null ? NULL : (value.startsWith(NULL) ? NULL : "") + escapeTabs(value);
  }
  return text;
};

/** The raw values behind the letter of an item, at most `limit`; empty text has none, not an empty one. */
export const splitValues = (text: string, limit: number): readonly string[] =>
  text === "" ? [] : text.split("\t", limit);

/** One raw value; null: it is missing. */
export const parseValue = (raw: string | undefined): string | null => {
  if (raw === undefined) return null;
  const value = unescapeTabs(raw);
  if (value === NULL) return null;
  return value.startsWith(NULL) ? value.slice(1) : value;
};
