import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { isInMemory } from "../../model/mail.ts";
import { failureOf } from "../../os/_failure.ts";
import { decompress } from "../../os/decompress.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { plainBody } from "./plain_body.ts";

const GOLDEN = new URL("../../../tests/golden/compressed/", import.meta.url);
const GOLDEN_SIZE = 100_800;
const GOLDEN_SHA256 = "2cb514d4e69ebf1e56ca97e9386ceabd730d08e3dbc920ade0c0e5c0cc4dc3f2";
const WHERE = { path: "/mail" };

const golden = (name: string): Uint8Array => Deno.readFileSync(new URL(name, GOLDEN));

async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 999) {
    yield await Promise.resolve(bytes.subarray(at, at + 999));
  }
}

/** The body of a mail that is in memory, or comes as a stream. */
const bodyOf = (bytes: Uint8Array, plainSize: number, how: "held" | "stream" = "held") =>
  plainBody(decompress, {
    start: bytes.subarray(0, 20),
    size: bytes.length,
    body: how === "held" ? [bytes] : cut(bytes),
    plainSize,
  }, WHERE);

const collect = async (body: ReturnType<typeof bodyOf>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const piece of body) all.push(piece);
  return Buffer.concat(all);
};

const why = async (body: ReturnType<typeof bodyOf>): Promise<string> => {
  try {
    await collect(body);
  } catch (thrown) {
    assert.ok(thrown instanceof StreamFailure);
    assert.equal(thrown.error.where.path, WHERE.path);
    return `${thrown.error._tag}: ${thrown.error.what}`;
  }
  throw new Error("the body did not fail");
};

for (const name of ["mail.gz", "mail.lz4", "mail.zstd"]) {
  Deno.test(`plainBody: ${name} is the mail that Dovecot reads`, async () => {
    for (const how of ["held", "stream"] as const) {
      const body = bodyOf(golden(name), GOLDEN_SIZE, how);
      assert.equal(isInMemory(body), how === "held");
      const sha256 = createHash("sha256").update(await collect(body)).digest("hex");
      assert.equal(sha256, GOLDEN_SHA256, how);
    }
  });

  Deno.test(`plainBody: ${name} with another size is damaged`, async () => {
    for (const size of [GOLDEN_SIZE - 1, GOLDEN_SIZE + 1]) {
      assert.equal(failureOf(() => bodyOf(golden(name), size))._tag, "Damaged");
      assert.match(await why(bodyOf(golden(name), size, "stream")), /^Damaged: .*bytes when/);
    }
  });

  Deno.test(`plainBody: ${name} cut short is damaged`, async () => {
    const half = golden(name).subarray(0, 9000);
    assert.equal(failureOf(() => bodyOf(half, GOLDEN_SIZE))._tag, "Damaged");
    assert.match(await why(bodyOf(half, GOLDEN_SIZE, "stream")), /^Damaged: /);
  });
}

Deno.test("plainBody: what cannot be decompressed here is named", () => {
  const rows = [
    [golden("mail.bz2"), "the mail is compressed with bzip2"],
    [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "the mail is compressed with xz"],
    [new TextEncoder().encode("CRYPTED\x03\x07"), "the mail is encrypted (mail_crypt)"],
    [new TextEncoder().encode("From: me"), "the mail is stored changed in a way not known"],
  ] as const;
  for (const [bytes, what] of rows) {
    const error = failureOf(() => bodyOf(bytes, 5));
    assert.deepEqual([error._tag, error.what, error.where.path], ["Unsupported", what, "/mail"]);
  }
});

Deno.test("plainBody: a small mail that becomes a large one is a stream", async () => {
  const plain = new Uint8Array(3_000_000).fill(65);
  for (const packed of [gzipSync(plain), zstdCompressSync(plain)]) {
    const body = bodyOf(packed, plain.length);
    assert.ok(!isInMemory(body));
    assert.ok((await collect(body)).equals(plain));
    assert.match(await why(bodyOf(packed, 2_000_000)), /more than 2000000 bytes/);
  }
});

Deno.test("plainBody: as many bytes plain as stored: what decompresses to them was compressed", async () => {
  // Bytes that do not compress make gzip longer, runs make it shorter: some mail is as long as its gzip.
  let seed = 1;
  const noise = () => (seed = Math.imul(seed, 1103515245) + 12345 & 0x7fffffff) >> 16 & 0xff;
  const same = Array.from({ length: 60 }, (_, run) =>
    Uint8Array.from([
      ...Array.from({ length: 60 }, noise),
      ...Array.from({ length: run }, () => 65),
    ])).find((plain) => gzipSync(plain).length === plain.length)!;
  assert.ok((await collect(bodyOf(gzipSync(same), same.length))).equals(same));
  const junk = Uint8Array.of(0x1f, 0x8b, 8, 7, 7, 7, 7);
  assert.ok((await collect(bodyOf(junk, junk.length))).equals(junk), "junk is given as it is");
});
