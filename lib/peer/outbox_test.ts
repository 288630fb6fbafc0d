import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, type Frame } from "../codec/store_frame.ts";
import { Outbox } from "./outbox.ts";

const frame = (length: number, value: number): Frame => ({
  kind: "Bytes",
  channel: value + 1,
  content: new Uint8Array(length).fill(value),
});

Deno.test("Outbox: everything goes out in order, however slow the other end is", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ length: fc.nat(200_000), flush: fc.boolean(), wait: fc.boolean() })),
      async (puts) => {
        const sent: Uint8Array[] = [];
        const outbox = new Outbox(async (piece) => {
          await Promise.resolve();
          sent.push(piece);
        });
        for (const [i, { length, flush, wait }] of puts.entries()) {
          const put = outbox.put(frame(length, i));
          if (wait) await put;
          if (flush) void outbox.flush();
        }
        await outbox.flush();
        const whole = sent.flatMap((piece) => [...piece]);
        assert.deepEqual(
          whole,
          puts.flatMap(({ length }, i) => [...encodeFrame(frame(length, i))]),
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("Outbox: small pieces are gathered, and sent when they are many", async () => {
  let calls = 0;
  const outbox = new Outbox(() => {
    calls++;
    return Promise.resolve();
  });
  for (let n = 0; n < 1000; n++) await outbox.put(frame(1000, n));
  assert.ok(calls > 0 && calls < 10, `${calls} calls`);
});

Deno.test("Outbox: a failure is told to whoever flushes, then and later", async () => {
  const outbox = new Outbox(() => Promise.reject(new Error("gone")));
  outbox.put(frame(10, 1));
  await assert.rejects(() => outbox.flush(), /gone/);
  outbox.put(frame(10, 1));
  await assert.rejects(() => outbox.flush(), /gone/);
});
