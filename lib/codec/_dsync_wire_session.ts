/**
 * Whole sessions through the wire codec, for its tests.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { joinBytes } from "./byte_pieces.ts";
import { WireDecoder } from "./dsync_wire_decoder.ts";
import { WireEncoder } from "./dsync_wire_encoder.ts";
import type { WireItem } from "./dsync_wire_item.ts";

/** What went right; fails the test with the error otherwise. */
export const right = <A>(either: Either<SyncError, A>, title: string): A => {
  if (E.isLeft(either)) {
    throw new Error(`${title}: ${either.left.what} at ${either.left.where.offset}`);
  }
  return either.right;
};

/** The items of a stream that may end where it ends. */
export const decodeAll = (
  chunks: readonly Uint8Array[],
  decoder: WireDecoder = new WireDecoder(),
): Either<SyncError, readonly WireItem[]> => {
  const items: WireItem[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (;;) {
      const item = decoder.next();
      if (E.isLeft(item)) return item;
      if (item.right === null) break;
      items.push(item.right);
    }
  }
  const end = decoder.end();
  return E.isLeft(end) ? end : E.right(items);
};

/** The bytes of items. */
export const encodeAll = (items: readonly WireItem[]): Either<SyncError, Uint8Array> => {
  const encoder = new WireEncoder();
  const pieces: Uint8Array[] = [];
  for (const item of items) {
    const bytes = encoder.encode(item);
    if (E.isLeft(bytes)) return bytes;
    pieces.push(bytes.right);
  }
  return E.right(joinBytes(pieces));
};

/** Items with neighbouring pieces of a body joined: what does not depend on how chunks were cut. */
export const withWholeBodies = (items: readonly WireItem[]): readonly WireItem[] => {
  const whole: WireItem[] = [];
  let pieces: Uint8Array[] = [];
  for (const item of items) {
    if (item._tag === "BodyPiece") {
      pieces.push(item.bytes);
      continue;
    }
    if (pieces.length > 0) whole.push({ _tag: "BodyPiece", bytes: joinBytes(pieces) });
    pieces = [];
    whole.push(item);
  }
  return whole;
};
