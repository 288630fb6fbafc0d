/**
 * A pipe inside of this process.
 *
 * @module
 */
import { syncError } from "../model/error.ts";
import type { Pipe } from "../port/pipe.ts";
import { failStream } from "../stream/chunks.ts";
import { Fifo } from "../stream/fifo.ts";

/** How unruly a pipe is. */
export interface PipeManners {
  /** The most bytes that come in one piece. */
  readonly piece: number;
  /** What the first end sends breaks off after so many bytes; null: never. */
  readonly breakAfter: number | null;
}

const PLAIN: PipeManners = { piece: 65_536, breakAfter: null };
/** How much may be on the way. */
const CAPACITY = 256 * 1024;

/** One direction. */
class Lane {
  readonly #manners: PipeManners;
  readonly #pieces = new Fifo<Uint8Array>();
  #bytes = 0;
  #sent = 0;
  #closed = false;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(manners: PipeManners) {
    this.#manners = manners;
  }

  /** One after the other: what is sent at once does not mix. */
  send(bytes: Uint8Array): Promise<void> {
    const mine = this.#last.then(() => this.#send(bytes));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const { piece, breakAfter } = this.#manners;
    for (let at = 0; at < bytes.length; at += piece) {
      while (this.#bytes >= CAPACITY && !this.#closed) {
        await new Promise<void>((done) => this.#wakeWriter = done);
      }
      const left = breakAfter === null ? Infinity : breakAfter - this.#sent;
      // A copy: the sender may use its memory again.
      const part = bytes.slice(at, at + Math.min(piece, left));
      if (part.length > 0 && !this.#closed) this.#put(part);
      if (left < Math.min(piece, bytes.length - at)) this.close();
      if (this.#closed) failStream(syncError("Io", "run", {}, "the other end is gone"));
    }
  }

  #put(part: Uint8Array): void {
    this.#sent += part.length;
    this.#bytes += part.length;
    this.#pieces.push(part);
    this.#wakeReader?.();
  }

  /** Nothing more comes. */
  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  async *incoming(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const part = this.#pieces.shift();
        if (part !== undefined) {
          this.#bytes -= part.length;
          this.#wakeWriter?.();
          yield part;
        } else if (this.#closed) return;
        else await new Promise<void>((done) => this.#wakeReader = done);
      }
    } finally {
      this.close();
    }
  }
}

/** Both ends of a pipe. */
export const memoryPipe = (manners: Partial<PipeManners> = {}): readonly [Pipe, Pipe] => {
  const there = new Lane({ ...PLAIN, ...manners });
  const back = new Lane({ ...PLAIN, ...manners, breakAfter: null });
  const end = (out: Lane, into: Lane): Pipe => ({
    incoming: into.incoming(),
    send: (bytes) => out.send(bytes),
    close: () => {
      out.close();
      return Promise.resolve();
    },
  });
  return [end(there, back), end(back, there)];
};
