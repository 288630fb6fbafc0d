/**
 * Modseqs that are kept as two words each, low one first.
 *
 * @module
 */

/** Reads them. Most mails have the modseq of the one before: no other number is made for them. */
export class ModSeqWords {
  #low = 0;
  #high = 0;
  #value = 0n;

  /** The modseq of a row. */
  at(words: Uint32Array, row: number): bigint {
    const [low, high] = [words[row * 2]!, words[row * 2 + 1]!];
    if (low !== this.#low || high !== this.#high) {
      this.#low = low;
      this.#high = high;
      this.#value = (BigInt(high) << 32n) | BigInt(low);
    }
    return this.#value;
  }
}
