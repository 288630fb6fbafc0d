import assert from "node:assert/strict";
import { joinBytes } from "./byte_pieces.ts";

Deno.test("joinBytes: all pieces in order", () => {
  const rows: readonly (readonly [readonly number[][], readonly number[]])[] = [
    [[], []],
    [[[]], []],
    [[[1, 2]], [1, 2]],
    [[[], [1], [], [2, 3]], [1, 2, 3]],
  ];
  for (const [pieces, whole] of rows) {
    assert.deepEqual([...joinBytes(pieces.map((piece) => Uint8Array.from(piece)))], whole);
  }
});
