import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type SyncError, syncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { failureOf } from "./_failure.ts";
import { decompress } from "./decompress.ts";

const PLAIN = new Uint8Array(3_000_000).map((_, i) => i % 251 ^ i >> 16);
const PACKED = { gzip: gzipSync(PLAIN), zstd: zstdCompressSync(PLAIN) } as const;
const NAMES = ["gzip", "zstd"] as const;

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

const collect = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
};

const errorOf = async (pieces: AsyncIterable<Uint8Array>): Promise<SyncError> => {
  try {
    await collect(pieces);
  } catch (thrown) {
    assert.ok(thrown instanceof StreamFailure);
    return thrown.error;
  }
  throw new Error("the stream did not fail");
};

for (const name of NAMES) {
  Deno.test(`decompress: ${name}, at once, up to a limit`, () => {
    assert.ok(Buffer.from(PLAIN).equals(decompress.whole(name, PACKED[name], PLAIN.length)));
    const tooMuch = failureOf(() => decompress.whole(name, PACKED[name], PLAIN.length - 1));
    assert.deepEqual([tooMuch._tag, tooMuch.scope], ["Damaged", "message"]);
    assert.match(tooMuch.what, /more than 2999999 bytes/);
    const junk = failureOf(() => decompress.whole(name, PLAIN.subarray(0, 100), 1000));
    assert.match(junk.what, /cannot be decompressed: /);
  });

  Deno.test(`decompress: ${name}, in pieces however they are cut`, async () => {
    for (const size of [1000, 1 << 20]) {
      const plain = await collect(decompress.pieces(name, cut(PACKED[name], size)));
      assert.ok(plain.equals(PLAIN), `pieces of ${size}`);
    }
    assert.match((await errorOf(decompress.pieces(name, cut(PLAIN, 500)))).what, /decompressed: /);
  });

  Deno.test(`decompress: ${name}, what the stored pieces fail with comes out as it is`, async () => {
    const gone = syncError("Changed", "message", { path: "x" }, "it is gone");
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield* cut(PACKED[name].subarray(0, 2000), 1000);
      throw new StreamFailure(gone);
    };
    assert.equal(await errorOf(decompress.pieces(name, failing())), gone);
  });

  Deno.test(`decompress: ${name}, who stops early lets go of the stored pieces`, async () => {
    let ended = false;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* cut(PACKED[name], 100);
      } finally {
        ended = true;
      }
    };
    for await (const piece of decompress.pieces(name, watched())) {
      assert.ok(piece.length > 0);
      break;
    }
    await new Promise((go) => setTimeout(go, 20));
    assert.ok(ended);
  });
}

Deno.test("decompress: gzip that ends early is damaged", async () => {
  const half = PACKED.gzip.subarray(0, PACKED.gzip.length >> 1);
  assert.equal(failureOf(() => decompress.whole("gzip", half, PLAIN.length))._tag, "Damaged");
  assert.equal((await errorOf(decompress.pieces("gzip", cut(half, 1000))))._tag, "Damaged");
});
