import assert from "node:assert/strict";
import fc from "fast-check";
import { mailboxGuid } from "../model/ids.ts";
import {
  attributesIn,
  formatDict,
  parseDict,
  withAttributes,
  withMovedAttributes,
} from "./attribute_dict.ts";

const A = mailboxGuid("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const B = mailboxGuid("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("parseDict: damaged ends are passed over", () => {
  const rows: readonly (readonly [string, string, readonly (readonly [string, string])[]])[] = [
    ["nothing", "", []],
    ["a key alone", "priv/x\n", []],
    ["a value without its end", "priv/x\nva", []],
    ["a second key without a value", "a\n1\nb\n", [["a", "1"]]],
    ["an empty value", "a\n\n", [["a", ""]]],
    ["escapes", "a\x01tb\n1\x01n2\x0113\n", [["a\tb", "1\n2\x013"]]],
  ];
  for (const [title, text, entries] of rows) {
    assert.deepEqual([...parseDict(bytes(text))], entries, title);
  }
});

Deno.test("formatDict: parseDict undoes it, whatever the bytes", () => {
  const some = fc.uint8Array({ maxLength: 8 }).map((raw) =>
    // A NUL cannot be in a value of Dovecot's; all else can.
    [...raw].map((byte) => String.fromCharCode(byte || 1)).join("")
  );
  fc.assert(fc.property(fc.array(fc.tuple(some, some)), (entries) => {
    const dict = new Map(entries);
    assert.deepEqual(parseDict(formatDict(dict)), dict);
  }));
});

Deno.test("attributesIn and withAttributes: one mailbox's alone, and what is no attribute stays", () => {
  const dict = parseDict(
    bytes(`priv/${A}/comment\nhello\nshared/${B}/comment\nx\npriv/sieve\ny\n`),
  );
  assert.deepEqual(attributesIn(dict, A), [{ scope: "private", key: "comment", value: "hello" }]);
  const same = withAttributes(dict, A, [
    { scope: "private", key: "comment", value: "hello" },
    { scope: "shared", key: "gone", value: null },
  ]);
  assert.equal(same, dict);
  const after = withAttributes(dict, A, [
    { scope: "private", key: "comment", value: null },
    { scope: "shared", key: "vendor/x", value: "1" },
  ]);
  assert.deepEqual([...after], [
    [`shared/${B}/comment`, "x"],
    ["priv/sieve", "y"],
    [`shared/${A}/vendor/x`, "1"],
  ]);
});

Deno.test("withMovedAttributes: they go along with a mailbox, and none that is there is lost", () => {
  const dict = parseDict(bytes(`priv/${A}/a\n1\npriv/${A}/b\n2\npriv/${B}/b\n3\n`));
  assert.deepEqual([...withMovedAttributes(dict, A, B)], [
    [`priv/${B}/b`, "3"],
    [`priv/${B}/a`, "1"],
  ]);
});
