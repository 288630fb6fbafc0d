import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareKeyword,
  isKeyword,
  keywordKey,
  keywords,
  keywordsWithout,
  sameKeywords,
} from "./flags.ts";

Deno.test("keywords: only ASCII case is ignored", () => {
  // U+212A, the sign of Kelvin, and U+0130, which the engine makes "k" and two characters.
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["Work", "wORK", true],
    ["$Todo", "$todo", true],
    ["work", "wor\u212a", false],
    ["Ärger", "ärger", false],
    ["ÄRGER", "Ärger", true],
    ["\u0130", "i\u0307", false],
    ["a\udce9B", "A\udce9b", true],
  ];
  for (const [a, b, same] of rows) {
    assert.equal(keywordKey(a) === keywordKey(b), same, a);
    assert.equal(compareKeyword(a, b) === 0, same, a);
    assert.equal(compareKeyword(a, b) < 0, compareKeyword(b, a) > 0, a);
    assert.equal(keywords([a, b]).length, same ? 1 : 2, a);
    assert.equal(sameKeywords([a], [b]), same, a);
    assert.equal(keywordsWithout([a], [b]).length, same ? 0 : 1, a);
  }
});

Deno.test("compareKeyword orders as the texts of keywordKey do", () => {
  const name = fc.array(fc.constantFrom("a", "B", "b", "_", "[", "Z", "\u212a", "\u{1f600}"), {
    maxLength: 4,
  }).map((parts) => parts.join(""));
  fc.assert(fc.property(name, name, (a, b) => {
    const [x, y] = [keywordKey(a), keywordKey(b)];
    assert.equal(Math.sign(compareKeyword(a, b)), x < y ? -1 : x > y ? 1 : 0);
  }));
});

Deno.test("isKeyword: what a client may set, and nothing that a line of IMAP could end or go on with", () => {
  const refused = [
    "",
    "a b",
    "a\r\nb",
    "a\0",
    "\t",
    "\x7f",
    "(a",
    "a)",
    "{3}",
    "50%",
    "*",
    '"a"',
    "\\Seen",
    "a]",
  ];
  for (const name of [...refused, "Ärger", "a\udce9", "x".repeat(256)]) {
    assert.ok(!isKeyword(name), name);
  }
  const taken = [
    "Work",
    "$Forwarded",
    "NonJunk",
    "a[1",
    "!#&'+,-./0:;<=>?@^_`|}~",
    "x".repeat(255),
  ];
  for (const name of taken) assert.ok(isKeyword(name), name);
  for (let code = 0; code < 256; code++) {
    const isAtom = code > 0x20 && code < 0x7f &&
      !'(){%*"\\]'.replace("}", "").includes(String.fromCharCode(code));
    assert.equal(isKeyword(String.fromCharCode(code)), isAtom, String(code));
  }
});
