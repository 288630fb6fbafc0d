import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import fc from "fast-check";
import { encodeFrame, type Frame, FrameDecoder, jsonBytes, parseJson } from "./store_frame.ts";

const frame = fc.record({
  kind: fc.constantFrom<Frame["kind"]>("Call", "Item", "Body", "Bytes", "BodyEnd", "Credit"),
  channel: fc.integer({ min: 1, max: 0xffffffff }),
  content: fc.uint8Array({ maxLength: 40 }),
}, { noNullPrototype: true });

const frames = fc.array(frame, { maxLength: 12 });

/** All frames of the chunks, and whether the stream could end there. */
const decoded = (
  chunks: readonly Uint8Array[],
): readonly [readonly Frame[], boolean] => {
  const decoder = new FrameDecoder();
  const found: Frame[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (;;) {
      const frame = decoder.next();
      assert.ok(E.isRight(frame));
      if (frame.right === null) break;
      found.push({ ...frame.right, content: frame.right.content.slice() });
    }
  }
  return [found, decoder.isBetweenFrames];
};

const joined = (all: readonly Frame[]): Uint8Array =>
  Uint8Array.from(all.flatMap((frame) => [...encodeFrame(frame)]));

Deno.test("FrameDecoder: the frames that were encoded, however the bytes are cut", () => {
  fc.assert(fc.property(frames, fc.array(fc.nat(30)), (all, cuts) => {
    const bytes = joined(all);
    const chunks: Uint8Array[] = [];
    let at = 0;
    for (const cut of cuts) {
      chunks.push(bytes.subarray(at, at + cut));
      at = Math.min(bytes.length, at + cut);
    }
    assert.deepEqual(decoded([...chunks, bytes.subarray(at)]), [all, true]);
    // Fed before anybody asks, they are the same.
    const decoder = new FrameDecoder();
    for (const chunk of [...chunks, bytes.subarray(at)]) decoder.feed(chunk);
    for (const frame of all) assert.deepEqual(decoder.next(), E.right(frame));
    assert.deepEqual(decoder.next(), E.right(null));
  }));
});

Deno.test("FrameDecoder: within a frame no stream may end", () => {
  const bytes = joined([{ kind: "Item", channel: 1, content: jsonBytes("a") }]);
  for (let length = 1; length < bytes.length; length++) {
    assert.deepEqual(decoded([bytes.subarray(0, length)]), [[], false]);
  }
});

Deno.test("FrameDecoder: a length or a kind that no frame has is Damaged, and names its place", () => {
  const good = encodeFrame({ kind: "Item", channel: 1, content: jsonBytes(7) });
  const rows: readonly (readonly [number[], RegExp])[] = [
    [[4, 0, 0, 0, 1, 1, 0, 0, 0], /a frame of 4 bytes/],
    [[0, 0, 0, 0x80, 1, 1, 0, 0, 0], /a frame of 2147483648 bytes/],
    [[5, 0, 0, 0, 99, 1, 0, 0, 0], /a frame of kind 99/],
  ];
  for (const [bad, what] of rows) {
    const decoder = new FrameDecoder();
    decoder.feed(Uint8Array.from([...good, ...bad]));
    assert.ok(E.isRight(decoder.next()));
    const error = decoder.next();
    assert.ok(E.isLeft(error));
    assert.deepEqual([error.left._tag, error.left.where.offset], ["Damaged", good.length]);
    assert.match(error.left.what, what);
  }
});

Deno.test("jsonBytes, parseJson: a MODSEQ is digits, and what is no JSON is undefined", () => {
  assert.deepEqual(parseJson(jsonBytes({ modSeq: 2n ** 60n, a: [null] })), {
    modSeq: "1152921504606846976",
    a: [null],
  });
  assert.equal(parseJson(Uint8Array.of(0x7b)), undefined);
  assert.equal(parseJson(Uint8Array.of(0x22, 0xff, 0x22)), undefined);
});
