import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, isTextOfBytes, textOfBytes } from "./byte_text.ts";

Deno.test("textOfBytes keeps bytes that are no UTF-8 apart", () => {
  const rows: readonly [string, number[], string][] = [
    ["lone byte", [0x61, 0xff, 0x62], "a\udcffb"],
    ["cut sequence", [0xe2, 0x82], "\udce2\udc82"],
    ["overlong", [0xc0, 0xaf], "\udcc0\udcaf"],
    ["surrogate", [0xed, 0xa0, 0x80], "\udced\udca0\udc80"],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80], "\udcf4\udc90\udc80\udc80"],
    ["valid", [0xf0, 0x9f, 0x98, 0x80, 0xff], "😀\udcff"],
  ];
  for (const [name, bytes, text] of rows) {
    assert.equal(textOfBytes(new Uint8Array(bytes)), text, name);
  }
});

Deno.test("isTextOfBytes refuses text that stands for no bytes, or for those of another text", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["half a pair", "a\ud83d"],
    ["a surrogate that is no byte", "\udc41"],
    ["valid UTF-8 as single bytes", "\udcc3\udca9"],
  ];
  for (const [name, text] of rows) assert.ok(!isTextOfBytes(text), name);
  assert.ok(isTextOfBytes("caf\udce9 \u{1f600}"));
});

Deno.test("bytesOfText undoes textOfBytes, whatever the bytes", () => {
  const nearly = fc.array(fc.constantFrom(0x61, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xff));
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), nearly), (input) => {
    const bytes = new Uint8Array(input);
    assert.deepEqual(new Uint8Array(bytesOfText(textOfBytes(bytes))), bytes);
    assert.ok(isTextOfBytes(textOfBytes(bytes)));
  }));
});
