import assert from "node:assert/strict";
import { changingLibc, errno, libc, noting, withoutStrays } from "./libc.ts";

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

Deno.test("noting: the number is read once, at the failure", () => {
  const read: number[] = [];
  let number = ENOENT;
  const call = noting((result: number) => result, () => number, (noted) => read.push(noted));
  assert.deepEqual([call(3), call(0), read.length], [3, 0, 0]);
  assert.equal(call(-1), -1);
  number = EAGAIN;
  assert.deepEqual(read, [ENOENT]);
});

Deno.test("errno: stays that of the failed call, whatever succeeds or runs since", async () => {
  const path = new TextEncoder().encode("/nonexistent/file\0");
  assert.equal(libc().open(path, 0, 0), -1);
  await new Promise((go) => setTimeout(go, 5));
  assert.ok(changingLibc().umask(changingLibc().umask(0o022)) >= 0);
  assert.equal(errno(), ENOENT);
});
