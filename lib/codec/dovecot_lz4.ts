/**
 * Mails that Dovecot has compressed with LZ4: a header, then chunks, each an LZ4 block of its own.
 *
 * ```
 * "Dovecot-LZ4" 0d 2a 9b c5    15 bytes
 * 00 01 00 00                  the most bytes that a chunk has plain, big endian; 64 KiB at most
 * 00 00 00 38  <0x38 bytes>    a chunk: its bytes, big endian, and the block
 * ...
 * ```
 *
 * Source: Dovecot, src/lib-compression/iostream-lz4.h and istream-lz4.c; the block: lz4_Block_format.md of LZ4.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

const HEADER_SIZE = 19;
const MAX_PLAIN_OFFSET = 15;
const CHUNK_HEADER_SIZE = 4;
/** No chunk is larger, plain or compressed. */
const MAX_CHUNK = 64 * 1024;
/** A match has so many bytes at least. */
const MIN_MATCH = 4;
/** A length of four bits that goes on in the bytes behind it. */
const LONG = 15;

const damaged = (at: number, what: string): E.Either<SyncError, never> =>
  E.left(syncError("Damaged", "message", {}, `${what} at byte ${at} of the compressed mail`));

/** Reads a block into `plain`; gives how many bytes it has, or -1 where it is no block, or does not fit. */
const decodeBlock = (block: Uint8Array, plain: Uint8Array): number => {
  let at = 0;
  let to = 0;
  while (at < block.length) {
    const token = block[at++]!;
    let literals = token >> 4;
    if (literals === LONG) {
      let more;
      do {
        if (at === block.length) return -1;
        literals += more = block[at++]!;
      } while (more === 0xff);
    }
    if (at + literals > block.length || to + literals > plain.length) return -1;
    plain.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    // The last sequence has no match.
    if (at === block.length) return to;
    if (at + 2 > block.length) return -1;
    const distance = block[at]! | block[at + 1]! << 8;
    at += 2;
    let match = token & 0x0f;
    if (match === LONG) {
      let more;
      do {
        if (at === block.length) return -1;
        match += more = block[at++]!;
      } while (more === 0xff);
    }
    match += MIN_MATCH;
    if (distance === 0 || distance > to || to + match > plain.length) return -1;
    // Byte by byte: a match may reach into what it writes.
    for (const end = to + match; to < end; to++) plain[to] = plain[to - distance]!;
  }
  return -1;
};

/** Makes the pieces of one mail plain, in their order. Any cut of its bytes is fine. */
export class Lz4Decoder {
  readonly #limit: number;
  /** Bytes that are not yet a whole header or chunk. */
  #rest = new Uint8Array(0);
  /** Where these begin in the stored mail. */
  #at = 0;
  /** Room for the most plain bytes that a chunk has; empty while the header has not come. */
  #room = new Uint8Array(0);
  #plainBytes = 0;

  /** For a mail that has at most `limit` bytes plain. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The plain bytes of all chunks that are complete with this piece. Memory: what is given, what comes of it, never
   * above the limit, and 128 KiB. `Damaged` where these bytes are not what Dovecot writes, or are more than the
   * limit; nothing more can be taken then.
   */
  take(piece: Uint8Array): E.Either<SyncError, readonly Uint8Array[]> {
    const bytes = new Uint8Array(this.#rest.length + piece.length);
    bytes.set(this.#rest);
    bytes.set(piece, this.#rest.length);
    const view = new DataView(bytes.buffer);
    const chunks: Uint8Array[] = [];
    let at = 0;
    if (this.#room.length === 0 && bytes.length >= HEADER_SIZE) {
      const most = view.getUint32(MAX_PLAIN_OFFSET);
      if (most === 0 || most > MAX_CHUNK) {
        return damaged(MAX_PLAIN_OFFSET, `LZ4 chunks of ${most} bytes`);
      }
      this.#room = new Uint8Array(most);
      at = HEADER_SIZE;
    }
    while (this.#room.length > 0 && at + CHUNK_HEADER_SIZE <= bytes.length) {
      const size = view.getUint32(at);
      if (size === 0 || size > MAX_CHUNK) {
        return damaged(this.#at + at, `an LZ4 chunk of ${size} bytes`);
      }
      const from = at + CHUNK_HEADER_SIZE;
      if (from + size > bytes.length) break;
      const length = decodeBlock(bytes.subarray(from, from + size), this.#room);
      if (length <= 0) return damaged(this.#at + from, "an LZ4 chunk that cannot be decompressed");
      this.#plainBytes += length;
      if (this.#plainBytes > this.#limit) {
        return damaged(this.#at + from, `more than ${this.#limit} bytes when decompressed`);
      }
      chunks.push(this.#room.slice(0, length));
      at = from + size;
    }
    this.#rest = bytes.slice(at);
    this.#at += at;
    return E.right(chunks);
  }

  /** That the mail ends here: `Damaged` where something is missing. */
  end(): E.Either<SyncError, void> {
    return this.#rest.length === 0 && this.#room.length > 0
      ? E.right(undefined)
      : damaged(this.#at + this.#rest.length, "the LZ4 chunks end early");
  }
}
