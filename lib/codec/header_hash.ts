/**
 * The hash by which mails without usable GUIDs are known to a peer (Dovecot's dsync-mail.c and message-header-hash.c).
 *
 * @module
 */
import { md5 } from "@noble/hashes/legacy.js";
import { formatHex } from "./guid.ts";

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const COLON = 0x3a;
const QUESTION = 0x3f;

/** The hash of a mail that has none of the hashed headers. */
export const EMPTY_HEADER_HASH = "68b329da9893e34099c7d8ad5cb9c940";

/** A header longer than this is cut: no honest one is. */
export const MAX_HASHED_HEADER: number = 1 << 20;

/** Where the header of a mail ends in `bytes`, behind its last line; -1: not yet. */
export const headerEnd = (bytes: Uint8Array): number => {
  let start = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const length = at - start;
    if (length === 0 || (length === 1 && bytes[start] === CR)) return start;
    start = at + 1;
  }
  return -1;
};

/** The lines of the named headers, continuation lines included, with LF line ends, and an empty line. */
const namedLines = (header: Uint8Array, names: ReadonlySet<string>): Uint8Array => {
  const out: number[] = [];
  const ascii = new TextDecoder("latin1");
  let taking = false;
  for (let start = 0; start < header.length;) {
    const found = header.indexOf(LF, start);
    const next = found < 0 ? header.length : found + 1;
    let end = found < 0 ? header.length : found;
    if (end > start && header[end - 1] === CR) end--;
    const first = header[start];
    if (first !== SPACE && first !== TAB) {
      const colon = header.indexOf(COLON, start);
      const name = colon < 0 || colon > end ? "" : ascii.decode(header.subarray(start, colon));
      taking = names.has(name.trimEnd().toLowerCase());
    }
    if (taking) { for (let i = start; i < end; i++) out.push(header[i]!); }
    if (taking) out.push(LF);
    start = next;
  }
  out.push(LF);
  return Uint8Array.from(out);
};

/** Bytes that a server may have changed become `?`, one for each run of them; spaces are left out. */
const simplified = (lines: Uint8Array): Uint8Array => {
  const out: number[] = [];
  let last = 0;
  for (const byte of lines) {
    if (byte === SPACE) continue;
    const isOdd = (byte < SPACE && byte !== TAB && byte !== LF) || byte >= 0x7f ||
      byte === QUESTION;
    if (isOdd && last === QUESTION) continue;
    last = isOdd ? QUESTION : byte;
    out.push(last);
  }
  return Uint8Array.from(out);
};

/**
 * The hash of a mail's header: 32 hex digits, the MD5 of the named headers' lines as they stand in the mail. `header`: its
 * bytes up to the empty line. `version`: 1 takes the bytes as they are, 3 what most servers keep of them. Linear.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { headerHash } from "./header_hash.ts";
 *
 * const header = new TextEncoder().encode(
 *   "Subject: m1\r\nMessage-ID: <m1@example.com>\r\nDate: Mon, 08 Jan 2026 10:00:00 +0000\r\n",
 * );
 * assert.equal(headerHash(header, ["Date", "Message-ID"], 3), "014b7a36ee59359a72a6bfe720ab37dc");
 * ```
 */
export const headerHash = (
  header: Uint8Array,
  names: readonly string[],
  version: 1 | 3,
): string => {
  const lines = namedLines(header, new Set(names.map((name) => name.toLowerCase())));
  return formatHex(md5(version === 1 ? lines : simplified(lines)));
};
