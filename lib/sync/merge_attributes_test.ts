import assert from "node:assert/strict";
import fc from "fast-check";
import { attributeId, type AttributeValue, type MailboxAttribute } from "../model/attribute.ts";
import { modSeq } from "../model/ids.ts";
import { attributesToCopy, attributesToTake } from "./merge_attributes.ts";

const one = (
  value: string | null,
  changedAt = 0,
  at = 0,
  key = "comment",
): MailboxAttribute => ({ scope: "private", key, value, changedAt, modSeq: modSeq(BigInt(at)) });

/** What comes of "comment" on both ends; null: it is not there. */
const merged = (
  here: MailboxAttribute | null,
  there: MailboxAttribute | null,
  common = 0,
): readonly (string | null)[] => {
  const [a, b] = [here, there].map((side) => side === null ? [] : [side]) as [
    MailboxAttribute[],
    MailboxAttribute[],
  ];
  const at = modSeq(BigInt(common));
  const end = (own: MailboxAttribute | null, taken: readonly AttributeValue[]): string | null =>
    taken.length === 0 ? own?.value ?? null : taken[0]!.value;
  return [end(here, attributesToTake(a, b, at)), end(there, attributesToTake(b, a, at))];
};

Deno.test("attributesToTake: the table of Dovecot's rules", () => {
  const rows: readonly (readonly [
    string,
    MailboxAttribute | null,
    MailboxAttribute | null,
    number,
    string | null,
  ])[] = [
    ["only there", null, one("x"), 0, "x"],
    ["gone there, unknown here", null, one(null, 5), 0, null],
    ["the same on both", one("x", 1), one("x", 9), 0, "x"],
    ["a later time", one("x", 1), one("y", 2), 0, "y"],
    ["removed later", one("x", 1), one(null, 2), 0, null],
    ["set again after a removal", one("x", 3), one(null, 2), 0, "x"],
    ["a higher MODSEQ at one time", one("x", 1, 7), one("y", 1, 6), 0, "x"],
    ["nothing known: the larger value", one("a"), one("b"), 0, "b"],
    ["nothing known: a value is more than none", one("a"), one(null), 0, "a"],
    ["changed here only since the common state", one("a", 0, 9), one("b", 5, 3), 4, "a"],
    ["changed on both since", one("a", 0, 9), one("b", 5, 8), 4, "b"],
  ];
  for (const [title, here, there, common, wanted] of rows) {
    assert.deepEqual(merged(here, there, common), [wanted, wanted], title);
    assert.deepEqual(merged(there, here, common), [wanted, wanted], `${title}, swapped`);
  }
});

const attributes = fc.uniqueArray(
  fc.record({
    scope: fc.constantFrom("private" as const, "shared" as const),
    key: fc.constantFrom("a", "b", "c"),
    value: fc.option(fc.constantFrom("", "1", "2", "ü", "\udcff")),
    changedAt: fc.nat(3),
    modSeq: fc.bigInt(0n, 5n).map(modSeq),
  }),
  { selector: attributeId },
);

const after = (
  here: readonly MailboxAttribute[],
  changes: readonly AttributeValue[],
): ReadonlyMap<string, string> => {
  const end = new Map(here.map((is) => [attributeId(is), is.value]));
  for (const change of changes) end.set(attributeId(change), change.value);
  return new Map(
    [...end].flatMap(([id, value]) => value === null ? [] : [[id, value] as const]).sort(),
  );
};

Deno.test("attributesToTake: both ends come to the same, whatever they knew", () => {
  fc.assert(
    fc.property(attributes, attributes, fc.bigInt(0n, 4n).map(modSeq), (a, b, common) => {
      assert.deepEqual(
        after(a, attributesToTake(a, b, common)),
        after(b, attributesToTake(b, a, common)),
      );
    }),
  );
});

Deno.test("attributesToCopy: the destination has what the source has", () => {
  fc.assert(fc.property(attributes, attributes, (a, b) => {
    assert.deepEqual(after(a, attributesToCopy(a, b)), after(b, []));
    assert.deepEqual(attributesToCopy(b, b), []);
  }));
});
