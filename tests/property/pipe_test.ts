/** Properties of syncs over a pipe: they end as in one process, and nothing is lost wherever the pipe breaks. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { run } from "../../lib/testing/content.ts";
import { type Act, act, anAct, newAccount, visible, World } from "./histories.ts";
import { byProtocol, type Cut, overPipe } from "./pipes.ts";

const RUNS = Math.ceil(Number(Deno.env.get("DSYNC_HISTORIES") ?? 300) / 3);

const acts = fc.array(anAct, { maxLength: 25 });
const rounds = fc.array(fc.record({ left: acts, right: acts }), { minLength: 1, maxLength: 4 });

const directories = (state: MemoryState): string => JSON.stringify(visible(state));

/** All that stands in an account, MODSEQs included. */
const whole = (state: MemoryState): string =>
  JSON.stringify(
    state,
    (_, value) =>
      typeof value === "bigint" ? `${value}n` : value instanceof Set ? [...value] : value,
  );

interface Round {
  readonly left: readonly Act[];
  readonly right: readonly Act[];
}

/** What stands in both accounts after a history, mirrored after each round in one process or over a pipe. */
const endOf = async (
  history: readonly Round[],
  piece: number | null,
): Promise<readonly string[]> => {
  const world = new World();
  const [left, right] = [newAccount(world), newAccount(world)];
  let memory = NO_MEMORY;
  for (const round of history) {
    round.left.forEach((a) => act(left, world, a));
    round.right.forEach((a) => act(right, world, a));
    const [one, two] = [memoryStore(left), memoryStore(right)];
    if (piece !== null) {
      const { mirror: end, server } = await overPipe(one, two, { piece, memory });
      assert.ok(E.isRight(end), JSON.stringify(end));
      assert.ok(E.isRight(server), JSON.stringify(server));
      memory = end.right.memory;
    } else memory = (await run(mirror(one, two, { memory }))).memory;
  }
  return [whole(left), whole(right)];
};

Deno.test("mirror over a pipe between two of ours ends as in one process", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.constantFrom(7, 65_536), async (history, piece) => {
      assert.deepEqual(await endOf(history, piece), await endOf(history, null));
    }),
    { numRuns: RUNS },
  );
});

/** So many that of a mailbox that both have digests are told. */
const SAVES = Array.from({ length: 1100 }, (): Act => ({ _tag: "Save", box: 0, gap: 0, flags: 0 }));

Deno.test("the same of a mailbox with many mails", async () => {
  const first: Round = { left: SAVES, right: [] };
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const whole = [first, ...history];
      assert.deepEqual(await endOf(whole, 65_536), await endOf(whole, null));
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
});

const guidsIn = (...states: readonly MemoryState[]): Set<string> =>
  new Set(
    states.flatMap((state) =>
      state.mailboxes.flatMap((box) => box.mails.map((m) => m.record.guid))
    ),
  );

/** A pair that has been equal once, and has changed in every way on both sides since. */
const changedPair = async (
  before: readonly Act[] = [],
): Promise<readonly [MemoryState, MemoryState]> => {
  const world = new World();
  const [left, right] = [newAccount(world), newAccount(world)];
  const save = (box: number, flags = 0): Act => ({ _tag: "Save", box, gap: 0, flags });
  const first: readonly Act[] = [
    { _tag: "Create", name: "A" },
    { _tag: "Create", name: "A/B" },
    ...before,
    ...[0, 0, 0, 1, 1, 2].map((box) => save(box)),
  ];
  first.forEach((a) => act(left, world, a));
  await run(mirror(memoryStore(left), memoryStore(right)));
  const onLeft: readonly Act[] = [
    save(0, 2),
    { _tag: "Flag", box: 0, mail: 0, flags: 8 },
    { _tag: "Expunge", box: 0, mail: 1 },
    { _tag: "Rename", box: 2, name: "E" },
    { _tag: "Subscribe", name: "A" },
    { _tag: "Create", name: "D" },
    save(3),
  ];
  const onRight: readonly Act[] = [
    save(0),
    save(0),
    { _tag: "Keyword", box: 0, mail: 2, name: "work" },
    { _tag: "Expunge", box: 1, mail: 0 },
    save(1),
    { _tag: "Create", name: "F" },
  ];
  onLeft.forEach((a) => act(left, world, a));
  onRight.forEach((a) => act(right, world, a));
  return [left, right];
};

/** Where a pipe may break: behind each line that is sent, and in the middle of each. */
const cutsOf = (end: Cut["end"], sent: readonly Uint8Array[]): readonly Cut[] => {
  const ends: number[] = [0];
  let at = 0;
  for (const bytes of sent) {
    for (const byte of bytes) {
      at++;
      if (byte === 10 && ends.at(-1) !== at) ends.push(at);
    }
  }
  if (ends.at(-1) !== at) ends.push(at);
  return ends.flatMap((after, i) => [
    { end, after },
    ...(i + 1 < ends.length ? [{ end, after: (after + ends[i + 1]!) >> 1 }] : []),
  ]).filter(({ after }) => after < at);
};

