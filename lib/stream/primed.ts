/**
 * Streams that have begun before anybody reads them.
 *
 * @module
 */
import type { Chunks } from "./chunks.ts";

/** A stream whose first chunk is on its way. */
export interface Primed<A, E> {
  /** It, from its first chunk on; for one reader. */
  readonly stream: Chunks<A, E>;
  /** Lets go of what nobody has read. Without effect once somebody reads it: then it ends with the reader. */
  readonly end: () => Promise<void>;
}

/** Asks for the first chunk of a stream now. How it fails its reader is told. */
export const primed = <A, E>(input: Chunks<A, E>): Primed<A, E> => {
  const iterator = input[Symbol.asyncIterator]();
  const first = iterator.next();
  // Nobody may ever read it.
  first.catch(() => {});
  let isRead = false;
  const rest = async function* (): AsyncGenerator<readonly A[]> {
    isRead = true;
    let hasEnded = false;
    try {
      for (let next = await first; !next.done; next = await iterator.next()) yield next.value;
      hasEnded = true;
    } catch (thrown) {
      hasEnded = true;
      throw thrown;
    } finally {
      if (!hasEnded) await iterator.return?.();
    }
  };
  return {
    stream: rest(),
    end: async () => {
      if (isRead) return;
      isRead = true;
      await first.catch(() => {});
      await iterator.return?.();
    },
  };
};
