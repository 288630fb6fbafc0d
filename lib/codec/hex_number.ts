/**
 * Hex digits, and the numbers that the files of an mdbox have in them.
 *
 * @module
 */

const DIGITS = (() => {
  const values = new Int8Array(128).fill(-1);
  [..."0123456789abcdef"].forEach((digit, value) => {
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  });
  return values;
})();

/** The value of a hex digit, either case, by its code; -1: it is none. */
export const hexDigit = (code: number): number => DIGITS[code] ?? -1;

/** A hex number in `bytes[from, to)`, or -1 when it is none or exceeds 2^53-1. */
export const hexNumber = (bytes: Uint8Array, from: number, to: number): number => {
  if (from >= to) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = hexDigit(bytes[i]!);
    if (digit < 0) return -1;
    value = value * 16 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
};

/**
 * A time in seconds since 1970 in `bytes[from, to)`; one before that is its two's complement in 64 bits (Dovecot prints a
 * `time_t` unsigned). NaN when it is no number or no safe integer.
 */
export const hexTime = (bytes: Uint8Array, from: number, to: number): number => {
  if (to - from === 16 && hexDigit(bytes[from]!) >= 8) {
    let value = 0n;
    for (let i = from; i < to; i++) {
      const digit = hexDigit(bytes[i]!);
      if (digit < 0) return NaN;
      value = value << 4n | BigInt(digit);
    }
    const signed = Number(BigInt.asIntN(64, value));
    return Number.isSafeInteger(signed) ? signed : NaN;
  }
  const value = hexNumber(bytes, from, to);
  return value < 0 ? NaN : value;
};
