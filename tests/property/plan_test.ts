/** Properties of plans: what a dry run tells is what the real one does, and only what still fits is carried out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SyncMemory } from "../../lib/model/memory.ts";
import type { PlanStep } from "../../lib/model/plan.ts";
import type { Report, Side } from "../../lib/model/report.ts";
import type { Store } from "../../lib/port/store.ts";
import { Approval, approved } from "../../lib/run/approved.ts";
import { backup } from "../../lib/run/backup.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { recorded } from "../../lib/run/recorded.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { shadowStore } from "../../lib/store/shadow/shadow_store.ts";
import { planKey } from "../../lib/sync/plan_key.ts";
import { run } from "../../lib/testing/content.ts";
import { act, anAct, newAccount, visible, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_HISTORIES") ?? 300);
const acts = fc.array(anAct, { maxLength: 25 });

type Verb = "mirror" | "backup";
const verb = fc.constantFrom<Verb>("mirror", "backup");

type Sides = Readonly<Record<Side, MemoryState>>;

/** Two accounts, and what their last mirror remembered. */
interface Accounts {
  readonly sides: Sides;
  readonly memory: SyncMemory;
}

/** Two accounts with a common past, then changed on their own. */
const accountsOf = async (past: Parameters<typeof act>[2][][], world: World): Promise<Accounts> => {
  const sides = { left: newAccount(world), right: newAccount(world) };
  const [l1, r1, l2, r2] = past;
  l1!.forEach((one) => act(sides.left, world, one));
  r1!.forEach((one) => act(sides.right, world, one));
  const { memory } = await run(mirror(memoryStore(sides.left), memoryStore(sides.right)));
  l2!.forEach((one) => act(sides.left, world, one));
  r2!.forEach((one) => act(sides.right, world, one));
  return { sides, memory };
};

const past = fc.tuple(acts, acts, acts, acts).map((four) => [...four]);

interface Done {
  readonly report: Report;
  readonly memory: SyncMemory;
}

const runOver = async (
  what: Verb,
  left: Store,
  right: Store,
  memory: SyncMemory,
): Promise<Done> =>
  what === "backup"
    ? { report: await run(backup(left, right)), memory }
    : await run(mirror(left, right, { memory }));

/** The steps of a run; over shadows the two accounts stay as they are. */
const stepsOf = async (
  what: Verb,
  { sides, memory }: Accounts,
  over: (store: Store) => Store,
): Promise<readonly PlanStep[]> => {
  const steps: PlanStep[] = [];
  const open = (side: Side): Store =>
    recorded(over(memoryStore(sides[side])), side, (step) => steps.push(step));
  const { report } = await runOver(what, open("left"), open("right"), memory);
  assert.deepEqual(report.problems, []);
  return steps;
};

const text = (state: MemoryState): string =>
  JSON.stringify(
    { ...state, directories: [...state.directories], subscriptions: [...state.subscriptions] },
    (_, value) => typeof value === "bigint" ? String(value) : value,
  );

Deno.test("a dry run changes nothing, and tells exactly what the real run then does", async () => {
  await fc.assert(
    fc.asyncProperty(verb, past, async (what, history) => {
      const accounts = await accountsOf(history, new World());
      const { sides } = accounts;
      const before = [text(sides.left), text(sides.right)];
      const plan = await stepsOf(what, accounts, shadowStore);
      assert.deepEqual([text(sides.left), text(sides.right)], before);
      const done = await stepsOf(what, accounts, (store) => store);
      assert.deepEqual(plan, done);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("a plan that is carried out at once ends like the run that it was made of", async () => {
  await fc.assert(
    fc.asyncProperty(verb, past, async (what, history) => {
      const accounts = await accountsOf(history, new World());
      const { sides, memory } = accounts;
      const plan = await stepsOf(what, accounts, shadowStore);
      const approval = new Approval(plan);
      const { report } = await runOver(
        what,
        approved(memoryStore(sides.left), "left", approval),
        approved(memoryStore(sides.right), "right", approval),
        memory,
      );
      assert.deepEqual(report.problems, []);
      assert.deepEqual(approval.left().map(planKey), []);
      assert.deepEqual(visible(sides.left), visible(sides.right));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("of a plan that no longer fits only planned steps are done, and a later mirror settles the rest", async () => {
  await fc.assert(
    fc.asyncProperty(verb, past, acts, fc.boolean(), async (what, history, since, isLeft) => {
      const world = new World();
      const accounts = await accountsOf(history, world);
      const { sides, memory } = accounts;
      const plan = await stepsOf(what, accounts, shadowStore);
      since.forEach((one) => act(isLeft ? sides.left : sides.right, world, one));
      const expected = structuredClone(sides);
      await run(mirror(memoryStore(expected.left), memoryStore(expected.right), { memory }));
      const approval = new Approval(plan);
      const done: PlanStep[] = [];
      const open = (side: Side): Store =>
        approved(
          recorded(memoryStore(sides[side]), side, (step) => done.push(step)),
          side,
          approval,
        );
      const end = await runOver(what, open("left"), open("right"), memory);
      const planned = new Set(plan.map(planKey));
      const saved = new Set<unknown>();
      for (const step of done) {
        if (step._tag === "Mail" && step.operation._tag === "CopyMail") {
          saved.add(`${step.side} ${step.mailbox} ${step.operation.uid}`);
        }
        // What was saved by the same run may be taken back.
        const isTakenBack = step._tag === "Mail" && step.operation._tag === "Expunge" &&
          saved.has(`${step.side} ${step.mailbox} ${step.operation.uid}`);
        assert.ok(isTakenBack || planned.has(planKey(step)), `not planned: ${planKey(step)}`);
      }
      const later = await run(
        mirror(memoryStore(sides.left), memoryStore(sides.right), { memory: end.memory }),
      );
      assert.deepEqual(later.report.problems, []);
      assert.deepEqual(visible(sides.left), visible(sides.right));
      if (what === "mirror") assert.deepEqual(guids(sides.left), guids(expected.left));
    }),
    { numRuns: RUNS },
  );
});

/** All mails, whatever their mailbox and UID. */
const guids = ({ mailboxes }: MemoryState): readonly string[] =>
  mailboxes.flatMap(({ mails }) => mails.map(({ record }) => record.guid as string)).sort();
