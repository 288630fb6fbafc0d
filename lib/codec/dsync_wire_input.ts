/**
 * Bytes that come in chunks of any cut, taken as lines or as they are.
 *
 * @module
 */
import { joinBytes } from "./byte_pieces.ts";

const LF = 0x0a;
const CR = 0x0d;

const NOTHING: Uint8Array = new Uint8Array(0);
/** What a line over several chunks is first given room for, and the most that is kept for the next one. */
const FIRST_ROOM = 256;
const KEPT_ROOM = 65536;

/** A line that has more bytes than it may. */
export const TOO_LONG = "too long";

/** Holds at most the chunks that were fed and not taken, and one line up to its limit. */
export class ByteInput {
  #waiting: Uint8Array[] = [];
  #waitingAt = 0;
  #chunk = NOTHING;
  #at = 0;
  #room = NOTHING;
  #roomUsed = 0;
  #offset = 0;

  /** How many bytes have been taken since the start. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether bytes have come in that were not taken. */
  get pending(): boolean {
    return this.#roomUsed > 0 || this.#at < this.#chunk.length ||
      this.#waitingAt < this.#waiting.length;
  }

  /** Adds a chunk; it is not copied and must not change while its bytes are in use. */
  feed(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#waiting.push(chunk);
  }

  /**
   * The next line without its LF or CR LF, valid until the next call; null: its end has not come in;
   * {@linkcode TOO_LONG}: it has more than `limit` bytes.
   */
  takeLine(limit: number): Uint8Array | null | typeof TOO_LONG {
    for (;;) {
      const end = this.#chunk.indexOf(LF, this.#at);
      const upTo = end < 0 ? this.#chunk.length : end;
      if (this.#roomUsed + upTo - this.#at > limit) return TOO_LONG;
      if (end >= 0) {
        const line = this.#lineUpTo(end);
        this.#offset += line.length + 1;
        this.#at = end + 1;
        return line[line.length - 1] === CR ? line.subarray(0, -1) : line;
      }
      this.#keep(upTo);
      this.#at = upTo;
      if (!this.#next()) return null;
    }
  }

  /** What has come in and not been taken, as far as it lies in one chunk. No line may be half taken. */
  window(): Uint8Array {
    if (this.#at === this.#chunk.length) this.#next();
    return this.#chunk.subarray(this.#at);
  }

  /** Takes `count` bytes of the {@linkcode window}. */
  take(count: number): void {
    this.#at += count;
    this.#offset += count;
  }

  /** Makes the window longer by the next chunk; false: there is none. Copies both. */
  grow(): boolean {
    const chunk = this.#shift();
    if (chunk === undefined) return false;
    this.#chunk = joinBytes([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
    return true;
  }

  /** All that has come in and was not taken, which is none of its business any more. No line may be half taken. */
  drain(): readonly Uint8Array[] {
    const rest = [this.#chunk.subarray(this.#at), ...this.#waiting.slice(this.#waitingAt)];
    this.#waiting = [];
    this.#waitingAt = 0;
    this.#chunk = NOTHING;
    this.#at = 0;
    return rest.filter(({ length }) => length > 0);
  }

  /** Takes the oldest chunk that waits; constant time over all, as Array.shift is not. */
  #shift(): Uint8Array | undefined {
    const chunk = this.#waiting[this.#waitingAt];
    if (chunk === undefined) return undefined;
    this.#waiting[this.#waitingAt++] = NOTHING;
    if (this.#waitingAt === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingAt = 0;
    }
    return chunk;
  }

  #next(): boolean {
    this.#chunk = this.#shift() ?? NOTHING;
    this.#at = 0;
    return this.#chunk.length > 0;
  }

  #lineUpTo(end: number): Uint8Array {
    if (this.#roomUsed === 0) return this.#chunk.subarray(this.#at, end);
    this.#keep(end);
    const line = this.#room.subarray(0, this.#roomUsed);
    this.#roomUsed = 0;
    if (this.#room.length > KEPT_ROOM) this.#room = NOTHING;
    return line;
  }

  #keep(end: number): void {
    const part = this.#chunk.subarray(this.#at, end);
    const needed = this.#roomUsed + part.length;
    if (needed > this.#room.length) {
      const room = new Uint8Array(Math.max(FIRST_ROOM, needed, 2 * this.#roomUsed));
      room.set(this.#room.subarray(0, this.#roomUsed));
      this.#room = room;
    }
    this.#room.set(part, this.#roomUsed);
    this.#roomUsed = needed;
  }
}
