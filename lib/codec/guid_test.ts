import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { guid } from "../model/ids.ts";
import { textOfBytes } from "./byte_text.ts";
import { formatHex, guid128Hex, isGuid128, mailboxNameHash, parseHex, sameGuid } from "./guid.ts";

Deno.test("parseHex refuses what is not pairs of hex digits", () => {
  for (const text of ["0", "0g", " 00", "0x00", "००"]) assert.equal(parseHex(text), null, text);
});

Deno.test("guid128Hex gives hex digits as they are and else the end of the SHA-1", () => {
  const rows: readonly [string, string, string][] = [
    ["hex", "6c10e81bdc4e046b8c2f000083ecc375", "6c10e81bdc4e046b8c2f000083ecc375"],
    ["capitals", "6C10E81BDC4E046B8C2F000083ECC375", "6c10e81bdc4e046b8c2f000083ecc375"],
    ["base name", "1600000002.M1P1.host,S=37,W=41", "bdf5bad74a796e3570cf0223fdc85cee"],
  ];
  for (const [name, text, hex] of rows) assert.equal(guid128Hex(text), hex, name);
});

Deno.test("guid128Hex is that of the bytes of a file name that is not UTF-8", () => {
  const bytes = Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0xc3, 0xa9);
  const wanted = formatHex(new Uint8Array(createHash("sha1").update(bytes).digest()).subarray(4));
  assert.equal(guid128Hex(textOfBytes(bytes)), wanted);
  assert.ok(!sameGuid(guid(textOfBytes(Uint8Array.of(0xe8))), guid(guid128Hex("\udce9"))));
});

Deno.test("sameGuid knows a text by its 128-bit form and keeps other texts apart", () => {
  const text = guid("1600000002.M1P1.host,S=37,W=41");
  const short = guid("bdf5bad74a796e3570cf0223fdc85cee");
  assert.ok(sameGuid(text, short));
  assert.ok(sameGuid(short, text));
  assert.ok(sameGuid(short, guid(short.toUpperCase())));
  assert.ok(!sameGuid(text, guid(`${text}x`)));
  assert.ok(!sameGuid(short, guid(`a${short.slice(1)}`)));
});

Deno.test("sameGuid holds for any text and its 128-bit form", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    assert.ok(isGuid128(guid128Hex(text)));
    assert.ok(sameGuid(guid(text), guid(guid128Hex(text))));
  }));
});

Deno.test("formatHex and parseHex undo each other", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(parseHex(formatHex(bytes)), bytes);
  }));
});

Deno.test("mailboxNameHash is what Dovecot logs for a name", () => {
  assert.equal(mailboxNameHash("Archive"), "2621c6fd51a58e1d1d5c491aac714886");
  assert.equal(mailboxNameHash("Täst"), "fe0565b7dc98d6b57008879faae3806e");
});
