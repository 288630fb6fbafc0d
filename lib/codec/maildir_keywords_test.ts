import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatMaildirKeywords,
  isMaildirKeyword,
  letterOf,
  NO_LETTERS,
  parseMaildirKeywords,
  withLetter,
  withLostNames,
} from "./maildir_keywords.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseMaildirKeywords passes over what is no keyword", () => {
  const letters = parseMaildirKeywords(
    bytes("x\n26 High\n-1 Low\n0 Work\n1 work\n2\n3 \n4 a b\n5 Half"),
  );
  assert.deepEqual(letters.filter((name) => name !== null), ["Work", "a b"]);
  assert.equal(letters[4], "a b");
});

Deno.test("parseMaildirKeywords reads what Dovecot wrote", () => {
  const url = new URL("../../tests/golden/maildir-files/dovecot-keywords", import.meta.url);
  const golden = Deno.readFileSync(url);
  const letters = parseMaildirKeywords(golden);
  assert.deepEqual(letters.slice(0, 3), ["$MDNSent", "Work", null]);
  assert.equal(letterOf(letters, "WORK"), 1);
  assert.deepEqual(new Uint8Array(formatMaildirKeywords(letters)), new Uint8Array(golden));
});

Deno.test("withLetter takes the lowest free letter that no file has", () => {
  const one = withLetter(NO_LETTERS, "Work", 0b1);
  assert.equal(letterOf(one, "work"), 1);
  assert.equal(withLetter(one, "WORK", 0), one);
  const full = NO_LETTERS.map((_, number) => `k${number}`);
  assert.equal(withLetter(full, "one more", 0), full);
});

Deno.test("withLostNames invents the names that Dovecot would", () => {
  const letters = NO_LETTERS.with(0, "unknown-2");
  const named = withLostNames(letters, 0b111);
  assert.deepEqual(named.slice(0, 4), ["unknown-2", "unknown-1", "unknown-2?", null]);
  assert.equal(withLostNames(letters, 0b1), letters);
});

Deno.test("keyword letters are read back as written, and any bytes are read", () => {
  fc.assert(fc.property(fc.uint8Array(), (input) => {
    const letters = parseMaildirKeywords(input);
    assert.equal(letters.length, 26);
    assert.deepEqual(parseMaildirKeywords(formatMaildirKeywords(letters)), letters);
  }));
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter(isMaildirKeyword);
  fc.assert(fc.property(fc.array(name), (names) => {
    let letters = NO_LETTERS;
    for (const one of names) letters = withLetter(letters, one, 0);
    assert.deepEqual(parseMaildirKeywords(formatMaildirKeywords(letters)), letters);
  }));
});
