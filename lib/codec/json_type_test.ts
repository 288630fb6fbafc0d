import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import fc from "fast-check";
import * as t from "io-ts";
import { checked, list, nullOr, object, tagged } from "./json_type.ts";

const digits = checked<bigint>(
  "digits",
  (value) => typeof value === "string" && /^[0-9]{1,20}$/.test(value) ? BigInt(value) : undefined,
  String,
  (value) => typeof value === "bigint",
);

const FIELDS = { n: t.number, big: digits, maybe: t.union([t.null, t.string]) };
const MINE = list(object("mine", { ...FIELDS, maybe: nullOr(t.string) }));
const IO_TS: t.Type<readonly t.TypeOf<typeof MINE>[number][], unknown> = t.readonlyArray(
  t.type(FIELDS),
);

/** Right ones, nearly right ones, and anything. */
const oneOfMine = fc.record({
  n: fc.oneof({ weight: 9, arbitrary: fc.integer() }, fc.string()),
  big: fc.oneof({ weight: 9, arbitrary: fc.nat().map(String) }, fc.constant("x")),
  maybe: fc.oneof(fc.constant(null), fc.string()),
  more: fc.boolean(),
}, { requiredKeys: ["n", "big", "maybe"], noNullPrototype: true });

const values = fc.array(fc.oneof({ weight: 19, arbitrary: oneOfMine }, fc.jsonValue()));

Deno.test("object, list: right and wrong are what they are to io-ts, and so is what is made of them", () => {
  let right = 0;
  fc.assert(fc.property(values, (value) => {
    const [mine, theirs] = [MINE.decode(value), IO_TS.decode(value)];
    assert.equal(mine._tag, theirs._tag);
    if (E.isLeft(mine) || E.isLeft(theirs)) return;
    right++;
    assert.deepEqual(mine.right, theirs.right);
    assert.ok(MINE.is(mine.right));
    assert.deepEqual(MINE.encode(mine.right), IO_TS.encode(mine.right));
    assert.deepEqual(MINE.decode(JSON.parse(JSON.stringify(MINE.encode(mine.right)))), mine);
  }));
  assert.ok(right > 10, `${right} right ones`);
});

Deno.test("object, list: what is given stays as it was", () => {
  const given = [{ n: 1, big: "2", maybe: null }];
  assert.deepEqual(MINE.decode(given), E.right([{ n: 1, big: 2n, maybe: null }]));
  assert.deepEqual(given, [{ n: 1, big: "2", maybe: null }]);
});

Deno.test("object: an array, null and a missing field are wrong", () => {
  for (const value of [[], null, "a", 1, undefined, {}, { n: 1, big: "2" }]) {
    assert.ok(E.isLeft(object("mine", FIELDS).decode(value)), JSON.stringify(value));
  }
});

Deno.test("tagged: the tag says which type it is; one of another type, or none, is wrong", () => {
  const type = tagged({ A: object("a", { n: t.number }), B: object("b", { big: digits }) });
  assert.deepEqual(type.decode({ _tag: "A", n: 1 }), E.right({ _tag: "A", n: 1 }));
  assert.deepEqual(type.decode({ _tag: "B", big: "7" }), E.right({ _tag: "B", big: 7n }));
  assert.equal(
    JSON.stringify(type.encode({ _tag: "B", big: 7n } as never)),
    '{"_tag":"B","big":"7"}',
  );
  for (
    const value of [{ n: 1 }, { _tag: "A", big: "7" }, { _tag: "toString" }, { _tag: 1 }, null]
  ) {
    assert.ok(E.isLeft(type.decode(value)), JSON.stringify(value));
    assert.equal(type.is(value), false);
  }
});
