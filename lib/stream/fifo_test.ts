import assert from "node:assert/strict";
import fc from "fast-check";
import { Fifo } from "./fifo.ts";

Deno.test("Fifo does what an array does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom("shift", "clear"))),
      (steps) => {
        const fifo = new Fifo<number>();
        const array: number[] = [];
        let next = 0;
        for (const step of steps) {
          if (step === "clear") {
            fifo.clear();
            array.length = 0;
          } else if (step === "shift") {
            for (let n = 0; n < 1500; n++) assert.equal(fifo.shift(), array.shift());
          } else {
            for (let n = 0; n < Number(step); n++) {
              fifo.push(next);
              array.push(next++);
            }
          }
          assert.equal(fifo.length, array.length);
        }
      },
    ),
    { numRuns: 30 },
  );
});
