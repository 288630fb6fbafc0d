import assert from "node:assert/strict";
import fc from "fast-check";
import { mailboxName } from "../model/mailbox.ts";
import { id, text } from "./_tree.ts";
import { orderRenames, type WantedRename } from "./order_renames.ts";

const renames = (...wanted: readonly (readonly [string, string])[]): WantedRename[] =>
  wanted.map(([name, target], i) => ({
    name: mailboxName(name),
    guid: id(i + 1),
    target: mailboxName(target),
  }));

const ordered = (...wanted: readonly (readonly [string, string])[]) =>
  orderRenames(renames(...wanted)).map(text);

Deno.test("orderRenames frees a name before it is taken", () => {
  assert.deepEqual(ordered(["A", "B"], ["B", "C"]), ["rename B > C", "rename A > B"]);
});

Deno.test("orderRenames opens a ring by a temporary name", () => {
  assert.deepEqual(ordered(["A", "B"], ["B", "A"]), [
    `rename A > A-temp-${id(1)}`,
    "rename B > A",
    `rename A-temp-${id(1)} > B`,
  ]);
});

Deno.test("orderRenames takes children out before their parent leaves", () => {
  assert.deepEqual(ordered(["A", "B"], ["A/C", "B/C"], ["A/C/D", "B/C/D"]), [
    "rename A/C/D > B/C/D",
    "rename A/C > B/C",
    "rename A > B",
  ]);
});

Deno.test("orderRenames moves a parent first where a child waits for its name", () => {
  assert.deepEqual(ordered(["A", "B"], ["A/C", "A"]), ["rename A > B", "rename A/C > A"]);
});

Deno.test("orderRenames finds every new name free, and ends with the wanted names", () => {
  const places = ["A", "A/B", "A/B/C", "D", "D/E", "F"];
  const shuffled = fc.shuffledSubarray(places, { minLength: 1 });
  fc.assert(fc.property(shuffled, fc.shuffledSubarray(places, { minLength: 6 }), (from, to) => {
    const wanted = renames(...from.map((name, i) => [name, to[i]!] as const))
      .filter(({ name, target }) => name !== target);
    const staying = from.filter((name, i) => name === to[i]);
    // A target that no rename frees must be free already.
    const held = new Set<string>([...from]);
    const freed = new Set(wanted.map(({ name }) => name as string));
    if (wanted.some(({ target }) => held.has(target) && !freed.has(target))) return;
    const places = new Map(wanted.map(({ guid, name }) => [guid, name as string]));
    for (const operation of orderRenames(wanted)) {
      assert.ok(operation._tag === "RenameMailbox");
      const taken = [...places.values(), ...staying];
      assert.ok(!taken.includes(operation.newName), `${operation.newName} is free`);
      assert.equal(places.get(operation.guid), operation.name);
      places.set(operation.guid, operation.newName);
    }
    for (const { guid, target } of wanted) assert.equal(places.get(guid), target);
  }));
});

Deno.test("orderRenames takes 20,000 children out of a parent in one pass", () => {
  const wanted = renames(
    ["p", "q"],
    ...Array.from({ length: 20_000 }, (_, i): [string, string] => [`p/${i}`, `q/${i}`]),
  );
  assert.equal(orderRenames(wanted).length, 20_001);
});
