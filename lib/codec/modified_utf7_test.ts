import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { formatModifiedUtf7, parseModifiedUtf7 } from "./modified_utf7.ts";

Deno.test("parseModifiedUtf7 refuses what has no or another spelling, at its place", () => {
  const rows: readonly [string, string, number][] = [
    ["8-bit character", "Entwürfe", 4],
    ["control character", "a\tb", 1],
    ["DEL", "a\x7f", 1],
    ["run without end", "ab&AOQ", 2],
    ["no base64", "&A*Q-", 0],
    ["half a unit", "x&AO-", 1],
    ["left-over bits set", "&AOR-", 0],
    ["a needless digit", "&AOQA-", 0],
    ["printable ASCII in base64", "&AGE-", 0],
    ["NUL", "&AAA-", 0],
    ["high surrogate alone", "&2Dw-", 0],
    ["low surrogate alone", "&3Lo-", 0],
    ["two runs for one", "&AOQ-&APw-", 5],
  ];
  for (const [name, text, offset] of rows) {
    const parsed = parseModifiedUtf7(text);
    assert.ok(E.isLeft(parsed), name);
    assert.equal(parsed.left.where.offset, offset, name);
  }
});

Deno.test("modified UTF-7 of known names, both ways", () => {
  const rows: readonly [string, string][] = [
    ["", ""],
    ["Sent Items", "Sent Items"],
    ["R&D", "R&-D"],
    ["Entwürfe", "Entw&APw-rfe"],
    ["日本語", "&ZeVnLIqe-"],
    ["ä&ö", "&AOQ-&-&APY-"],
    ["😀", "&2D3eAA-"],
    ["a\x7fb", "a&AH8-b"],
    ["~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"],
  ];
  for (const [text, stored] of rows) {
    assert.equal(formatModifiedUtf7(text), stored);
    assert.deepEqual(parseModifiedUtf7(stored), E.right(text));
  }
});

Deno.test("parseModifiedUtf7 undoes formatModifiedUtf7", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const name = text.replaceAll("\0", "");
    assert.deepEqual(parseModifiedUtf7(formatModifiedUtf7(name)), E.right(name));
  }));
});

Deno.test("parseModifiedUtf7 accepts of any text only its one spelling, and never throws", () => {
  const nearly = fc.array(fc.constantFrom("&", "-", "AOQ", "2D3eAA", "A", ",", "x")).map((parts) =>
    parts.join("")
  );
  fc.assert(fc.property(fc.oneof(nearly, fc.string({ unit: "binary" })), (text) => {
    const parsed = parseModifiedUtf7(text);
    if (E.isRight(parsed)) assert.equal(formatModifiedUtf7(parsed.right), text);
  }));
});

Deno.test("formatModifiedUtf7 replaces a lone surrogate", () => {
  assert.equal(formatModifiedUtf7("a\ud83d"), formatModifiedUtf7("a\ufffd"));
});
