/**
 * Streams of chunks: an async iterable of non-empty arrays. Chunk edges mean nothing; they only make streaming cheap.
 * Streams fail by throwing {@linkcode StreamFailure}, which {@linkcode drain} turns into a value again.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";

/** The key under which a stream's type says how it may fail; no value has it. */
export declare const fails: unique symbol;

/** A stream of `A` in chunks that may fail with `E`. The type `E` is phantom: it costs nothing at run time. */
export interface Chunks<A, E = never> extends AsyncIterable<readonly A[]> {
  /** How it may fail; never there. */
  readonly [fails]?: E;
}

/** A pure step between two streams; `F` is what it adds to the ways to fail. */
export type Stage<A, B, F = never> = <E>(input: Chunks<A, E>) => Chunks<B, E | F>;

/** The one thing that a stream throws on purpose. Anything else thrown is a defect. */
export class StreamFailure<E> extends Error {
  /** The error as a value. */
  readonly error: E;
  /** Wraps an error value. */
  constructor(error: E) {
    super("stream failed", { cause: error });
    this.error = error;
  }
}

/** Fails the running stream with `error`. */
export const failStream = <E>(error: E): never => {
  throw new StreamFailure(error);
};

/** The default number of items in a chunk. */
export const CHUNK = 1024;

/** The empty stream. */
export const empty = <A>(): Chunks<A> => fromArray<A>([]);

/** A stream over an array, in chunks of at most `size`. */
export const fromArray = <A>(items: readonly A[], size: number = CHUNK): Chunks<A> =>
  slices(items, size);

const slices = async function* <A>(
  items: readonly A[],
  size: number,
): AsyncGenerator<readonly A[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
};

/** Applies `f` to each item. */
export const map = <A, B>(f: (a: A) => B): Stage<A, B> =>
  async function* (input) {
    for await (const chunk of input) yield chunk.map(f);
  };

/** Keeps the items that `keep` accepts. */
export const filter = <A>(keep: (a: A) => boolean): Stage<A, A> =>
  async function* (input) {
    for await (const chunk of input) {
      const kept = chunk.filter(keep);
      if (kept.length > 0) yield kept;
    }
  };

/** Replaces each item by the items of `f`. */
export const flatMap = <A, B>(f: (a: A) => readonly B[]): Stage<A, B> =>
  async function* (input) {
    for await (const chunk of input) {
      const out = chunk.flatMap(f);
      if (out.length > 0) yield out;
    }
  };

/** Looks at each item in passing. */
export const tap = <A>(look: (a: A) => void): Stage<A, A> =>
  async function* (input) {
    for await (const chunk of input) {
      chunk.forEach(look);
      yield chunk;
    }
  };

/** Replaces each item by what `f` makes of it; the first Left fails the stream. */
export const mapEither = <A, B, F>(f: (a: A) => E.Either<F, B>): Stage<A, B, F> =>
  map((a: A) => {
    const b = f(a);
    return E.isLeft(b) ? failStream(b.left) : b.right;
  });

/** Ends a stream at the next chunk once the signal is aborted: it fails with `error`. */
export const stopAt = <A, F>(signal: AbortSignal, error: () => F): Stage<A, A, F> =>
  async function* (input) {
    if (signal.aborted) failStream(error());
    for await (const chunk of input) {
      yield chunk;
      if (signal.aborted) failStream(error());
    }
  };

/** One stream after the other. */
export const concat = <A, E>(...inputs: readonly Chunks<A, E>[]): Chunks<A, E> =>
  (async function* () {
    for (const input of inputs) yield* input;
  })();

/** The same items in chunks of exactly `size`, the last one shorter. */
export const rechunk = <A>(size: number): Stage<A, A> =>
  async function* (input) {
    let held: A[] = [];
    for await (const chunk of input) {
      for (const item of chunk) {
        held.push(item);
        if (held.length === size) {
          yield held;
          held = [];
        }
      }
    }
    if (held.length > 0) yield held;
  };

/** Items in groups of `size`, the last one smaller: for what takes several at once. */
export const batch = <A>(size: number): Stage<A, readonly A[]> =>
  async function* (input) {
    for await (const chunk of rechunk<A>(size)(input)) yield [chunk];
  };

/** Reads a stream to its end, giving each chunk to `use`. The only place where a stream's failure becomes a value. */
export const drain = <A, E>(
  input: Chunks<A, E>,
  use: (chunk: readonly A[]) => void | Promise<void> = () => {},
): TaskEither<E, void> =>
async () => {
  try {
    for await (const chunk of input) await use(chunk);
    return E.right(undefined);
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return E.left(thrown.error as E);
    throw thrown;
  }
};

/** Reads a stream to its end into one array. */
export const collect = <A, E>(input: Chunks<A, E>): TaskEither<E, readonly A[]> => async () => {
  const all: A[] = [];
  const end = await drain(input, (chunk) => {
    for (const item of chunk) all.push(item);
  })();
  return E.isLeft(end) ? end : E.right(all);
};
