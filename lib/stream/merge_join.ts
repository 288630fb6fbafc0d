/**
 * Merge-join of two sorted streams: the heart of every comparison of two mailboxes.
 *
 * @module
 */
import type { Chunks } from "./chunks.ts";
import { CHUNK } from "./chunks.ts";

/** One step of a join: an item that only one side has, or a pair of items with the same key. */
export type Joined<A, B> =
  | { readonly _tag: "OnlyLeft"; readonly left: A }
  | { readonly _tag: "OnlyRight"; readonly right: B }
  | { readonly _tag: "Both"; readonly left: A; readonly right: B };

/** Reads a chunked stream item by item without a promise per item. */
class Cursor<A> {
  #chunk: readonly A[] = [];
  #at = 0;
  #ended = false;
  readonly #input: AsyncIterator<readonly A[]>;

  constructor(input: AsyncIterable<readonly A[]>) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** The item under the cursor, or undefined where the chunk is used up or the stream has ended. */
  get head(): A | undefined {
    return this.#chunk[this.#at];
  }

  /** Steps over the item under the cursor. */
  step(): void {
    this.#at++;
  }

  /** Makes sure that there is an item under the cursor, unless the stream has ended. */
  async fill(): Promise<void> {
    while (this.#at >= this.#chunk.length && !this.#ended) {
      const next = await this.#input.next();
      if (next.done === true) this.#ended = true;
      else {
        this.#chunk = next.value;
        this.#at = 0;
      }
    }
  }

  /** Lets the stream release what it holds. */
  async close(): Promise<void> {
    await this.#input.return?.();
  }
}

/**
 * Joins two streams that ascend strictly by a number.
 *
 * `skip` is asked of each pair; those it accepts are left out without an allocation, so that comparing equal sides
 * costs next to nothing. Items come out ascending; both inputs are read once and only as far as needed.
 */
export const mergeJoin = <A, B, E>(
  left: Chunks<A, E>,
  right: Chunks<B, E>,
  keyLeft: (a: A) => number,
  keyRight: (b: B) => number,
  skip: (a: A, b: B) => boolean = () => false,
): Chunks<Joined<A, B>, E> => join(left, right, keyLeft, keyRight, skip);

const join = async function* <A, B>(
  left: AsyncIterable<readonly A[]>,
  right: AsyncIterable<readonly B[]>,
  keyLeft: (a: A) => number,
  keyRight: (b: B) => number,
  skip: (a: A, b: B) => boolean,
): AsyncGenerator<readonly Joined<A, B>[]> {
  const l = new Cursor<A>(left);
  const r = new Cursor<B>(right);
  let out: Joined<A, B>[] = [];
  try {
    while (true) {
      if (l.head === undefined) await l.fill();
      if (r.head === undefined) await r.fill();
      const a = l.head;
      const b = r.head;
      if (a === undefined && b === undefined) break;
      if (b === undefined || (a !== undefined && keyLeft(a) < keyRight(b))) {
        out.push({ _tag: "OnlyLeft", left: a! });
        l.step();
      } else if (a === undefined || keyRight(b) < keyLeft(a)) {
        out.push({ _tag: "OnlyRight", right: b });
        r.step();
      } else {
        if (!skip(a, b)) out.push({ _tag: "Both", left: a, right: b });
        l.step();
        r.step();
      }
      if (out.length === CHUNK) {
        yield out;
        out = [];
      }
    }
    if (out.length > 0) yield out;
  } finally {
    await l.close();
    await r.close();
  }
};
