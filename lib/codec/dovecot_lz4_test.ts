import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { joinBytes } from "./byte_pieces.ts";
import { Lz4Decoder } from "./dovecot_lz4.ts";

/** The golden mail: see the README beside it. */
const GOLDEN = Deno.readFileSync(
  new URL("../../tests/golden/compressed/mail.lz4", import.meta.url),
);
const GOLDEN_SIZE = 100_800;
const GOLDEN_SHA256 = "2cb514d4e69ebf1e56ca97e9386ceabd730d08e3dbc920ade0c0e5c0cc4dc3f2";

const text = (from: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(from);
const u32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => value >>> shift & 0xff);
const header = (most = 65_536): number[] => [
  ...text("Dovecot-LZ4\x0d\x2a"),
  0x9b,
  0xc5,
  ...u32(most),
];
const chunk = (block: readonly number[]): number[] => [...u32(block.length), ...block];
const stored = (...blocks: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...header(), ...blocks.flatMap(chunk)]);

/** Decodes a mail that is cut at these places. */
const decode = (
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  limit = 1 << 20,
): E.Either<SyncError, Uint8Array> => {
  const decoder = new Lz4Decoder(limit);
  const plain: Uint8Array[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b)];
  for (const [i, from] of places.entries()) {
    const chunks = decoder.take(bytes.subarray(from, places[i + 1] ?? bytes.length));
    if (E.isLeft(chunks)) return chunks;
    plain.push(...chunks.right);
  }
  return E.map(() => joinBytes(plain) as Uint8Array)(decoder.end());
};

Deno.test("Lz4Decoder refuses what Dovecot does not write", () => {
  const rows: readonly [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /end early at byte 0/],
    ["half a header", Uint8Array.from(header()).subarray(0, 18), /end early at byte 18/],
    ["chunks of no bytes", Uint8Array.from(header(0)), /LZ4 chunks of 0 bytes/],
    ["chunks above 64 KiB", Uint8Array.from(header(65_537)), /LZ4 chunks of 65537 bytes/],
    ["an empty chunk", stored([]), /an LZ4 chunk of 0 bytes at byte 19/],
    ["a huge chunk", Uint8Array.from([...header(), ...u32(65_537)]), /of 65537 bytes at byte 19/],
    ["half a chunk", stored([0x10, 65]).subarray(0, 24), /end early at byte 24/],
    ["a block of nothing", stored([0x00]), /cannot be decompressed at byte 23/],
    ["literals beyond the block", stored([0x20, 65]), /cannot be decompressed/],
    ["a length that does not end", stored([0xf0, 0xff]), /cannot be decompressed/],
    ["half a distance", stored([0x10, 65, 1]), /cannot be decompressed/],
    ["a distance of 0", stored([0x10, 65, 0, 0, 0x10, 66]), /cannot be decompressed/],
    ["a distance before the chunk", stored([0x10, 65, 2, 0, 0x10, 66]), /cannot be decompressed/],
    ["a match at the end", stored([0x10, 65, 1, 0]), /cannot be decompressed/],
    ["the second chunk", stored([0x10, 65], [0x20, 65]), /cannot be decompressed at byte 29/],
  ];
  for (const [name, bytes, why] of rows) {
    const result = decode(bytes);
    assert.ok(E.isLeft(result), name);
    assert.equal(result.left._tag, "Damaged", name);
    assert.match(result.left.what, why, name);
  }
});

Deno.test("Lz4Decoder reads blocks: literals, matches that reach into themselves, long lengths", () => {
  const rows: readonly [string, readonly number[], string][] = [
    ["one letter", [0x10, 65], "A"],
    ["a run", [0x10, 65, 1, 0, 0x10, 66], "AAAAAB"],
    ["an overlap", [0x26, 65, 66, 2, 0, 0x10, 67], "ABABABABABABC"],
    ["fifteen literals", [0xf0, 0, ...text("x".repeat(15))], "x".repeat(15)],
    ["many literals", [0xf0, 255, 30, ...text("y".repeat(300))], "y".repeat(300)],
    ["a long match", [0x1f, 65, 1, 0, 255, 1, 0x10, 66], "A".repeat(276) + "B"],
  ];
  for (const [name, block, plain] of rows) {
    assert.deepEqual(decode(stored(block)), E.right(text(plain)), name);
  }
  const two = decode(stored([0x10, 65], [0x10, 66]));
  assert.deepEqual(two, E.right(text("AB")), "chunks stand for themselves");
});

Deno.test("Lz4Decoder reads what Dovecot wrote, however it is cut", () =>
  fc.assert(
    fc.property(fc.array(fc.nat(GOLDEN.length), { maxLength: 20 }), (cuts) => {
      const plain = decode(GOLDEN, cuts, GOLDEN_SIZE);
      assert.ok(E.isRight(plain));
      assert.equal(createHash("sha256").update(plain.right).digest("hex"), GOLDEN_SHA256);
    }),
    { numRuns: 30 },
  ));

Deno.test("Lz4Decoder gives no more than it may, and holds no more", () => {
  const all = decode(GOLDEN, [], GOLDEN_SIZE - 1);
  assert.ok(E.isLeft(all));
  assert.match(all.left.what, /more than 100799 bytes/);
  // 16 MiB of zeros in 64 KiB: each chunk of 264 bytes has 64 KiB.
  const zeros = [0x1f, 0, 1, 0, ...Array.from({ length: 256 }, () => 255), 235, 0x10, 0];
  const bomb = stored(...Array.from({ length: 256 }, () => zeros));
  assert.equal(E.getOrElseW(() => null)(decode(bomb, [], 1 << 24))?.length, 1 << 24);
  assert.ok(E.isLeft(decode(bomb, [], 1 << 16)));
});

Deno.test("Lz4Decoder throws at no bytes at all", () =>
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.array(fc.tuple(fc.nat(GOLDEN.length - 1), fc.nat(255)), { maxLength: 3 }),
      (tail, changes) => {
        decode(Uint8Array.from([...header(), ...chunk([...tail])]));
        const damaged = GOLDEN.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        decode(damaged);
      },
    ),
  ));
