import assert from "node:assert/strict";
import fc from "fast-check";
import { ANSWERED, DELETED, DRAFT, FLAGGED, flags, SEEN } from "../model/flags.ts";
import {
  baseName,
  compareNewNames,
  formatBaseName,
  isBaseName,
  nameSize,
  parseNameFlags,
  withNameFlags,
} from "./maildir_name.ts";

Deno.test("isBaseName refuses what is no file name or has no room for flags", () => {
  const rows = ["", ".", ".x", ":x", "a:b", "a/b", "a\nb", "a\r", "a\0", " a", "x".repeat(214)];
  for (const text of [...rows, "ü".repeat(120), "a\ud83d", "a\udc41"]) {
    assert.ok(!isBaseName(text), text);
  }
  for (
    const text of [
      "1.M2P3.host,S=1,W=2",
      "with space",
      "a\udcff",
      "\udcff".repeat(213),
      "x".repeat(213),
    ]
  ) {
    assert.ok(isBaseName(text), text);
  }
});

Deno.test("parseNameFlags reads the letters behind the last colon and no others", () => {
  const rows: readonly [string, number, number][] = [
    ["1.x", 0, 0],
    ["1.x:", 0, 0],
    ["1.x:1,S", 0, 0],
    ["1.x:2S", 0, 0],
    ["1.x:2,", 0, 0],
    ["1.x:2,S", SEEN, 0],
    ["1.x:2,DFRSTabz", DRAFT | FLAGGED | ANSWERED | SEEN | DELETED, 0b11 | 1 << 25],
    ["1.x:2,PSX", SEEN, 0],
    ["1.x:2,S,Fa", SEEN, 0],
    ["1.x:2,F:2,S", SEEN, 0],
    ["1.x,S=12,W=13:2,TS", SEEN | DELETED, 0],
    ["ü\udcff:2,Sb", SEEN, 0b10],
  ];
  for (const [name, set, letters] of rows) {
    assert.deepEqual(parseNameFlags(name), { flags: flags(set), letters }, name);
  }
});

Deno.test("withNameFlags sorts the letters and keeps what Dovecot does not know", () => {
  const rows: readonly [string, number, number, string][] = [
    ["1.x", 0, 0, "1.x:2,"],
    ["1.x", SEEN, 0, "1.x:2,S"],
    ["1.x:2,SFa", DRAFT, 0b1010, "1.x:2,Dbd"],
    ["1.x:2,PS", FLAGGED | SEEN, 1, "1.x:2,FPSa"],
    ["1.x:2,S,Xa", FLAGGED, 0, "1.x:2,F,Xa"],
    ["1.x:1,old", SEEN, 0, "1.x:2,S"],
    ["1,S=4,W=5:2,a", 0, 1, "1,S=4,W=5:2,a"],
  ];
  for (const [name, set, letters, expected] of rows) {
    assert.equal(withNameFlags(name, { flags: flags(set), letters }), expected, name);
  }
});

Deno.test("nameSize takes only a number that ends where it must", () => {
  const rows: readonly [string, number | null, number | null][] = [
    ["1.x", null, null],
    ["1.x,S=166,W=176:2,S", 166, 176],
    ["1.x,W=176", null, 176],
    ["1.x,S=16x,W=17", null, 17],
    ["1.x,S=", null, null],
    ["1.x,S=,W=3", 0, 3],
    ["1.x,S=99999999999999999999", null, null],
    ["1.x:2,S", null, null],
  ];
  for (const [name, size, virtualSize] of rows) {
    assert.equal(nameSize(name, "S"), size, name);
    assert.equal(nameSize(name, "W"), virtualSize, name);
  }
});

Deno.test("compareNewNames orders by seconds, microseconds, then name", () => {
  const ordered = [
    "abc",
    "5.x",
    "10.M5P1.h",
    "10.M30P1.h,S=1",
    "10.P7M30.h",
    "11.a",
    "11.b",
    "99999999999999999999.z",
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assert.equal(Math.sign(compareNewNames(`${a}:2,S`, b)), Math.sign(i - j), `${a} ${b}`);
    }
  }
});

Deno.test("formatBaseName gives a fit name that holds its sizes", () => {
  const name = formatBaseName({
    seconds: 1795443980,
    microseconds: 458937,
    pid: 24067,
    host: "a/b:c",
    size: 166,
    virtualSize: 176,
  });
  assert.equal(name, "1795443980.M458937P24067.a\\057b\\072c,S=166,W=176");
  assert.ok(isBaseName(name));
  assert.equal(nameSize(name, "W"), 176);
});

const anyName = fc.string({
  unit: fc.constantFrom("1", ".", "M", ",", ":", "2", "S", "a", "=", "P", "ü"),
});

Deno.test("names of any text: flags are read back, the base stays, the order is one", () => {
  const bits = fc.integer({ min: 0, max: 31 });
  const letters = fc.integer({ min: 0, max: 2 ** 26 - 1 });
  fc.assert(fc.property(anyName, anyName, bits, letters, (name, other, set, letters) => {
    const wanted = { flags: flags(set), letters };
    const renamed = withNameFlags(name, wanted);
    assert.deepEqual(parseNameFlags(renamed), wanted);
    if (!name.includes(":")) assert.equal(baseName(renamed), name);
    assert.equal(withNameFlags(renamed, wanted), renamed);
    nameSize(name, "S");
    assert.equal(
      Math.sign(compareNewNames(name, other)),
      0 - Math.sign(compareNewNames(other, name)),
    );
  }));
});
