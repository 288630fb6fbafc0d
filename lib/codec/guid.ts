/**
 * The 128-bit form of a message GUID, and what Dovecot calls a mailbox by in its change log.
 *
 * @module
 */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { bytesOfText } from "./byte_text.ts";
import { hexDigit } from "./hex_number.ts";
import { shortSha1 } from "./short_sha1.ts";
import type { Guid } from "../model/ids.ts";

const encoder = new TextEncoder();

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Bytes as lower-case hex digits, two for each byte. */
export const formatHex = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += HEX[byte]!;
  return text;
};

const latin = new TextDecoder("latin1");
/** The two digits of a byte, as they lie in memory. */
const DIGITS = new Uint16Array(new TextEncoder().encode(HEX.join("")).buffer);

/**
 * The hex digits of many values of `size` bytes that lie in a row, for each its text: one text is made for all, of which
 * each is a part.
 */
export const formatHexRow = (bytes: Uint8Array, size: number): readonly string[] => {
  const hex = new Uint16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) hex[i] = DIGITS[bytes[i]!]!;
  const text = latin.decode(hex);
  return Array.from(
    { length: bytes.length / size },
    (_, i) => text.slice(2 * size * i, 2 * size * (i + 1)),
  );
};

/** The bytes of hex digits, either case; null when it is not an even number of hex digits. */
export const parseHex = (text: string): Uint8Array | null => {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
};

/** Whether a GUID is itself written as a 128-bit value: 32 hex digits, either case. */
export const isGuid128 = (guid: string): boolean => {
  if (guid.length !== 32) return false;
  for (let i = 0; i < 32; i++) if (hexDigit(guid.charCodeAt(i)) < 0) return false;
  return true;
};

/** Writes the bytes of 32 hex digits, either case; false: the text is something else. */
const putHex128 = (bytes: Uint8Array, at: number, text: string): boolean => {
  if (text.length !== 32) return false;
  for (let i = 0; i < 16; i++) {
    const high = hexDigit(text.charCodeAt(2 * i));
    const low = hexDigit(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return false;
    bytes[at + i] = high << 4 | low;
  }
  return true;
};

/** Writes {@linkcode guid128} to `bytes[at, at + 16)`. */
export const putGuid128 = (bytes: Uint8Array, at: number, guid: string): void => {
  if (putHex128(bytes, at, guid)) return;
  const words = shortSha1(guid);
  if (words === null) return bytes.set(sha1(bytesOfText(guid)).subarray(4), at);
  for (let i = 0; i < 16; i++) bytes[at + i] = words[1 + (i >> 2)]! >>> (24 - 8 * (i & 3));
};

/**
 * The 16 bytes that the `guid` index record and EXPUNGE_GUID hold for a GUID: its 32 hex digits decoded, of any other
 * text the last 16 bytes of its SHA-1 (mail_generate_guid_128_hash in Dovecot's src/lib-mail/mail-user-hash.c).
 */
export const guid128 = (guid: string): Uint8Array => {
  const bytes = new Uint8Array(16);
  putGuid128(bytes, 0, guid);
  return bytes;
};

/** {@linkcode guid128} as 32 lower-case hex digits. */
export const guid128Hex = (guid: string): string => {
  if (isGuid128(guid)) return guid.toLowerCase();
  const words = shortSha1(guid);
  if (words === null) return formatHex(guid128(guid));
  let text = "";
  for (let i = 1; i < 5; i++) {
    const word = words[i]!;
    text += HEX[word >>> 24]! + HEX[word >>> 16 & 255]! + HEX[word >>> 8 & 255]! + HEX[word & 255]!;
  }
  return text;
};

/**
 * Whether two GUIDs name the same mail: equal text, or one is the 128-bit form of the other. A text is hashed only
 * where the other side is 32 hex digits.
 */
export const sameGuid = (a: Guid, b: Guid): boolean => {
  if (a === b) return true;
  const shortA = isGuid128(a);
  const shortB = isGuid128(b);
  if (shortA && shortB) return a.toLowerCase() === b.toLowerCase();
  return shortA ? isFormOf(a, b) : shortB && isFormOf(b, a);
};

/** Whether 32 hex digits are the 128-bit form of another text; asked for each mail of a comparison. */
const isFormOf = (hex: string, text: string): boolean => {
  const words = shortSha1(text);
  if (words === null) return hex.toLowerCase() === guid128Hex(text);
  for (let i = 0; i < 4; i++) {
    let word = 0;
    for (let at = 8 * i; at < 8 * i + 8; at++) word = word << 4 | hexDigit(hex.charCodeAt(at));
    if (word !== words[i + 1]) return false;
  }
  return true;
};

/**
 * What stands for a mailbox name in dovecot.mailbox.log: the first 16 bytes of the SHA-1 of the name as users see it
 * (UTF-8, "/" between the parts), as 32 hex digits (mailbox_name_get_sha128).
 */
export const mailboxNameHash = (name: string): string =>
  formatHex(sha1(encoder.encode(name)).subarray(0, 16));

/**
 * What may stand for a mailbox name in a log that a local Dovecot has written: names are hashed there with the separator
 * of its namespace, "/" or "." as a rule.
 */
export const mailboxNameHashes = (name: string): readonly string[] =>
  name.includes("/")
    ? [mailboxNameHash(name), mailboxNameHash(name.replaceAll("/", "."))]
    : [mailboxNameHash(name)];

/**
 * What a Dovecot calls a branch of names by that has no GUID of its own: the MD5 over the GUID of the first mailbox below
 * and its name, as 32 hex digits (dsync-mailbox-tree-sync.c).
 */
export const branchHash = (guid: string, name: string): string => {
  const first = parseHex(guid) ?? new Uint8Array(16);
  const second = encoder.encode(name);
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return formatHex(md5(both));
};
