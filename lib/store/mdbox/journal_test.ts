import assert from "node:assert/strict";
import fc from "fast-check";
import { deadJournals, formatRanges, inRanges, Journal, parseJournal } from "./journal.ts";
import { bytes, fileNames, inStorage, os } from "./_storage.ts";

inStorage("Journal is found only when its owner is dead, and tells all", (layout) => {
  const journal = new Journal(os, layout);
  assert.deepEqual(fileNames(layout), []);
  os.disk.create(`${layout.storage}/.temp.x`, []);
  const info = os.files.stat(`${layout.storage}/.temp.x`)!;
  journal.temp(".temp.x", info);
  journal.append(7, 1234);
  journal.suspects(Uint32Array.of(1, 2, 3, 9));
  journal.sync();
  assert.deepEqual(deadJournals(os, layout), []);
  journal.abandon();
  const [dead, ...more] = deadJournals(os, layout);
  assert.deepEqual(more, []);
  assert.deepEqual(dead?.unfinished, {
    temps: [{ name: ".temp.x", dev: info.dev, ino: info.ino }],
    appends: [{ fileId: 7, oldSize: 1234 }],
    suspects: [{ first: 1, last: 3 }, { first: 9, last: 9 }],
  });
  assert.deepEqual(deadJournals(os, layout), [], "it is locked now");
  dead.leave();
  const [again] = deadJournals(os, layout);
  again?.remove();
  assert.deepEqual(fileNames(layout), [".temp.x"]);
});

inStorage("Journal.reset forgets, and the next lines count", (layout) => {
  const journal = new Journal(os, layout);
  journal.append(1, 2);
  journal.reset();
  journal.append(3, 4);
  journal.abandon();
  const [dead] = deadJournals(os, layout);
  assert.deepEqual(dead?.unfinished.appends, [{ fileId: 3, oldSize: 4 }]);
  dead.remove();
});

Deno.test("parseJournal passes over what is cut off or not known, and never throws", () => {
  const none = { temps: [], appends: [], suspects: [] };
  const cutOff = ["", "append 1 2", "append 1\n", "suspects 3-1\n"];
  const unknown = ["what\n", "temp ../x 1 2\n"];
  for (const text of [...cutOff, ...unknown]) {
    assert.deepEqual(parseJournal(bytes(text)), none, text);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (input) => {
    parseJournal(input);
  }));
});

Deno.test("formatRanges is what parseJournal reads", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
    (numbers) => {
      const sorted = Uint32Array.from(numbers).sort();
      const { suspects } = parseJournal(bytes(`suspects ${formatRanges(sorted)}\n`));
      const read = suspects.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i)
      );
      assert.deepEqual(read, [...sorted]);
    },
  ));
});

Deno.test("inRanges tells what a look at each range would tell", () => {
  const range = fc.tuple(fc.nat(60), fc.nat(10)).map(([first, more]) => ({
    first,
    last: first + more,
  }));
  fc.assert(fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
    const isIn = inRanges(ranges);
    for (let n = 0; n <= 75; n++) {
      assert.equal(isIn(n), ranges.some(({ first, last }) => first <= n && n <= last));
    }
  }));
});

Deno.test("inRanges: each of 200,000 ranges is found", () => {
  const count = 200_000;
  const isIn = inRanges(
    Array.from({ length: count }, (_, i) => ({ first: 2 * i + 1, last: 2 * i + 1 })),
  );
  let found = 0;
  for (let n = 1; n <= 2 * count; n++) if (isIn(n)) found++;
  assert.equal(found, count);
});
