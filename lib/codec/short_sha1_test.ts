import assert from "node:assert/strict";
import { sha1 } from "@noble/hashes/legacy.js";
import fc from "fast-check";
import { MAX_SHORT, shortSha1 } from "./short_sha1.ts";

const hex = (words: Int32Array): string =>
  [...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

const ascii = fc.string({
  unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
  maxLength: MAX_SHORT,
});

Deno.test("shortSha1 is SHA-1", () => {
  assert.equal(hex(shortSha1("abc")!), "a9993e364706816aba3e25717850c26c9cd0d89d");
  fc.assert(
    fc.property(ascii, (text) => {
      const bytes = sha1(new TextEncoder().encode(text));
      assert.equal(
        hex(shortSha1(text)!),
        [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(""),
      );
    }),
    { numRuns: 1000 },
  );
});

Deno.test("shortSha1 leaves long text, and what is not ASCII, to others", () => {
  assert.equal(shortSha1("x".repeat(MAX_SHORT + 1)), null);
  assert.notEqual(shortSha1("x".repeat(MAX_SHORT)), null);
  assert.equal(shortSha1("ä"), null);
});
