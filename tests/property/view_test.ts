/** Whatever the histories: what a view hides is deleted nowhere. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SyncError } from "../../lib/model/error.ts";
import { isNothing } from "../../lib/model/report.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { compareStores } from "../../lib/run/compare.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { onlyMails } from "../../lib/store/view/only_mails.ts";
import { run } from "../../lib/testing/content.ts";
import { act, anAct, newAccount, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_RUNS") ?? 60);
/** Without copies: which of several mails of one GUID has gone could not be told. */
const acts = fc.array(anAct.filter(({ _tag }) => _tag !== "Copy"), { maxLength: 12 });

/** Hides about half of all mails, always the same ones. */
const isHidden = (guid: string): boolean =>
  [...guid].reduce((n, c) => n * 31 + c.charCodeAt(0), 7) % 2 === 0;
const part = (state: MemoryState): Store =>
  onlyMails(({ guid }) => !isHidden(guid))(memoryStore(state));

const mailsOf = (state: MemoryState): ReadonlySet<string> =>
  new Set(state.mailboxes.flatMap(({ mails }) => mails.map(({ record }) => record.guid)));

const hiddenOf = (state: MemoryState): readonly string[] => [...mailsOf(state)].filter(isHidden);

const allIn = (guids: readonly string[], state: MemoryState, what: string): void => {
  const there = mailsOf(state);
  assert.deepEqual(guids.filter((guid) => !there.has(guid)), [], what);
};

/** What has to stay is refused, and with it what wanted its name. */
const onlyRefused = (problems: readonly SyncError[]): void => {
  const tags = new Set(problems.map(({ _tag }) => _tag));
  if (tags.has("Unsafe")) tags.delete("Unfit");
  tags.delete("Unsafe");
  assert.equal(tags.size, 0, JSON.stringify(problems));
};

/** Two accounts that were equal once, and then lived. */
const lives = fc.tuple(acts, acts, acts, acts);

const start = async ([a1, b1, a2, b2]: readonly (readonly Parameters<typeof act>[2][])[]) => {
  const world = new World();
  const [left, right] = [newAccount(world), newAccount(world)];
  a1!.forEach((one) => act(left, world, one));
  b1!.forEach((one) => act(right, world, one));
  const { memory } = await run(mirror(memoryStore(left), memoryStore(right)));
  const common = mailsOf(left);
  a2!.forEach((one) => act(left, world, one));
  b2!.forEach((one) => act(right, world, one));
  return { left, right, common, memory };
};

Deno.test("a backup of a part: hidden mails stay on both sides, the rest is equal, and then there is nothing to do", async () => {
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const { left, right } = await start(life);
      const [mine, hidden] = [mailsOf(left), hiddenOf(left)];
      const theirs = hidden.filter((guid) => mailsOf(right).has(guid));
      const first = await run(backup(part(left), memoryStore(right)));
      allIn([...mine], left, "the source is only read");
      allIn(theirs, right, "what the source hides stays in the copy");
      onlyRefused(first.problems);
      const second = await run(backup(part(left), memoryStore(right)));
      assert.ok(isNothing(second.right), JSON.stringify(second.right));
      const { findings } = await run(compareStores(part(left), memoryStore(right)));
      assert.deepEqual(findings.filter(({ field }) => field === "mail" || field === "flags"), []);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a backup into a part: what the copy hides stays in it", async () => {
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const { left, right } = await start(life);
      const hidden = hiddenOf(right);
      const { problems } = await run(backup(memoryStore(left), part(right)));
      allIn(hidden, right, "hidden in the copy");
      onlyRefused(problems);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a mirror of a part: hidden mails stay on both sides, also when all is shown again", async () => {
  await fc.assert(
    fc.asyncProperty(lives, async (life) => {
      const { left, right, common, memory: before } = await start(life);
      const hidden = hiddenOf(left);
      const theirs = hidden.filter((guid) => mailsOf(right).has(guid));
      const first = await run(mirror(part(left), memoryStore(right), { memory: before }));
      allIn(hidden, left, "hidden on the left");
      allIn(theirs, right, "hidden on the left, on the right");
      onlyRefused(first.report.problems);
      const { memory } = first;
      const again = await run(mirror(part(left), memoryStore(right), { memory }));
      assert.ok(isNothing(again.report.left) && isNothing(again.report.right));
      // What logs forget must not turn what was never carried over into something that was expunged.
      for (const box of right.mailboxes) box.historyComplete = false;
      await run(mirror(memoryStore(left), memoryStore(right), { memory }));
      allIn(hidden.filter((guid) => !common.has(guid)), left, "shown again");
    }),
    { numRuns: RUNS },
  );
});
