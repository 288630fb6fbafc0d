import assert from "node:assert/strict";
import fc from "fast-check";
import { countBareLf } from "./virtual_size.ts";

Deno.test("countBareLf counts across pieces as in one", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom(0x0a, 0x0d, 0x61), { maxLength: 30 }),
    fc.nat(30),
    (all, cut) => {
      const one = Uint8Array.from(all);
      const at = Math.min(cut, one.length);
      const last = at === 0 ? 0 : one[at - 1]!;
      assert.equal(
        countBareLf(one.subarray(0, at), 0) + countBareLf(one.subarray(at), last),
        all.filter((byte, i) => byte === 0x0a && all[i - 1] !== 0x0d).length,
      );
    },
  ));
});
