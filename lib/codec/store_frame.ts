/**
 * Frames of the protocol by which a store is used over a pipe: what is said on many channels at once, in one stream of
 * bytes.
 *
 * A frame is its length (u32, little endian, of all that follows), its kind (u8), its channel (u32), and its content.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { joinBytes } from "./byte_pieces.ts";
import { putU32, u32 } from "./little_endian.ts";
import type { Json } from "./store_json.ts";

/** What a frame is. */
export type FrameKind =
  /** Opens a channel: a call, as JSON. */
  | "Call"
  /** An item of a stream, as JSON. */
  | "Item"
  /** All bytes of a mail that an item before told of. */
  | "Body"
  /** Some bytes of one. */
  | "Bytes"
  /** What came in pieces ends here. */
  | "BodyEnd"
  /** The sender's stream on this channel ends. */
  | "End"
  /** The call is done: its result, as JSON. */
  | "Result"
  /** The call failed: its error, as JSON. */
  | "Failure"
  /** The receiver wants no more of this channel. */
  | "Cancel"
  /** The receiver has used up so many bytes of this channel (u32): as many more may come. */
  | "Credit"
  /** What came in pieces is of no use, as the sender cannot read the rest of it: the error, as JSON. */
  | "BodyFailure";

const KINDS: readonly FrameKind[] = [
  ...[
    "Call",
    "Item",
    "Body",
    "Bytes",
    "BodyEnd",
    "End",
    "Result",
    "Failure",
    "Cancel",
    "Credit",
    "BodyFailure",
  ] as const,
];

/** One frame. */
export interface Frame {
  /** What it is. */
  readonly kind: FrameKind;
  /** Its channel, from 1. */
  readonly channel: number;
  /** Its content; shares memory with what was fed. */
  readonly content: Uint8Array;
}

const HEADER = 9;

/** The most bytes that the content of a frame may have: room for a tree of some hundred thousand names. */
export const MAX_CONTENT = 64 * 1024 * 1024;

/** How many bytes a frame takes. */
export const frameSize = ({ content }: Frame): number => HEADER + content.length;

/** Writes a frame to `bytes[at]`, where there is room for it. */
export const putFrame = (
  bytes: Uint8Array,
  at: number,
  { kind, channel, content }: Frame,
): void => {
  putU32(bytes, at, HEADER - 4 + content.length);
  bytes[at + 4] = KINDS.indexOf(kind);
  putU32(bytes, at + 5, channel);
  bytes.set(content, at + HEADER);
};

/** The bytes of a frame. */
export const encodeFrame = (frame: Frame): Uint8Array => {
  const bytes = new Uint8Array(frameSize(frame));
  putFrame(bytes, 0, frame);
  return bytes;
};

const damaged = (offset: number, what: string): Either<SyncError, never> =>
  E.left(syncError("Damaged", "run", { offset }, what));

const NOTHING = new Uint8Array(0);

/** Takes frames out of chunks of any cut. Holds at most one frame and what was fed behind it. */
export class FrameDecoder {
  /** What is looked at, from `#at` on: as a rule a chunk as it came. */
  #part: Uint8Array = NOTHING;
  #at = 0;
  /** The chunks behind it. */
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #offset = 0;

  /** Adds a chunk. */
  feed(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
  }

  /** Whether there are so many bytes; they are in one part then. */
  #have(bytes: number): boolean {
    const here = this.#part.length - this.#at;
    return here >= bytes || (here + this.#waiting >= bytes && this.#bringTogether(bytes));
  }

  /** Only what lies across the end of a chunk is copied. */
  #bringTogether(bytes: number): true {
    const pieces = this.#at === this.#part.length ? [] : [this.#part.subarray(this.#at)];
    let missing = bytes - (this.#part.length - this.#at);
    let used = 0;
    while (missing > 0) {
      const chunk = this.#chunks[used]!;
      const isCut = pieces.length > 0 && chunk.length > missing;
      const piece = isCut ? chunk.subarray(0, missing) : chunk;
      if (isCut) this.#chunks[used] = chunk.subarray(missing);
      else used++;
      pieces.push(piece);
      this.#waiting -= piece.length;
      missing -= piece.length;
    }
    this.#chunks.splice(0, used);
    this.#part = joinBytes(pieces);
    this.#at = 0;
    return true;
  }

  /** The next frame; null: more bytes are needed. `Damaged` where it is none, or too large; that is final. */
  next(): Either<SyncError, Frame | null> {
    if (!this.#have(HEADER)) return E.right(null);
    const length = u32(this.#part, this.#at);
    if (length < HEADER - 4 || length > MAX_CONTENT + HEADER) {
      return damaged(this.#offset, `a frame of ${length} bytes`);
    }
    const code = this.#part[this.#at + 4]!;
    const kind = KINDS[code];
    if (kind === undefined) return damaged(this.#offset, `a frame of kind ${code}`);
    const size = 4 + length;
    if (!this.#have(size)) return E.right(null);
    const [part, at] = [this.#part, this.#at];
    this.#at += size;
    this.#offset += size;
    const content = size === HEADER ? NOTHING : part.subarray(at + HEADER, at + size);
    return E.right({ kind, channel: u32(part, at + 5), content });
  }

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#at === this.#part.length && this.#waiting === 0;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A value as JSON; MODSEQs are digits in a string. */
export const jsonBytes = (value: unknown): Uint8Array =>
  encoder.encode(
    JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "null",
  );

/** The same of what is JSON already. */
export const plainBytes = (value: Json): Uint8Array => encoder.encode(JSON.stringify(value));

/** JSON as a value; undefined where it is none. */
export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
};
