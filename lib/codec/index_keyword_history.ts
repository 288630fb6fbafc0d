/**
 * Who changed which keywords of the mails of an index, while its log is walked from the oldest record on.
 *
 * @module
 */
import { keywordKey, type Keywords, keywords } from "../model/flags.ts";

/** What is known of one keyword of one mail. */
interface KeywordState {
  set: boolean;
  /** The last real change, when a user made it. */
  change: "add" | "remove" | null;
  /** The name as it was spelled in that change. */
  spelling: string;
  /** How many times the log had cleared all keywords of mails until then. */
  resets: number;
}

/** What users did to the keywords of one mail. */
export interface KeywordChanges {
  /** Keywords that they set last. */
  readonly add: Keywords;
  /** Keywords that they cleared last. */
  readonly remove: Keywords;
}

/**
 * The keywords of all mails: what they are after the records seen so far, as far as that is known, and what users
 * changed last. Only what really changes a keyword counts, as with flags. Names are compared without case.
 */
export class KeywordHistory {
  /** For each name in lower case: its state by row. */
  readonly #states = new Map<string, Map<number, KeywordState>>();
  /** By row whether a keyword that no record has named yet is known to be cleared. */
  readonly #blank: Uint8Array;
  /** By row the numbers of its resets, 1 and up, ascending. */
  readonly #resetsOf = new Map<number, number[]>();
  /** Whether the reset of a number is settled. */
  readonly #resetSettled: boolean[] = [false];

  /** Nothing is known of so many mails. */
  constructor(rows: number) {
    this.#blank = new Uint8Array(rows);
  }

  /** Says that a mail has these keywords at this point and no others. */
  know(row: number, names: Keywords): void {
    this.#blank[row] = 1;
    for (const spelling of names) {
      const state = { set: true, change: null, spelling, resets: this.#resets };
      this.#statesOf(spelling).set(row, state);
    }
  }

  /**
   * Begins a record that sets or clears one keyword; what is given takes the change of each mail in. A
   * settled change is nobody's wish any more, and it ends what a user had done to that keyword before. True: something
   * changed.
   */
  change(name: string, set: boolean, settled: boolean): (row: number) => boolean {
    const states = this.#statesOf(name);
    const change = settled ? null : set ? "add" : "remove";
    return (row) => {
      const state = states.get(row);
      if (state === undefined) {
        const known = this.#blank[row] === 1;
        if (known && !set) return false;
        states.set(row, { set, change, spelling: name, resets: this.#resets });
        return true;
      }
      this.#settle(row, state);
      if (state.set === set) return false;
      state.set = set;
      state.change = change;
      state.spelling = name;
      return true;
    };
  }

  /**
   * Takes in that all keywords of a mail were cleared. Of those only the ones that are known to have been set count as
   * changed; which others there were is not in the log. Dovecot reads such records, but writes none.
   */
  reset(rows: { readonly from: number; readonly to: number }, settled: boolean): void {
    const number = this.#resetSettled.push(settled) - 1;
    for (let row = rows.from; row < rows.to; row++) {
      this.#blank[row] = 1;
      const resets = this.#resetsOf.get(row);
      if (resets === undefined) this.#resetsOf.set(row, [number]);
      else resets.push(number);
    }
  }

  /** What users did, by row; mails that they did nothing to are left out. */
  told(): ReadonlyMap<number, KeywordChanges> {
    const lists = new Map<number, { readonly add: string[]; readonly remove: string[] }>();
    for (const states of this.#states.values()) {
      for (const [row, state] of states) {
        this.#settle(row, state);
        if (state.change === null) continue;
        let list = lists.get(row);
        if (list === undefined) lists.set(row, list = { add: [], remove: [] });
        list[state.change].push(state.spelling);
      }
    }
    const told = new Map<number, KeywordChanges>();
    for (const [row, { add, remove }] of lists) {
      told.set(row, { add: keywords(add), remove: keywords(remove) });
    }
    return told;
  }

  #statesOf(name: string): Map<number, KeywordState> {
    const key = keywordKey(name);
    let states = this.#states.get(key);
    if (states === undefined) this.#states.set(key, states = new Map());
    return states;
  }

  get #resets(): number {
    return this.#resetSettled.length - 1;
  }

  /** Brings a state up to the last reset of its mail; the first one since then is what cleared it. */
  #settle(row: number, state: KeywordState): void {
    const resets = this.#resetsOf.get(row);
    if (resets === undefined) return;
    const first = resets[firstAbove(resets, state.resets)];
    if (first === undefined) return;
    state.resets = this.#resets;
    if (!state.set) return;
    state.set = false;
    state.change = this.#resetSettled[first]! ? null : "remove";
  }
}

/** The index of the first of some ascending numbers that is above a limit; their count if none is. */
const firstAbove = (ascending: readonly number[], limit: number): number => {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
};