const everyCut = (sent: Readonly<Record<Cut["end"], readonly Uint8Array[]>>): readonly Cut[] => [
  ...cutsOf("master", sent.master),
  ...cutsOf("slave", sent.slave),
];

interface Broken {
  /** What the cut run says of itself, as both ends have it: null where it says that all is well. */
  readonly failures: readonly unknown[];
}

/** Breaks a sync everywhere: it is never done silently, nothing is lost, and the next run ends as an unbroken one. */
const breakEverywhere = async (
  cuts: readonly Cut[],
  start: () => Promise<readonly [MemoryState, MemoryState]>,
  expected: readonly [MemoryState, MemoryState],
  isGoodbye: (cut: Cut) => boolean,
  broken: (pair: readonly [MemoryState, MemoryState], cut: Cut) => Promise<Broken>,
  rerun: (pair: readonly [MemoryState, MemoryState]) => Promise<void>,
): Promise<void> => {
  const kept = guidsIn(...expected);
  for (const cut of cuts) {
    const where = `${cut.end} cut after ${cut.after} bytes`;
    const pair = await start();
    const { failures } = await broken(pair, cut);
    // Only the goodbye may be missed by nobody: then all is done.
    if (failures.every((failure) => failure === null)) {
      assert.ok(isGoodbye(cut), `${where}: no end says so`);
      assert.equal(directories(pair[0]), directories(pair[1]), where);
    }
    const there = guidsIn(...pair);
    assert.deepEqual([...kept].filter((id) => !there.has(id)), [], `${where}: lost`);
    await rerun(pair);
    assert.equal(directories(pair[0]), directories(pair[1]), where);
    assert.deepEqual([...guidsIn(pair[0])].sort(), [...kept].sort(), where);
  }
};

const failureIn = (end: E.Either<unknown, unknown>): unknown => E.isLeft(end) ? end.left : null;

Deno.test("a session of Dovecot's protocol, cut at every line: said, nothing lost, mended by the next", async () => {
  const expected = await changedPair();
  const plain = await byProtocol(memoryStore(expected[0]), memoryStore(expected[1]));
  assert.ok(E.isRight(plain.master), JSON.stringify(plain.master));
  assert.equal(directories(expected[0]), directories(expected[1]));
  const cuts = everyCut(plain.sent);
  assert.ok(cuts.length > 100, `${cuts.length} cuts`);
  const said = plain.sent.slave.reduce((sum, { length }) => sum + length, 0);
  await breakEverywhere(
    cuts,
    changedPair,
    expected,
    ({ end, after }) => end === "slave" && after >= said - "X\n".length,
    async ([left, right], cut) => {
      const { master, slaves } = await byProtocol(memoryStore(left), memoryStore(right), { cut });
      return { failures: [failureIn(master), ...slaves] };
    },
    async ([left, right]) => {
      const { master } = await byProtocol(memoryStore(left), memoryStore(right));
      assert.ok(E.isRight(master), JSON.stringify(master));
      assert.deepEqual(master.right.report.problems, []);
    },
  );
});

const breakServed = async (before: readonly Act[], everyBytes: number): Promise<void> => {
  const start = () => changedPair(before);
  const expected = await start();
  const plain = await overPipe(memoryStore(expected[0]), memoryStore(expected[1]));
  assert.ok(E.isRight(plain.mirror));
  assert.equal(directories(expected[0]), directories(expected[1]));
  // Its frames have no lines: behind every few bytes.
  const total = (pieces: readonly Uint8Array[]) => pieces.reduce((n, { length }) => n + length, 0);
  const cuts = (["master", "slave"] as const).flatMap((end) =>
    Array.from({ length: Math.floor((total(plain.sent[end]) - 1) / everyBytes) }, (_, i): Cut => ({
      end,
      after: everyBytes * i,
    }))
  );
  assert.ok(cuts.length > 100, `${cuts.length} cuts`);
  await breakEverywhere(
    cuts,
    start,
    expected,
    () => false,
    async ([left, right], cut) => {
      const end = await overPipe(memoryStore(left), memoryStore(right), { cut });
      const problems = E.isRight(end.mirror) ? end.mirror.right.report.problems : [];
      return { failures: [failureIn(end.mirror), failureIn(end.server), problems[0] ?? null] };
    },
    async ([left, right]) => {
      const { report } = await run(mirror(memoryStore(left), memoryStore(right)));
      assert.deepEqual(report.problems, []);
    },
  );
};

Deno.test("a mirror with a served store, cut behind every few bytes: said, nothing lost, mended by the next", () =>
  breakServed([], 23));

Deno.test("the same of a mailbox with many mails, of which digests are told", () =>
  breakServed(SAVES, 331));
