/**
 * Columns of numbers that grow.
 *
 * @module
 */

const LEAST = 16;

/** The column itself where it has room for so many numbers, else a larger one with the same numbers. Amortised constant. */
export const grown = <
  A extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
>(column: A, length: number): A => {
  if (length <= column.length) return column;
  const larger = new (column.constructor as new (length: number) => A)(
    Math.max(LEAST, length, column.length + (column.length >> 1)),
  );
  // The three are of one kind, which the compiler cannot see.
  (larger as Uint8Array).set(column as Uint8Array);
  return larger;
};
