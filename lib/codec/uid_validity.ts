/**
 * The account-wide UIDVALIDITY counter: the file `dovecot-uidvalidity` holds the last value given out, and the name
 * of an empty file beside it repeats it; renaming that one takes the next value (Dovecot's
 * src/lib-storage/mailbox-uidvalidity.c).
 *
 * @module
 */

/** The file that holds the last value given out. */
export const UID_VALIDITY_FILE = "dovecot-uidvalidity";

const LAST = 0xffffffff;
const decoder = new TextDecoder("latin1");

const parseHexU32 = (text: string): number | null => {
  if (!/^[0-9a-fA-F]{1,8}$/.test(text)) return null;
  const value = Number.parseInt(text, 16);
  return value === 0 ? null : value;
};

/** The value in `dovecot-uidvalidity`: 8 hex digits at its start; null when it is broken, which is no error. */
export const parseUidValidity = (bytes: Uint8Array): number | null =>
  parseHexU32(decoder.decode(bytes.subarray(0, 8)));

/** A value as `dovecot-uidvalidity` holds it: 8 lower-case hex digits, no LF. */
export const formatUidValidity = (value: number): string => value.toString(16).padStart(8, "0");

/** The name of the empty file that stands for a value. */
export const uidValidityMarker = (value: number): string =>
  `${UID_VALIDITY_FILE}.${formatUidValidity(value)}`;

/** The value that a file name stands for, or null for any other file. */
export const parseUidValidityMarker = (fileName: string): number | null =>
  fileName.startsWith(`${UID_VALIDITY_FILE}.`)
    ? parseHexU32(fileName.slice(UID_VALIDITY_FILE.length + 1))
    : null;

/** The value after another one; 0 is never one. */
export const nextUidValidity = (value: number): number => value >= LAST ? 1 : value + 1;
