/**
 * The forms that single values of the dsync protocol have: numbers, times, GUIDs, names, lists.
 *
 * @module
 */
import { type Guid, guid, MAX_UID, type ModSeq, modSeq, type Uid, uid } from "../model/ids.ts";
import { type MailboxGuid, mailboxGuid } from "../model/ids.ts";
import type { Gone } from "./dsync_wire_item.ts";
import { joinTabs, splitTabs } from "./dsync_wire_escape.ts";
import { isKeyword } from "../model/flags.ts";
import { isGuid128 } from "./guid.ts";

/** How a value is written. */
export interface Form<A> {
  /** What it must be, for an error: "a number ...". */
  readonly expected: string;
  /** The value of a text; undefined: it has not this form. */
  readonly parse: (text: string) => A | undefined;
  /** The text of a value. */
  readonly format: (value: A) => string;
}

const MAX_U32 = 0xffffffff;
const MAX_MODSEQ = 0x7fff_ffff_ffff_ffffn;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;
/** More digits than any number has, leading zeros included: they bound what is given to BigInt. */
const MAX_DIGITS = 40;

const DECIMAL = /^[0-9]+$/;
const HEXADECIMAL = /^[0-9a-fA-F]+$/;

const wholeNumber = (expected: string, min: number, max: number): Form<number> => ({
  expected,
  parse: (text) => {
    if (text.length > MAX_DIGITS || !DECIMAL.test(text)) return undefined;
    const value = Number(text);
    return value >= min && value <= max ? value : undefined;
  },
  format: String,
});

const hexNumber = (expected: string, max: number): Form<number> => ({
  expected,
  parse: (text) => {
    if (text.length > MAX_DIGITS || !HEXADECIMAL.test(text)) return undefined;
    const value = Number.parseInt(text, 16);
    return value <= max ? value : undefined;
  },
  format: (value) => value.toString(16),
});

/** Unsigned 32-bit number. */
export const U32: Form<number> = wholeNumber("a number up to 4294967295", 0, MAX_U32);

/** A number above 0 that a double holds exactly: a size, an interval. */
export const POSITIVE: Form<number> = wholeNumber("a number above 0", 1, Number.MAX_SAFE_INTEGER);

/** A 32-bit number above 0: seconds, a count, an order. */
export const POSITIVE_U32: Form<number> = wholeNumber("a number from 1 to 4294967295", 1, MAX_U32);

/** Seconds since 1970. */
export const TIME: Form<number> = wholeNumber("a time", 0, Number.MAX_SAFE_INTEGER);

/** Seconds since 1970, in hexadecimal digits. */
export const HEX_TIME: Form<number> = hexNumber("a hexadecimal time", Number.MAX_SAFE_INTEGER);

/** A byte of flag bits, in hexadecimal digits. */
export const HEX_FLAGS: Form<number> = hexNumber("hexadecimal flags up to ff", 0xff);

/** A UID. */
export const UID: Form<Uid> = (() => {
  const form = wholeNumber("a UID", 1, MAX_UID);
  return {
    ...form,
    parse: (text) => {
      const value = form.parse(text);
      return value === undefined ? undefined : uid(value);
    },
  };
})();

/** A MODSEQ up to 2^63-1, or 0 for none. */
export const MODSEQ: Form<ModSeq> = {
  expected: "a MODSEQ",
  parse: (text) => {
    if (text.length > MAX_DIGITS || !DECIMAL.test(text)) return undefined;
    const value = BigInt(text);
    return value <= MAX_MODSEQ ? modSeq(value) : undefined;
  },
  format: String,
};

/** Unsigned 64-bit number, in hexadecimal digits. */
export const HEX_U64: Form<bigint> = {
  expected: "a hexadecimal number of 64 bits",
  parse: (text) => {
    if (text.length > MAX_DIGITS || !HEXADECIMAL.test(text)) return undefined;
    const value = BigInt(`0x${text}`);
    return value <= MAX_U64 ? value : undefined;
  },
  format: (value) => value.toString(16),
};

// deno-lint-ignore no-control-regex -- what must not be in a name
const CONTROL = /[\x00-\x1f\x7f]/;

const isPlain = (text: string): boolean => !CONTROL.test(text);

