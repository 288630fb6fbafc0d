/**
 * A queue whose head costs the same to take however long it is.
 *
 * @module
 */

/** How much of the front is left empty before it is cut off. */
const SLACK = 1024;

/** First in, first out. */
export class Fifo<A> {
  #items: (A | undefined)[] = [];
  #head = 0;

  /** How many are in it. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Adds one. */
  push(item: A): void {
    this.#items.push(item);
  }

  /** Takes the first; undefined: there is none. */
  shift(): A | undefined {
    const item = this.#items[this.#head];
    if (this.#head === this.#items.length) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head > SLACK && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes all out. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
