import assert from "node:assert/strict";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import makeWabt from "wabt";
import { countBareLf } from "./virtual_size.ts";

Deno.test("countBareLf counts across pieces as in one", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom(0x0a, 0x0d, 0x61), { maxLength: 90 }),
    fc.nat(90),
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

Deno.test("countBareLf counts in a piece of any length", () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => "\r\n\na\n".charCodeAt(i % 5));
  let bare = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x0a && bytes[i - 1] !== 0x0d) bare++;
  assert.equal(countBareLf(bytes, 0), bare);
  assert.equal(countBareLf(bytes.subarray(1), 0x0d), bare);
});

Deno.test("countBareLf: the module is the text above it", async () => {
  const source = Deno.readTextFileSync(
    fileURLToPath(new URL("./virtual_size.ts", import.meta.url)),
  );
  const [, wat = ""] = /```wat\n([^]*?)\* ```/.exec(source) ?? [];
  const [, module = ""] = /const MODULE =\s*([^;]*);/.exec(source) ?? [];
  const wabt = await makeWabt();
  const { buffer } = wabt.parseWat("count.wat", wat.replace(/^ \* ?/gm, ""), { simd: true })
    .toBinary({});
  const text = [...module.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join("");
  assert.equal(text, btoa(String.fromCharCode(...buffer)));
});
