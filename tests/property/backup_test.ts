/** Properties of `backup` over random histories of two accounts in memory. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { isNothing } from "../../lib/model/report.ts";
import { backup } from "../../lib/run/backup.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { unruly } from "../contract/unruly_store.ts";
import { run } from "../../lib/testing/content.ts";
import { act, anAct, newAccount, visible, World } from "./histories.ts";

const acts = fc.array(anAct, { maxLength: 30 });
const rounds = fc.array(fc.record({ source: acts, destination: acts }), {
  minLength: 1,
  maxLength: 3,
});

const lowestModSeqs = (state: ReturnType<typeof newAccount>) =>
  state.mailboxes.map((box) => [box.guid, box.mails.map(({ record }) => record.modSeq)] as const);

Deno.test("backup makes the destination equal, keeps the source, and then has nothing to do", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const world = new World();
      const source = newAccount(world);
      const destination = newAccount(world);
      for (const round of history) {
        round.source.forEach((a) => act(source, world, a));
        round.destination.forEach((a) => act(destination, world, a));
        const before = JSON.stringify(visible(source));
        const report = await run(backup(memoryStore(source), memoryStore(destination)));
        assert.deepEqual(report.problems, []);
        assert.ok(isNothing(report.left));
        assert.equal(JSON.stringify(visible(source)), before, "the source is only read");
        assert.deepEqual(visible(destination), visible(source));
        const there = new Map(lowestModSeqs(destination));
        for (const [id, modSeqs] of lowestModSeqs(source)) {
          modSeqs.forEach((wanted, i) =>
            assert.ok(there.get(id)![i]! >= wanted, "MODSEQ not lower")
          );
        }
        const again = await run(backup(memoryStore(source), memoryStore(destination)));
        assert.ok(isNothing(again.right), `a second run did ${JSON.stringify(again.right)}`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("backup comes to the same end however its streams are cut, and whatever call fails", async () => {
  await fc.assert(
    fc.asyncProperty(acts, acts, fc.integer({ min: 1, max: 60 }), async (mine, yours, failAt) => {
      const world = new World();
      const source = newAccount(world);
      const destination = newAccount(world);
      mine.forEach((a) => act(source, world, a));
      yours.forEach((a) => act(destination, world, a));
      const from = unruly(memoryStore(source), { chunk: 1, failAt: null });
      const failing = unruly(memoryStore(destination), { chunk: 2, failAt });
      const end = await backup(from, failing)();
      const failed = failing.calls() >= failAt;
      assert.equal(E.isLeft(end), failed, "a failed call fails the run, and only that");
      const report = await run(
        backup(from, unruly(memoryStore(destination), { chunk: 3, failAt: null })),
      );
      assert.deepEqual(report.problems, []);
      assert.deepEqual(visible(destination), visible(source));
    }),
    { numRuns: 200 },
  );
});
