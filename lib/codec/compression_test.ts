import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionOf, MAGIC_SIZE } from "./compression.ts";

const GOLDEN = new URL("../../tests/golden/compressed/", import.meta.url);
const text = (from: string): Uint8Array => new TextEncoder().encode(from);

Deno.test("compressionOf knows what Dovecot has compressed by its first bytes", () => {
  for (
    const [name, compression] of [
      ["mail.gz", "gzip"],
      ["mail.bz2", "bzip2"],
      ["mail.lz4", "lz4"],
      ["mail.zstd", "zstd"],
    ]
  ) {
    const bytes = Deno.readFileSync(new URL(name!, GOLDEN));
    assert.equal(compressionOf(bytes.subarray(0, MAGIC_SIZE)), compression);
  }
  assert.equal(compressionOf(gzipSync("x")), "gzip");
  assert.equal(compressionOf(zstdCompressSync(text("x"))), "zstd");
  assert.equal(compressionOf(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4)), "xz");
  assert.equal(compressionOf(text("CRYPTED\x03\x07\x02")), "mail_crypt");
});

Deno.test("compressionOf takes no mail for a compressed one", () => {
  const rows = [
    "",
    "B",
    "BZh",
    "BZh9: a header\n",
    "BZh91AY&S",
    "Dovecot-LZ4: x\n",
    "CRYPTED: 1\n",
  ];
  for (const row of [...rows, "Date: x\n", "Content-Type: text/plain\n", "(\xb5", "\x1f"]) {
    assert.equal(compressionOf(Uint8Array.from(row, (char) => char.charCodeAt(0))), null, row);
  }
});
