/**
 * Who changed which flags of the mails of an index, while its log is walked from the oldest record on.
 *
 * @module
 */
import { ALL_FLAGS } from "../model/flags.ts";

/**
 * The flags of all mails as columns by row: what they are after the records seen so far, as far as that is known, and
 * what users changed last.
 *
 * Only what really changes a flag counts. Dovecot writes all flags anew (those that are set, and all others as cleared)
 * for an IMAP STORE FLAGS and for a Maildir file that has another name; told as it stands, that would undo what the
 * other side did to flags that nobody has touched here. Of a mail whose flags are not known yet, because the log does
 * not reach back to its first day, the first record that names a flag counts as a change of it.
 */
export class FlagHistory {
  readonly #value: Uint8Array;
  readonly #known: Uint8Array;
  readonly #add: Uint8Array;
  readonly #remove: Uint8Array;

  /** Nothing is known of so many mails. */
  constructor(rows: number) {
    this.#value = new Uint8Array(rows);
    this.#known = new Uint8Array(rows);
    this.#add = new Uint8Array(rows);
    this.#remove = new Uint8Array(rows);
  }

  /** Says what all flags of a mail are at this point. */
  know(row: number, flags: number): void {
    this.#value[row] = flags;
    this.#known[row] = ALL_FLAGS;
  }

  /**
   * Takes one change in; a flag both added and removed ends up set, as in the index. A
   * settled change (a sync's, or one that a sync has carried over already) is nobody's wish any more, and it ends what a
   * user had done to that flag before. True: something changed.
   */
  change(row: number, add: number, remove: number, settled: boolean): boolean {
    const value = this.#value[row]!;
    const known = this.#known[row]!;
    const set = add & ALL_FLAGS;
    const cleared = remove & ~add & ALL_FLAGS;
    this.#value[row] = (value & ~cleared) | set;
    this.#known[row] = known | set | cleared;
    const newlySet = set & ~(value & known);
    const newlyCleared = cleared & (value | ~known);
    const touched = newlySet | newlyCleared;
    if (touched === 0) return false;
    const byUser = settled ? 0 : ALL_FLAGS;
    this.#add[row] = (this.#add[row]! & ~touched) | (newlySet & byUser);
    this.#remove[row] = (this.#remove[row]! & ~touched) | (newlyCleared & byUser);
    return true;
  }

  /** The flags of a mail that users set last, and that nobody has cleared since. */
  added(row: number): number {
    return this.#add[row]!;
  }

  /** The flags of a mail that users cleared last, and that nobody has set since. */
  removed(row: number): number {
    return this.#remove[row]!;
  }
}
