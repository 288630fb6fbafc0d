import assert from "node:assert/strict";
import { crc32 as zlibs } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

Deno.test("crc32: the check value of the catalogue of CRCs", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

Deno.test("crc32 is zlib's", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(crc32(bytes), zlibs(bytes))));
});
