import assert from "node:assert/strict";
import { withoutStrays } from "./libc.ts";

const ENOENT = 2;
const EAGAIN = 11;

/** A call that fails with these numbers, one after the other, and then gives 7. */
const failing = (...numbers: readonly number[]) => {
  let calls = 0;
  const call = withoutStrays(
    (_path: string) => calls++ < numbers.length ? -1 : 7,
    () => numbers[calls - 1]!,
  );
  return { result: call("x"), calls };
};

Deno.test("withoutStrays: a number of another's call is not believed, one's own is", () => {
  assert.deepEqual(failing(), { result: 7, calls: 1 });
  assert.deepEqual(failing(EAGAIN), { result: 7, calls: 2 });
  assert.deepEqual(failing(EAGAIN, ENOENT), { result: -1, calls: 2 });
  assert.deepEqual(failing(ENOENT, EAGAIN), { result: -1, calls: 1 });
});

Deno.test("withoutStrays: what stays is the failure", () => {
  assert.deepEqual(failing(...Array.from({ length: 9 }, () => EAGAIN)), { result: -1, calls: 5 });
});