/** Text without a NUL: Dovecot keeps values as C strings. */
export const TEXT: Form<string> = {
  expected: "text without NUL",
  parse: (text) => text.includes("\0") ? undefined : text,
  format: (text) => text,
};

/** A name: text without control characters. */
export const NAME: Form<string> = {
  expected: "a name without control characters",
  parse: (text) => isPlain(text) ? text : undefined,
  format: (text) => text,
};

const LINE_END = /[\0\r\n]/;

/** The GUID of a mail, which may be any name of a file in a Maildir; empty: the storage has none. */
export const GUID: Form<Guid> = {
  expected: "a GUID without line ends",
  parse: (text) => LINE_END.test(text) ? undefined : guid(text),
  format: (value) => value,
};

/** 32 hexadecimal digits, given in lower case: the GUID of a mailbox. */
export const MAILBOX_GUID: Form<MailboxGuid> = {
  expected: "a GUID of 32 hexadecimal digits",
  parse: (text) => isGuid128(text) ? mailboxGuid(text) : undefined,
  format: (value) => value,
};

/** One ASCII character. */
export const CHARACTER: Form<string> = {
  expected: "one ASCII character",
  parse: (text) => text.length === 1 && text >= " " && text < "\x7f" ? text : undefined,
  format: (text) => text,
};

/** One ASCII character, or empty for none. */
export const CHARACTER_OR_NONE: Form<string> = {
  expected: "at most one ASCII character",
  parse: (text) => text === "" ? text : CHARACTER.parse(text),
  format: (text) => text,
};

/** One of a few words. */
export const oneOf = <W extends string>(words: readonly W[]): Form<W> => ({
  expected: `one of ${words.join(", ")}`,
  parse: (text) => words.find((word) => word === text),
  format: (word) => word,
});

/** A word of which Dovecot reads the first letter only. */
export const oneLetterOf = <W extends string>(letters: readonly W[]): Form<W> => ({
  expected: `one of ${letters.join(", ")}`,
  parse: (text) => letters.find((letter) => letter === text[0]),
  format: (letter) => letter,
});

/** Names joined with TAB, each escaped; empty text is an empty list, and so one empty name cannot be said. */
export const NAMES: Form<readonly string[]> = {
  expected: "names without control characters",
  parse: (text) => {
    const names = splitTabs(text);
    return names.every(isPlain) ? names : undefined;
  },
  format: joinTabs,
};

/** Changes of keywords, each a sign and the name; those of names that are no keywords are passed over, as Dovecot does. */
export const KEYWORD_CHANGES: Form<readonly string[]> = {
  ...NAMES,
  parse: (text) => NAMES.parse(text)?.filter((change) => isKeyword(change.slice(1))),
};

/** The parts of a mailbox name joined with TAB, each escaped; at least one, none empty. */
export const NAME_PARTS: Form<readonly string[]> = {
  expected: "parts of a mailbox name, none empty or with control characters",
  parse: (text) => {
    const parts = splitTabs(text);
    return parts.length > 0 && parts.every((part) => part !== "" && isPlain(part))
      ? parts
      : undefined;
  },
  format: joinTabs,
};

/** Names joined with LF; empty text is one empty name. */
export const LINES: Form<readonly string[]> = {
  expected: "lines without control characters",
  parse: (text) => {
    const lines = text.split("\n");
    return lines.every(isPlain) ? lines : undefined;
  },
  format: (lines) => lines.join("\n"),
};

/** Pairs of an identity and a time, all joined with spaces; empty text is an empty list. */
export const GONE: Form<readonly Gone[]> = {
  expected: "pairs of 32 hexadecimal digits and a time",
  parse: (text) => {
    if (text === "") return [];
    const words = text.split(" ");
    const gone: Gone[] = [];
    for (let i = 0; i < words.length; i += 2) {
      const id = MAILBOX_GUID.parse(words[i]!);
      const at = TIME.parse(words[i + 1] ?? "");
      if (id === undefined || at === undefined) return undefined;
      gone.push({ id, at });
    }
    return gone;
  },
  format: (gone) => gone.map(({ id, at }) => `${id} ${at}`).join(" "),
};
