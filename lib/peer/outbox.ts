/**
 * What goes out over a pipe, gathered: a mail is some small frames, and a system call for each would cost more than the
 * mail.
 *
 * @module
 */
import { encodeFrame, type Frame, frameSize, putFrame } from "../codec/store_frame.ts";

/** So much is gathered before it is sent, bytes. */
const FULL = 128 * 1024;

/** Gathers frames. Whoever is going to wait for the other end flushes first, or might wait for ever. */
export class Outbox {
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  /** What is gathered; null: nothing was since the last block was sent. */
  #block: Uint8Array | null = null;
  #size = 0;
  #sending: Promise<void> = Promise.resolve();
  /** How many blocks are being sent, or wait for that. */
  #waiting = 0;

  /** `send`: waits while the other end is slow. */
  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
  }

  /** Takes a frame, a copy of it; waits where enough of them are gathered. */
  put(frame: Frame): Promise<void> | void {
    const size = frameSize(frame);
    if (this.#size + size > FULL) {
      const sent = this.flush();
      if (size > FULL) return this.#sendBehind(encodeFrame(frame));
      this.#add(frame, size);
      return sent;
    }
    this.#add(frame, size);
  }

  #add(frame: Frame, size: number): void {
    this.#block ??= new Uint8Array(FULL);
    putFrame(this.#block, this.#size, frame);
    this.#size += size;
  }

  /**
   * Sends what is gathered, behind what is being sent; where nothing is, it is on its way when this returns: whoever has
   * much to do then does it while the other end is at work.
   */
  flush(): Promise<void> {
    if (this.#size === 0) return this.#sending;
    const bytes = this.#block!.subarray(0, this.#size);
    this.#block = null;
    this.#size = 0;
    return this.#sendBehind(bytes);
  }

  #sendBehind(bytes: Uint8Array): Promise<void> {
    const sent = this.#waiting++ === 0
      ? this.#send(bytes)
      : this.#sending.then(() => this.#send(bytes));
    this.#sending = sent;
    // Whoever flushes is told of a failure; so is each that comes later, as none is counted down then.
    sent.then(() => this.#waiting--, () => {});
    return sent;
  }
}
