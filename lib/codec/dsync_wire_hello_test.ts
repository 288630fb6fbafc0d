import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { decodeAll, encodeAll, right } from "./_dsync_wire_session.ts";
import { wireAbilities } from "./dsync_wire_hello.ts";

Deno.test("wireAbilities: what came with which minor version", () => {
  const rows: readonly [number, boolean, boolean, boolean, number, boolean][] = [
    [0, false, false, false, 1, false],
    [1, true, false, false, 1, false],
    [2, true, true, false, 1, false],
    [3, true, true, true, 1, false],
    // A Dovecot 2.3.19.1 takes 3 here, too.
    [4, true, true, true, 3, false],
    [5, true, true, true, 3, false],
    [6, true, true, true, 3, true],
    [99, true, true, true, 3, true],
  ];
  for (const [minor, attributes, saveGuids, finish, headerHash, fullAttributes] of rows) {
    assert.deepEqual(
      wireAbilities(minor),
      { attributes, saveGuids, finish, headerHash, fullAttributes },
      `minor ${minor}`,
    );
  }
});

Deno.test("formatHello: extensions are a line of their own, whose letter a Dovecot does not know", () => {
  const plain = { _tag: "Hello" as const, minor: 6, extensions: [] };
  const extended = { ...plain, extensions: ["some", "other"] };
  const text = new TextDecoder().decode(right(encodeAll([extended]), "encode"));
  const lines = text.split("\n");
  assert.equal(lines[0], "VERSION\tdsync\t3\t6");
  assert.deepEqual(lines.slice(-3), ["+some\tother", ".", ""]);
  assert.equal(
    text.replace("+some\tother\n", ""),
    new TextDecoder().decode(right(encodeAll([plain]), "encode")),
  );
  assert.deepEqual(right(decodeAll([new TextEncoder().encode(text)]), "decode"), [extended]);
});

Deno.test("HelloLines: a peer of a higher minor version is heard, names of extensions are checked", () => {
  const hello = { _tag: "Hello" as const, minor: 7, extensions: ["a"] };
  const text = new TextDecoder().decode(right(encodeAll([hello]), "encode"));
  const odd = text.replace("+a", "+a\t\tb\x01nc\td");
  assert.deepEqual(
    decodeAll([new TextEncoder().encode(odd)]),
    E.right([
      { ...hello, extensions: ["a", "d"] },
    ]),
  );
});
