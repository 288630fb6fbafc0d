/**
 * Numbers of four bytes, low one first, at any place: a DataView for each would cost more than they do.
 *
 * @module
 */

/** The number at `bytes[at]`. */
export const u32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;

/** Writes a number to `bytes[at]`. */
export const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
};
