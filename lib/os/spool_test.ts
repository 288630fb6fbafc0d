import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openFilesBelow } from "./_open_files.ts";
import { withDirectory } from "./_other_process.ts";
import { makeSpool } from "./spool.ts";

const read = async (pieces: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return { parts: parts.length, bytes: Buffer.concat(parts) };
};

const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);

Deno.test("makeSpool: pieces are read back whole, in any order and more than once", async () => {
  const spool = makeSpool();
  try {
    const pieces = [0, 1, 300_000, 700_001].map((length, i) => pattern(length, i));
    const places = pieces.map((piece) => spool.append(piece));
    assert.deepEqual(places.map(({ at, size }) => [at, size]), [
      [0, 0],
      [0, 1],
      [1, 300_000],
      [300_001, 700_001],
    ]);
    for (const i of [3, 0, 2, 1, 3]) {
      const { parts, bytes } = await read(spool.read(places[i]!));
      assert.ok(bytes.equals(pieces[i]!), `piece ${i}`);
      assert.equal(parts, Math.ceil(pieces[i]!.length / (256 * 1024)), "parts of 256 KiB at most");
    }
  } finally {
    spool.close();
    spool.close();
  }
});

Deno.test("makeSpool: its file has no name, and what is beyond its end is an error", () =>
  withDirectory(async (directory) => {
    const spool = makeSpool(directory);
    try {
      spool.append(pattern(10, 1));
      const open = openFilesBelow(directory);
      assert.ok(open.length === 1 && open[0]!.endsWith(" (deleted)"), open.join());
      await assert.rejects(
        read(spool.read({ at: 5, size: 6 })),
        ({ error }) => /has become shorter/.test(error.what),
      );
    } finally {
      spool.close();
    }
    assert.deepEqual(openFilesBelow(directory), []);
  }));
