/**
 * Modified UTF-7, the form in which Dovecot stores mailbox names (RFC 3501 5.1.3).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

const BASE64_VALUE: readonly number[] = (() => {
  const values: number[] = new Array(128).fill(-1);
  for (let i = 0; i < BASE64.length; i++) values[BASE64.charCodeAt(i)] = i;
  return values;
})();

const AMPERSAND = 0x26;

/** Printable ASCII stands for itself; DEL does not (as in Dovecot's imap-utf7.c). */
const isDirect = (code: number): boolean => code >= 0x20 && code < 0x7f;

/** Base64 of UTF-16BE without padding. */
const formatRun = (text: string, from: number, to: number): string => {
  let run = "";
  let held = 0;
  let bits = 0;
  for (let i = from; i < to; i++) {
    held = (held << 16) | text.charCodeAt(i);
    bits += 16;
    while (bits >= 6) {
      bits -= 6;
      run += BASE64[(held >> bits) & 0x3f]!;
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? run : run + BASE64[(held << (6 - bits)) & 0x3f]!;
};

/** Text in modified UTF-7. Total: a lone surrogate, which has no UTF-8 either, becomes U+FFFD. */
export const formatModifiedUtf7 = (text: string): string => {
  const source = text.toWellFormed();
  let out = "";
  let i = 0;
  while (i < source.length) {
    const code = source.charCodeAt(i);
    if (code === AMPERSAND) {
      out += "&-";
      i++;
    } else if (isDirect(code)) {
      out += source[i]!;
      i++;
    } else {
      const start = i;
      while (i < source.length && !isDirect(source.charCodeAt(i))) i++;
      out += `&${formatRun(source, start, i)}-`;
    }
  }
  return out;
};

/** The UTF-16 units of the base64 run that starts at `from`, or null when it breaks the format. */
const parseRun = (text: string, from: number, to: number): string | null => {
  let run = "";
  let held = 0;
  let bits = 0;
  for (let i = from; i < to; i++) {
    const value = BASE64_VALUE[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 16) {
      bits -= 16;
      const unit = held >> bits;
      // Printable ASCII must not be hidden in base64: a name would have two spellings. NUL is in no name.
      if (unit === 0 || isDirect(unit)) return null;
      run += String.fromCharCode(unit);
      held &= (1 << bits) - 1;
    }
  }
  return bits < 6 && held === 0 && run.isWellFormed() ? run : null;
};

/**
 * Text of modified UTF-7. Only the one spelling that {@linkcode formatModifiedUtf7} makes is accepted, so two names
 * on disk are never the same name. Errors: `Damaged`, scope mailbox, with the offset of the character in `text`.
 */
export const parseModifiedUtf7 = (text: string): E.Either<SyncError, string> => {
  const damaged = (offset: number, what: string) =>
    E.left(syncError("Damaged", "mailbox", { offset }, what));
  let out = "";
  let i = 0;
  let runEnd = -1;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (!isDirect(code)) return damaged(i, "modified UTF-7 holds printable ASCII only");
    if (code !== AMPERSAND) {
      out += text[i]!;
      i++;
      continue;
    }
    const end = text.indexOf("-", i);
    if (end < 0) return damaged(i, "a modified UTF-7 run has no end");
    if (end === i + 1) {
      out += "&";
    } else {
      if (i === runEnd) return damaged(i, "two modified UTF-7 runs stand side by side");
      const run = parseRun(text, i + 1, end);
      if (run === null) return damaged(i, "a modified UTF-7 run is not canonical base64 of UTF-16");
      out += run;
      runEnd = end + 1;
    }
    i = end + 1;
  }
  return E.right(out);
};
