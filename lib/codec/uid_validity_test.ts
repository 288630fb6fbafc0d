import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatUidValidity,
  nextUidValidity,
  parseUidValidity,
  parseUidValidityMarker,
  uidValidityMarker,
} from "./uid_validity.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseUidValidity takes a broken value for none", () => {
  for (const text of ["", "00000000", "xyz", "6b04 4d1", "-1", "0x6b044d"]) {
    assert.equal(parseUidValidity(bytes(text)), null, text);
  }
  for (const name of ["dovecot-uidvalidity", "dovecot-uidvalidity.", "dovecot-uidvalidity.lock"]) {
    assert.equal(parseUidValidityMarker(name), null, name);
  }
});

Deno.test("parseUidValidity reads eight digits and no more", () => {
  assert.equal(parseUidValidity(bytes("6b044d13")), 0x6b044d13);
  assert.equal(parseUidValidity(bytes("6b044d13\n")), 0x6b044d13);
});

Deno.test("values of the counter are read back as they were written", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 0xffffffff }), (value) => {
    assert.equal(parseUidValidity(bytes(formatUidValidity(value))), value);
    assert.equal(parseUidValidityMarker(uidValidityMarker(value)), value);
    assert.ok(nextUidValidity(value) > 0);
  }));
  assert.equal(nextUidValidity(0xffffffff), 1);
});

Deno.test("parseUidValidity takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array(), (input) => {
    const value = parseUidValidity(input);
    assert.ok(value === null || (value > 0 && value <= 0xffffffff));
  }));
});
