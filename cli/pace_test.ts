import assert from "node:assert/strict";
import { paceOf } from "./pace.ts";

/** A clock that only sleeping moves. */
const clock = () => {
  let at = 1_000_000;
  return {
    now: () => at,
    sleep: (ms: number) => {
      at += ms;
      return Promise.resolve();
    },
  };
};

Deno.test("paceOf: what passes takes its time; a second's worth may come at once", async () => {
  const time = clock();
  const start = time.now();
  const pace = paceOf(1000, 10, time);
  for (let i = 0; i < 50; i++) await pace.bytes(100);
  assert.equal(time.now() - start, 4000);
  for (let i = 0; i < 100; i++) await pace.operations(1);
  assert.equal(time.now() - start, 4000 + 9000);
});

Deno.test("paceOf: without a limit nothing waits", async () => {
  const time = clock();
  const start = time.now();
  const pace = paceOf(null, null, time);
  await pace.bytes(1e12);
  await pace.operations(1e9);
  assert.equal(time.now(), start);
});
