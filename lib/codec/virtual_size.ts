/**
 * The size that IMAP and POP3 clients are told: stored bytes, each LF counted as CR LF.
 *
 * @module
 */

const LF = 0x0a;
const CR = 0x0d;

/** How many bytes of `piece` are LFs that no CR precedes; `previous` is the byte before the piece. */
export const countBareLf = (piece: Uint8Array, previous: number): number => {
  let count = 0;
  for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
    if ((at === 0 ? previous : piece[at - 1]) !== CR) count++;
  }
  return count;
};
