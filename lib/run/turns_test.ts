import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import fc from "fast-check";
import { inTurns, type Place, Turn } from "./turns.ts";

/** Lets everything that can go on go on. */
const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

const OK: Either<string, void> = E.right(undefined);

Deno.test("inTurns: without ahead one is done before the next begins, and a failure is the end", async () => {
  const notes: string[] = [];
  const end = await inTurns([1, 2, 3], false, async (item, { turn }) => {
    notes.push(`${item} begins`);
    turn.callNext();
    await settle();
    notes.push(`${item} ends`);
    return item === 2 ? E.left("two") : OK;
  });
  assert.deepEqual(end, E.left("two"));
  assert.deepEqual(notes, ["1 begins", "1 ends", "2 begins", "2 ends"]);
});

Deno.test("inTurns: ahead, the next one looks while the last has its turn, and changes when it is released", async () => {
  const notes: string[] = [];
  const work = async (
    item: number,
    { turn, behindOthers }: Place,
  ): Promise<Either<string, void>> => {
    notes.push(`${item} looks`);
    const claimed = turn.claim();
    turn.callNext();
    await claimed;
    await settle();
    notes.push(`${item} changes`);
    turn.release();
    await settle();
    await settle();
    notes.push(`${item} looks again`);
    await behindOthers();
    notes.push(`${item} is told of`);
    return OK;
  };
  await inTurns([1, 2, 3], true, work);
  assert.deepEqual(notes, [
    "1 looks",
    "2 looks",
    "1 changes",
    "2 changes",
    "1 looks again",
    "1 is told of",
    "3 looks",
    "3 changes",
    "2 looks again",
    "2 is told of",
    "3 looks again",
    "3 is told of",
  ]);
});

Deno.test("inTurns: ahead, where one fails the next, if it has begun, is waited for, and no more begin", async () => {
  const notes: string[] = [];
  const end = await inTurns([1, 2, 3], true, async (item, { turn }) => {
    turn.callNext();
    await settle();
    if (item === 1) return E.left("one");
    await settle();
    notes.push(`${item} ends`);
    return E.left("another");
  });
  assert.deepEqual([end, notes], [E.left("one"), ["2 ends"]]);
});

Deno.test("inTurns: a defect is thrown", async () => {
  for (const ahead of [true, false]) {
    await assert.rejects(
      inTurns(
        [1, 2],
        ahead,
        (item) => item === 1 ? Promise.reject(new Error("x")) : settle().then(() => OK),
      ),
      /x/,
    );
  }
});

Deno.test("inTurns: whatever is claimed and when, changes never overlap, two are under way at most, all is told in order", async () => {
  const step = fc.constantFrom("claim", "release", "callNext", "wait");
  const plans = fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(plans, fc.boolean(), async (all, ahead) => {
    let [changing, underWay] = [0, 0];
    const told: number[] = [];
    const end = await inTurns(all.entries(), ahead, async ([i, plan], { turn, behindOthers }) => {
      underWay++;
      assert.ok(underWay <= (ahead ? 2 : 1));
      let has = false;
      for (const what of plan) {
        if (what === "claim") {
          await turn.claim();
          if (!has) changing++;
          has = true;
          assert.equal(changing, 1);
        } else if (what === "release") {
          if (has) changing--;
          has = false;
          turn.release();
        } else if (what === "callNext") turn.callNext();
        else await settle();
      }
      if (has) changing--;
      await behindOthers();
      told.push(i);
      underWay--;
      return OK;
    });
    assert.deepEqual(end, OK);
    assert.deepEqual(told, [...all.keys()]);
  }));
});

Deno.test("Turn.alone: is had at once, as often as it is claimed", async () => {
  const turn = Turn.alone();
  await turn.claim();
  await turn.claim();
  turn.release();
  await turn.claim();
});
