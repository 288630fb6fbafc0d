import assert from "node:assert/strict";
import fc from "fast-check";
import { EMPTY_HEADER_HASH, headerEnd, headerHash } from "./header_hash.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NAMES = ["Date", "Message-ID"];
const hash = (text: string, version: 1 | 3 = 3): string => headerHash(bytes(text), NAMES, version);

// As a Dovecot 2.3.19.1 told them (tests/golden/wire/header-hash).
const M1 = "Message-ID: <m1@example.com>\nDate: Mon, 08 Jan 2026 10:00:00 +0000\n";
const M1_HASH = "014b7a36ee59359a72a6bfe720ab37dc";

Deno.test("headerHash: none of the headers", () => {
  assert.equal(hash(""), EMPTY_HEADER_HASH);
  assert.equal(hash("Subject: Date: x\nX-Date: y\n"), EMPTY_HEADER_HASH);
  assert.equal(hash("no colon at all\n"), EMPTY_HEADER_HASH);
});

Deno.test("headerHash: what a server may change makes no difference", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["CRLF", M1.replaceAll("\n", "\r\n")],
    ["no last line end", M1.slice(0, -1)],
    ["other headers", `Subject: x\n\tDate: y\n${M1}To: z\n`],
    ["spaces", M1.replace("Jan 2026", "Jan  2026 ")],
  ];
  for (const [title, text] of rows) assert.equal(hash(text), M1_HASH, title);
  const umlaut = "Date: f\xfcr dich\n";
  assert.equal(hash(umlaut), hash("Date: f?rdich\n"));
  assert.equal(hash(umlaut), hash("Date: f\x01\x02\x7frdich\n"));
});

Deno.test("headerHash: order, case of names, continuation lines and version 1 make one", () => {
  const others = [
    M1.split("\n").reverse().join("\n"),
    M1.replace("Message-ID", "Message-Id"),
    M1.replace("Date: Mon,", "Date: Mon,\n"),
  ];
  for (const other of others) assert.notEqual(hash(other), M1_HASH, other);
  assert.equal(hash("Date:a\n b\n"), hash("Date: a\n  b\n"));
  assert.notEqual(hash(M1, 1), M1_HASH);
  assert.notEqual(hash(M1, 1), hash(M1.replace("Jan 2026", "Jan  2026"), 1));
});

Deno.test("headerEnd: behind the last line, wherever the bytes are cut", () => {
  assert.equal(headerEnd(bytes("\nbody")), 0);
  assert.equal(headerEnd(bytes("\r\nbody")), 0);
  assert.equal(headerEnd(bytes("a: b\n\nbody")), 5);
  assert.equal(headerEnd(bytes("a: b\r\n\r\nbody")), 6);
  assert.equal(headerEnd(bytes("a: b\r\n\r")), -1);
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    const header = bytes(`A: ${a.replaceAll(/[\r\n]/g, "")}\n`);
    const whole = new Uint8Array([...header, 10, ...bytes(b)]);
    assert.equal(headerEnd(whole), header.length);
    assert.equal(headerEnd(header), -1);
  }));
});
