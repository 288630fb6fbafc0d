/**
 * What goes out over a pipe, gathered: a mail is some small frames, and a system call for each would cost more than the
 * mail.
 *
 * @module
 */
import { joinBytes } from "../codec/byte_pieces.ts";

/** So much is gathered before it is sent, bytes. */
const FULL = 128 * 1024;

/** Gathers bytes. Whoever is going to wait for the other end flushes first, or might wait for ever. */
export class Outbox {
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #sending: Promise<void> = Promise.resolve();

  /** `send`: waits while the other end is slow. */
  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  /** Takes bytes, which must not be changed after; waits where enough of them are gathered. */
  put(bytes: Uint8Array): Promise<void> | void {
    this.#waiting.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= FULL) return this.flush();
  }

  /** Sends what is gathered, behind what is being sent. */
  flush(): Promise<void> {
    if (this.#size === 0) return this.#sending;
    const bytes = joinBytes(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    const sent = this.#sending.then(() => this.#send(bytes));
    this.#sending = sent;
    // Whoever flushes is told of a failure; so is each that comes later.
    sent.catch(() => {});
    return sent;
  }
}
