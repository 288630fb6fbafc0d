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

/** What a frame is. */
export type FrameKind =
  /** Opens a channel: a call, as JSON. */
  | "Call"
  /** An item of a stream, as JSON. */
  | "Item"
  /** Some bytes of a mail that an item before told of. */
  | "Bytes"
  /** The mail ends here. */
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
  | "Credit";

const KINDS: readonly FrameKind[] = [
  ...["Call", "Item", "Bytes", "BodyEnd", "End", "Result", "Failure", "Cancel", "Credit"] as const,
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

const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
};

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

/** Takes frames out of chunks of any cut. Holds at most one frame and what was fed behind it. */
export class FrameDecoder {
  #rest: Uint8Array = new Uint8Array(0);
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #offset = 0;

  /** Adds a chunk. */
  feed(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
  }

  #have(bytes: number): boolean {
    if (this.#rest.length >= bytes) return true;
    if (this.#rest.length + this.#waiting < bytes) return false;
    this.#rest = joinBytes([this.#rest, ...this.#chunks]);
    this.#chunks = [];
    this.#waiting = 0;
    return true;
  }

  /** The next frame; null: more bytes are needed. `Damaged` where it is none, or too large; that is final. */
  next(): Either<SyncError, Frame | null> {
    if (!this.#have(HEADER)) return E.right(null);
    const view = new DataView(this.#rest.buffer, this.#rest.byteOffset);
    const length = view.getUint32(0, true);
    if (length < HEADER - 4 || length > MAX_CONTENT + HEADER) {
      return damaged(this.#offset, `a frame of ${length} bytes`);
    }
    const kind = KINDS[this.#rest[4]!];
    if (kind === undefined) return damaged(this.#offset, `a frame of kind ${this.#rest[4]}`);
    if (!this.#have(4 + length)) return E.right(null);
    const channel = new DataView(this.#rest.buffer, this.#rest.byteOffset).getUint32(5, true);
    const content = this.#rest.subarray(HEADER, 4 + length);
    this.#rest = this.#rest.subarray(4 + length);
    this.#offset += 4 + length;
    return E.right({ kind, channel, content });
  }

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#rest.length + this.#waiting === 0;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A value as JSON; MODSEQs are digits in a string. */
export const jsonBytes = (value: unknown): Uint8Array =>
  encoder.encode(
    JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "null",
  );

/** JSON as a value; undefined where it is none. */
export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
};
