import assert from "node:assert/strict";
import fc from "fast-check";
import { failureOf } from "./_failure.ts";
import { nameOfBytes, pathBytes, secondPathBytes } from "./path_bytes.ts";

const bytesOf = (path: string): number[] => {
  const bytes = pathBytes(path);
  return [...bytes.subarray(0, bytes.indexOf(0))];
};

Deno.test("pathBytes: refuses what no file can be called", () => {
  const rows = {
    "empty": "",
    "NUL": "a\0b",
    "too long": "a".repeat(4096),
    "too long in bytes": "é".repeat(2048),
    "too long with an escape": "\udcff" + "é".repeat(2048),
  };
  for (const [name, path] of Object.entries(rows)) {
    assert.equal(failureOf(() => pathBytes(path))._tag, "Unfit", name);
  }
});

Deno.test("pathBytes: takes the longest path there can be", () => {
  assert.equal(bytesOf("é".repeat(2047) + "a").length, 4095);
});

Deno.test("pathBytes: the second path does not overwrite the first", () => {
  const first = pathBytes("first");
  secondPathBytes("other");
  assert.equal(new TextDecoder().decode(first.subarray(0, 5)), "first");
});

Deno.test("nameOfBytes: bytes that are not UTF-8 become lone surrogates, the rest stays readable", () => {
  const latin = [0x63, 0x61, 0x66, 0xe9];
  assert.equal(nameOfBytes(new Uint8Array(latin)), "caf\udce9");
  assert.deepEqual(bytesOf("caf\udce9"), latin);
  assert.equal(nameOfBytes(new TextEncoder().encode("\ufeffé😀")), "\ufeffé😀");
});

Deno.test("nameOfBytes, pathBytes: any name comes back byte for byte", () => {
  const anyByte = fc.integer({ min: 1, max: 255 });
  const utf8 = fc.string({ unit: "binary", minLength: 1, maxLength: 8 })
    .map((text) => [...new TextEncoder().encode(text)].filter((byte) => byte !== 0));
  const name = fc.array(fc.oneof(anyByte.map((byte) => [byte]), utf8), {
    minLength: 1,
    maxLength: 40,
  })
    .map((parts) => parts.flat())
    .filter((bytes) => bytes.length > 0);
  fc.assert(fc.property(name, (bytes) => {
    assert.deepEqual(bytesOf(nameOfBytes(new Uint8Array(bytes))), bytes);
  }));
});
