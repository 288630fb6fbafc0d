/**
 * Whether a moment of a mailbox's history is the past of another one.
 *
 * @module
 */

/** Numbers with dots between them: where there are several, the first says which history it is. */
const FORM = /^\d+(?:\.\d+)*$/;

const numbersOf = (moment: string): readonly bigint[] | null =>
  FORM.test(moment) ? moment.split(".").map(BigInt) : null;

/**
 * Whether a mailbox whose history stands at `now` has been at `then`. A moment of another form than stores of ours have
 * proves only itself.
 */
export const isPastMoment = (then: string, now: string): boolean => {
  if (then === now) return true;
  const [a, b] = [numbersOf(then), numbersOf(now)];
  if (a === null || b === null || a.length !== b.length) return false;
  if (a.length > 1 && a[0] !== b[0]) return false;
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 || a[at]! < b[at]!;
};
