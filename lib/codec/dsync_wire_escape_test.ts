import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeTabs,
  formatValues,
  joinTabs,
  parseValue,
  splitTabs,
  splitValues,
  unescapeTabs,
} from "./dsync_wire_escape.ts";

const texts = fc.string({
  unit: fc.constantFrom("\x00", "\x01", "\x02", "\t", "\n", "\r", "1", "t", "a", "ä", "\udcff"),
  maxLength: 12,
});

Deno.test("unescapeTabs: what no writer makes has a meaning, too", () => {
  const rows: readonly [string, string, string][] = [
    ["nothing", "", ""],
    ["escape at the end", "a\x01", "a"],
    ["any other letter is itself", "\x01x\x01\x02", "x\x02"],
    ["all five", "\x011\x01t\x01r\x01n\x010", "\x01\t\r\n\0"],
    ["escaped letters are no escapes", "\x011t", "\x01t"],
    ["a sequence that was cut by an escape", "\udcc3\x01\udca4", "ä"],
  ];
  for (const [name, escaped, plain] of rows) assert.equal(unescapeTabs(escaped), plain, name);
});

Deno.test("parseValue: missing, empty, and a value that begins as missing does", () => {
  const rows: readonly [string, string | undefined, string | null][] = [
    ["cut off", undefined, null],
    ["0x02", "\x02", null],
    ["empty", "", ""],
    ["0x02 doubled", "\x02\x02", "\x02"],
    ["0x02 before text", "\x02\x02a", "\x02a"],
    ["0x02 inside", "a\x02", "a\x02"],
  ];
  for (const [name, raw, value] of rows) assert.equal(parseValue(raw), value, name);
});

Deno.test("formatValues: missing ones at the end are cut off, others never skipped", () => {
  assert.equal(formatValues([]), "");
  assert.equal(formatValues([null, null]), "");
  assert.equal(formatValues(["a", null]), "a");
  assert.equal(formatValues(["a", null, "", null]), "a\t\x02\t");
});

Deno.test("splitValues: an empty line has no value, and no more are looked at than asked for", () => {
  assert.deepEqual(splitValues("", 9), []);
  assert.deepEqual(splitValues("a\t\tb", 9), ["a", "", "b"]);
  assert.deepEqual(splitValues("a\tb\tc", 2), ["a", "b"]);
});

Deno.test("splitTabs: a TAB at the end is an empty name more", () => {
  assert.deepEqual(splitTabs(""), []);
  assert.deepEqual(splitTabs("Date\tMessage-ID\t"), ["Date", "Message-ID", ""]);
});

Deno.test("formatValues, joinTabs: every value comes back, lists of names within values too", () => {
  fc.assert(fc.property(fc.array(fc.option(texts), { minLength: 2, maxLength: 6 }), (values) => {
    const back = splitValues(formatValues([...values, "end"]), 99).map(parseValue);
    assert.deepEqual(back, [...values, "end"]);
  }));
  fc.assert(fc.property(fc.array(texts, { minLength: 2, maxLength: 4 }), (names) => {
    const [value] = splitValues(formatValues([joinTabs(names)]), 9).map(parseValue);
    assert.deepEqual(splitTabs(value!), names);
    assert.equal(unescapeTabs(escapeTabs(names[0]!)), names[0]!);
  }));
});
