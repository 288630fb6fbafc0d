import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import {
  batch,
  type Chunks,
  collect,
  filter,
  flatMap,
  fromArray,
  map,
  mapEither,
  rechunk,
  type Stage,
  stopAt,
  tap,
} from "./chunks.ts";
import { compose } from "./compose.ts";
import { limitRate, rate } from "./rate.ts";

const valuesOf = async <A, E>(stream: Chunks<A, E>): Promise<readonly A[]> => {
  const end = await collect(stream)();
  if (E.isLeft(end)) assert.fail(`unexpected failure: ${JSON.stringify(end.left)}`);
  return end.right;
};

const NUMBERS = [1, 2, 3, 4, 5, 6, 7];

const STAGES: Readonly<Record<string, readonly [Stage<number, unknown>, readonly unknown[]]>> = {
  map: [map((n: number) => n * 2), [2, 4, 6, 8, 10, 12, 14]],
  filter: [filter((n: number) => n > 5), [6, 7]],
  flatMap: [flatMap((n: number) => n % 3 === 0 ? [n, n] : []), [3, 3, 6, 6]],
  tap: [tap(() => {}), NUMBERS],
  mapEither: [mapEither((n: number) => E.right(`${n}`)), ["1", "2", "3", "4", "5", "6", "7"]],
  rechunk: [rechunk<number>(3), NUMBERS],
  batch: [batch<number>(3), [[1, 2, 3], [4, 5, 6], [7]]],
  limitRate: [limitRate<number>(1000, { now: () => 0, sleep: () => Promise.resolve() }), NUMBERS],
  stopAt: [stopAt<number, never>(new AbortController().signal, () => assert.fail()), NUMBERS],
  "compose of two": [
    compose(filter((n: number) => n > 4), map((n: number) => `${n}`)),
    ["5", "6", "7"],
  ],
  "compose of three": [
    compose(map((n: number) => n + 1), filter((n: number) => n > 6), batch<number>(2)),
    [[7, 8]],
  ],
};

for (const [name, [stage, wanted]] of Object.entries(STAGES)) {
  Deno.test(`${name}: comes to the same however its input is cut, and leaves out empty chunks`, async () => {
    for (const size of [1, 2, 7]) {
      assert.deepEqual(await valuesOf(stage(fromArray(NUMBERS, size))), wanted);
      for await (const chunk of stage(fromArray(NUMBERS, size))) assert.ok(chunk.length > 0);
    }
  });
}

Deno.test("mapEither: the first Left fails the stream, what was before it has passed", async () => {
  const passed: number[] = [];
  const stage = compose(
    mapEither((n: number) => n < 3 ? E.right(n) : E.left(`no ${n}`)),
    tap((n: number) => void passed.push(n)),
  );
  assert.deepEqual(await collect(stage(fromArray(NUMBERS, 1)))(), E.left("no 3"));
  assert.deepEqual(passed, [1, 2]);
});

Deno.test("stopAt: fails at the next chunk after the signal, before the first where it is aborted", async () => {
  const stop = new AbortController();
  const passed: number[] = [];
  const stage = compose(
    stopAt<number, string>(stop.signal, () => "stopped"),
    tap((n: number) => {
      passed.push(n);
      if (n === 2) stop.abort();
    }),
  );
  assert.deepEqual(await collect(stage(fromArray(NUMBERS, 2)))(), E.left("stopped"));
  assert.deepEqual(passed, [1, 2]);
  assert.deepEqual(await collect(stage(fromArray(NUMBERS)))(), E.left("stopped"));
});

Deno.test("rate: the first second's worth is free, then each waits for its own", async () => {
  const waits: number[] = [];
  let now = 5000;
  const sleep = (ms: number): Promise<void> => {
    waits.push(ms);
    now += ms;
    return Promise.resolve();
  };
  const pass = rate(10, { now: () => now, sleep });
  await pass(10);
  await pass(5);
  now += 100_000;
  await pass(10);
  await pass(1);
  assert.deepEqual(waits, [500, 100]);
});
