/**
 * Repeatable chance: the same seed gives the same mails on every machine.
 *
 * @module
 */

/** A source of numbers that follow from its seed alone. */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  readonly int: (below: number) => number;
  /** One of the values. */
  readonly pick: <A>(values: readonly A[]) => A;
  /** True `percent` times in a hundred. */
  readonly chance: (percent: number) => boolean;
  /** `digits` lower-case hex digits. */
  readonly hex: (digits: number) => string;
}

/** Makes a {@linkcode Random} of a seed (32 bits of it count): the mulberry32 generator. */
export const random = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    pick: <A>(values: readonly A[]): A => values[int(values.length)] as A,
    chance: (percent) => int(100) < percent,
    hex: (digits) => Array.from({ length: digits }, () => int(16).toString(16)).join(""),
  };
};
