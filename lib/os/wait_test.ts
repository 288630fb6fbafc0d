import assert from "node:assert/strict";
import { rejectionOf, summary } from "./_failure.ts";
import { waitFor } from "./wait.ts";

/** An attempt that succeeds at the given try, and how often it was made. */
const succeedsAt = (n: number) => {
  const attempt = { tries: 0, make: () => Promise.resolve(++attempt.tries >= n ? "got" : null) };
  return attempt;
};

Deno.test("waitFor: without time there is one try", async () => {
  const attempt = succeedsAt(2);
  const error = await rejectionOf(() => waitFor(attempt.make, "/lock", 0));
  assert.deepEqual(summary(error), ["Busy", "/lock", null]);
  assert.equal(error.what, "the lock was not had within 0 s");
  assert.equal(attempt.tries, 1);
});

Deno.test("waitFor: asks now and then until the time is over", async () => {
  const attempt = succeedsAt(Infinity);
  assert.equal((await rejectionOf(() => waitFor(attempt.make, "/lock", 100)))._tag, "Busy");
  assert.ok(attempt.tries >= 3 && attempt.tries <= 30, String(attempt.tries));
});

Deno.test("waitFor: gives what the first good try gives", async () => {
  const attempt = succeedsAt(3);
  assert.equal(await waitFor(attempt.make, "/lock", 60_000), "got");
  assert.equal(attempt.tries, 3);
});

Deno.test("waitFor: a failing try ends it", async () => {
  const stop = new Error("stop");
  await assert.rejects(() => waitFor(() => Promise.reject(stop), "/lock", 60_000), stop);
});
