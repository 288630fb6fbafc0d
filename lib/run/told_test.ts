import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { syncError } from "../model/error.ts";
import type { SyncEvent } from "../model/report.ts";
import { collect, StreamFailure } from "../stream/chunks.ts";
import { attempt, run, SyncFailure } from "./promise.ts";
import { told } from "./told.ts";

const ERROR = syncError("Io", "run", { path: "/x", uid: 3 }, "it broke");
const event: SyncEvent = { _tag: "Problem", error: ERROR };

Deno.test("told: each event in order, what the run gives at the end, and nothing before it is read", async () => {
  let begun = 0;
  const stream = told(({ onEvent }) => async () => {
    begun++;
    onEvent(event);
    await Promise.resolve();
    onEvent(event);
    return E.right(7);
  });
  assert.equal(begun, 0);
  assert.deepEqual(await run(collect(stream)), [event, event, { _tag: "Ended", result: 7 }]);
  assert.equal(begun, 1);
});

Deno.test("told: fails as the run does, behind what it told", async () => {
  const tags: string[] = [];
  const stream = told(({ onEvent }) => () => {
    onEvent(event);
    return TE.left(ERROR)();
  });
  await assert.rejects(async () => {
    for await (const chunk of stream) tags.push(...chunk.map(({ _tag }) => _tag));
  }, StreamFailure);
  assert.deepEqual(tags, ["Problem"]);
});

Deno.test("told: who leaves early stops the run, and waits for its end", async () => {
  let hasEnded = false;
  const stream = told(({ onEvent, signal }) => async () => {
    onEvent(event);
    await new Promise<void>((go) => signal.addEventListener("abort", () => go()));
    hasEnded = true;
    return E.left(ERROR);
  });
  for await (const _ of stream) break;
  assert.ok(hasEnded);
});

Deno.test("run: gives the value, or throws the error as text with the value in it", async () => {
  assert.equal(await run(TE.right(1)), 1);
  await assert.rejects(run(TE.left(ERROR)), (thrown) => {
    assert.ok(thrown instanceof SyncFailure && thrown instanceof Error);
    assert.equal(thrown.error, ERROR);
    assert.equal(`${thrown}`, "SyncFailure: UID 3, /x: it broke");
    return true;
  });
});

Deno.test("attempt: what run threw becomes an error value, anything else is a defect", async () => {
  assert.deepEqual(await attempt(() => Promise.resolve(1))(), E.right(1));
  assert.deepEqual(await attempt(() => run(TE.left(ERROR)))(), E.left(ERROR));
  const defect = new TypeError("a defect");
  await assert.rejects(attempt(() => Promise.reject(defect)), defect);
});
