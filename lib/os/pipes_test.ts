import assert from "node:assert/strict";
import { programs } from "./pipes.ts";

Deno.test("programs: one that may be silent for longer than any timer waits is not cut off", async () => {
  const started = programs(1000 * 60 * 60 * 24 * 365)(
    ["sh", "-c", "sleep 0.2; echo late"],
    () => {},
  );
  const [first] = await Array.fromAsync(started.pipe.incoming);
  assert.equal(new TextDecoder().decode(first), "late\n");
  assert.equal(await started.end(), 0);
});

Deno.test("programs: one that ends by itself is not ended", async () => {
  const { end } = programs(60_000)(["sh", "-c", "cat >/dev/null; exit 7"], () => {});
  assert.equal(await end(), 7);
});

Deno.test("programs: one that has just ended is ended without complaint", async () => {
  // At some moment in between Deno knows that it has ended, and has not told it yet.
  for (let ms = 0; ms < 12; ms++) {
    const { end } = programs(60_000)(["true"], () => {});
    for (const until = performance.now() + ms; performance.now() < until;);
    assert.ok([0, null].includes(await end(0)), "it ended, by itself or not");
  }
});

Deno.test("programs: one that says nothing fails its reader, and one that ends nothing is ended", async () => {
  const started = programs(200)(["sh", "-c", "exec sleep 60"], () => {});
  const begun = performance.now();
  await assert.rejects(() => Array.fromAsync(started.pipe.incoming), ({ error }) => {
    assert.match(error.what, /said nothing/);
    return true;
  });
  assert.ok(performance.now() - begun >= 200);
  assert.equal(await started.end(0), null);
});

Deno.test("programs: silence does not count while something is sent, nor while nobody reads", async () => {
  const echo = programs(400)(["cat"], () => {});
  const reading = Array.fromAsync(echo.pipe.incoming);
  for (let n = 0; n < 12; n++) {
    await new Promise((done) => setTimeout(done, 100));
    await echo.pipe.send(new Uint8Array([n]));
  }
  await echo.pipe.close();
  assert.deepEqual((await reading).flatMap((bytes) => [...bytes]), [...Array(12).keys()]);
  assert.equal(await echo.end(), 0);
  const late = programs(200)(["sh", "-c", "echo now; sleep 0.9; echo then"], () => {});
  const texts: string[] = [];
  for await (const bytes of late.pipe.incoming) {
    texts.push(new TextDecoder().decode(bytes));
    if (texts.length === 1) await new Promise((done) => setTimeout(done, 1200));
  }
  assert.deepEqual(texts, ["now\n", "then\n"]);
  assert.equal(await late.end(), 0);
});
