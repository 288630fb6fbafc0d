/**
 * Reads what a peer of the dsync protocol says, from chunks of any cut. Whether an item may come where it comes is for
 * the one who asks for it; here is only what it says.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { textOfBytes } from "./byte_text.ts";
import { scanBody } from "./dsync_wire_body.ts";
import { HelloLines, parseVersion } from "./dsync_wire_hello.ts";
import { ByteInput, TOO_LONG } from "./dsync_wire_input.ts";
import {
  BODY_END,
  DONE,
  END_OF_LIST,
  hasBody,
  type WireItem,
  type WireRecord,
} from "./dsync_wire_item.ts";
import { type Layouts, parseRecord, shownValue } from "./dsync_wire_record.ts";
import { CACHE_FIELD } from "./dsync_wire_table.ts";

/** The bytes that a line may have if nothing else is said: room for an attribute's value of some megabytes. */
export const MAX_LINE = 16 * 1024 * 1024;
/** The bytes of a line before the first item. */
const MAX_HELLO_LINE = 65536;

/** What a decoder is doing. */
type Phase =
  | { readonly _tag: "Version" }
  | { readonly _tag: "Hello"; readonly lines: HelloLines }
  | { readonly _tag: "Items" }
  | { readonly _tag: "Body"; readonly atStart: boolean; readonly ended: boolean }
  | { readonly _tag: "Done" }
  | { readonly _tag: "Failed"; readonly error: SyncError };

/** Nothing is said yet: more bytes are needed. */
const MORE: Either<never, null> = E.right(null);

/**
 * Decodes one direction of a session: {@linkcode WireDecoder.feed} it, then take items until there are none. It holds no
 * more than what was fed and not taken, and one line; bodies go through in pieces no larger than the chunks.
 */
export class WireDecoder {
  readonly #input = new ByteInput();
  readonly #maxLine: number;
  #phase: Phase = { _tag: "Version" };
  #layouts: Layouts = new Map();

  /** A decoder for a peer that has said nothing yet. A line of more than `maxLine` bytes is refused. */
  constructor(maxLine: number = MAX_LINE) {
    this.#maxLine = maxLine;
  }

  /** Adds a chunk; it is not copied, and pieces of bodies lie in its memory. What comes behind `X` is dropped. */
  feed(chunk: Uint8Array): void {
    if (this.#phase._tag !== "Done" && this.#phase._tag !== "Failed") this.#input.feed(chunk);
  }

  /**
   * The next item; null: more bytes are needed, or the peer is done. An error is final. `Unsupported`: the peer speaks
   * another protocol; `Damaged`: a line is malformed or too long, with its byte offset from the start of the stream.
   */
  next(): Either<SyncError, WireItem | null> {
    for (;;) {
      const phase = this.#phase;
      if (phase._tag === "Failed") return E.left(phase.error);
      if (phase._tag === "Done") return MORE;
      if (phase._tag === "Body") return this.#nextOfBody(phase.atStart, phase.ended);
      const start = this.#input.offset;
      const line = this.#input.takeLine(this.#lineLimit(phase));
      if (line === null) return MORE;
      if (line === TOO_LONG) {
        return this.#fail(start, `a line has more than ${this.#lineLimit(phase)} bytes`);
      }
      const item = this.#itemOf(phase, textOfBytes(line), start);
      if (E.isLeft(item) || item.right !== null) return item;
    }
  }

  /**
   * The bytes that came behind the last item, for whoever goes on without items. Only right after
   * {@linkcode WireDecoder.next} gave an item: a line that has begun to come would be lost.
   */
  rest(): readonly Uint8Array[] {
    return this.#input.drain();
  }

  /**
   * Whether the stream may end here, once {@linkcode WireDecoder.next} has given null. `Damaged`: inside an item, or
   * before the first one.
   */
  end(): Either<SyncError, void> {
    const phase = this.#phase;
    switch (phase._tag) {
      case "Failed":
        return E.left(phase.error);
      case "Done":
        return E.right(undefined);
      case "Version":
      case "Hello":
        return this.#fail(this.#input.offset, "the peer's hello is cut off");
      case "Body":
        return this.#fail(this.#input.offset, "a body is cut off");
      case "Items":
        return this.#input.pending
          ? this.#fail(this.#input.offset, "a line is cut off")
          : E.right(undefined);
    }
  }

  #lineLimit(phase: Phase): number {
    return phase._tag === "Items" ? this.#maxLine : Math.min(this.#maxLine, MAX_HELLO_LINE);
  }

  #fail(
    offset: number,
    what: string,
    tag: "Damaged" | "Unsupported" = "Damaged",
  ): Either<SyncError, never> {
    const error = syncError(tag, "run", { offset }, what);
    this.#phase = { _tag: "Failed", error };
    return E.left(error);
  }

  #itemOf(phase: Phase, line: string, start: number): Either<SyncError, WireItem | null> {
    if (phase._tag === "Version") {
      const minor = parseVersion(line);
      if (E.isLeft(minor)) return this.#fail(start, minor.left, "Unsupported");
      this.#phase = { _tag: "Hello", lines: new HelloLines(minor.right) };
      return MORE;
    }
    if (phase._tag === "Hello") {
      const declared = phase.lines.add(line);
      if (E.isLeft(declared)) return this.#fail(start, declared.left);
      if (declared.right === null) return MORE;
      this.#layouts = declared.right.layouts;
      this.#phase = { _tag: "Items" };
      return E.right(declared.right.hello);
    }
    return this.#record(line, start);
  }

  #record(line: string, start: number): Either<SyncError, WireItem> {
    if (line === ".") return E.right(END_OF_LIST);
    const letter = line.slice(0, 1);
    if (letter === "X") {
      this.#phase = { _tag: "Done" };
      return E.right(DONE);
    }
    const layout = letter === CACHE_FIELD.letter ? undefined : this.#layouts.get(letter);
    if (layout === undefined) return this.#fail(start, `${shownValue(line)} is no item`);
    const record = parseRecord(layout, line.slice(1), this.#layouts);
    if (E.isLeft(record)) return this.#fail(start, record.left);
    // Only the letter that was just refused gives a cache record.
    const item = record.right as WireRecord;
    if (hasBody(item)) this.#phase = { _tag: "Body", atStart: true, ended: false };
    return E.right(item);
  }

  #nextOfBody(atStart: boolean, ended: boolean): Either<SyncError, WireItem | null> {
    if (ended) {
      this.#phase = { _tag: "Items" };
      return E.right(BODY_END);
    }
    let scan = scanBody(this.#input.window(), atStart);
    while (scan.used === 0) {
      if (!this.#input.grow()) return MORE;
      scan = scanBody(this.#input.window(), atStart);
    }
    this.#input.take(scan.used);
    this.#phase = { _tag: "Body", atStart: false, ended: scan.ended };
    return scan.bytes.length > 0
      ? E.right({ _tag: "BodyPiece", bytes: scan.bytes })
      : this.#nextOfBody(false, scan.ended);
  }
}
