/**
 * What is said over a pipe, written down: -r. Made for reading: each line with its time and direction, as Dovecot's.
 *
 * @module
 */
import type { Pipe } from "../port/pipe.ts";

const LF = 0x0a;
const encoder = new TextEncoder();

/** Lines of one direction. */
class Direction {
  readonly #mark: string;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #now: () => number;
  #isAtStart = true;

  constructor(mark: string, write: (bytes: Uint8Array) => void, now: () => number) {
    this.#mark = mark;
    this.#write = write;
    this.#now = now;
  }

  note(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(LF, at);
      const upTo = end < 0 ? bytes.length : end + 1;
      if (this.#isAtStart) {
        const at = (this.#now() / 1000).toFixed(6);
        this.#write(encoder.encode(`${at} ${this.#mark}: `));
      }
      this.#write(bytes.subarray(at, upTo));
      this.#isAtStart = end >= 0;
      at = upTo;
    }
  }
}

/** A pipe of which all that passes is given to `write`; `now` in milliseconds. */
export const loggedPipe = (
  pipe: Pipe,
  write: (bytes: Uint8Array) => void,
  now: () => number,
): Pipe => {
  const into = new Direction("I", write, now);
  const out = new Direction("O", write, now);
  return {
    incoming: (async function* () {
      for await (const bytes of pipe.incoming) {
        into.note(bytes);
        yield bytes;
      }
    })(),
    send: async (bytes) => {
      out.note(bytes);
      await pipe.send(bytes);
    },
    close: pipe.close,
  };
};
