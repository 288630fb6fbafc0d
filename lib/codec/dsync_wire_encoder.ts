/**
 * Writes what a side of the dsync protocol says.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { bytesOfText } from "./byte_text.ts";
import { BODY_TERMINATOR, stuffDots } from "./dsync_wire_body.ts";
import { formatHello } from "./dsync_wire_hello.ts";
import { hasBody, type WireItem } from "./dsync_wire_item.ts";
import { formatRecord, letterOf } from "./dsync_wire_record.ts";

/** Where a body stands: its last byte so far; null at its start. */
interface OpenBody {
  readonly last: number | null;
}

/** Encodes one direction of a session. It holds nothing but the last byte of an open body. */
export class WireEncoder {
  #body: OpenBody | null = null;

  /**
   * The bytes of one item; those of a piece of a body may be the given ones. A refused item leaves the encoder as it
   * was. `Unfit`: a value cannot be said on the wire, with item and key; `Usage`: a body's piece without a body, or
   * another item in one.
   */
  encode(item: WireItem): Either<SyncError, Uint8Array> {
    const ofBody = item._tag === "BodyPiece" || item._tag === "BodyEnd";
    if (ofBody !== (this.#body !== null)) {
      const what = ofBody ? `${item._tag} outside of a body` : `${item._tag} inside of a body`;
      return E.left(syncError("Usage", "run", {}, what));
    }
    if (item._tag === "BodyPiece") return E.right(this.#piece(item.bytes));
    if (item._tag === "BodyEnd") {
      this.#body = null;
      return E.right(BODY_TERMINATOR.slice());
    }
    const line = formatLine(item);
    if (E.isLeft(line)) return E.left(syncError("Unfit", "run", {}, line.left));
    if (hasBody(item)) this.#body = { last: null };
    return E.right(bytesOfText(line.right));
  }

  #piece(bytes: Uint8Array): Uint8Array {
    const before = this.#body?.last ?? null;
    this.#body = { last: bytes[bytes.length - 1] ?? before };
    return stuffDots(bytes, before);
  }
}

const formatLine = (
  item: Exclude<WireItem, { _tag: "BodyPiece" | "BodyEnd" }>,
): Either<string, string> => {
  switch (item._tag) {
    case "Hello":
      return formatHello(item);
    case "EndOfList":
      return E.right(".\n");
    case "Done":
      return E.right("X\n");
    default: {
      const text = formatRecord(item);
      return E.isLeft(text) ? text : E.right(`${letterOf(item)}${text.right}\n`);
    }
  }
};
