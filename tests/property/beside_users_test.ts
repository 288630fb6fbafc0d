/** Mirrors while users are at work on both sides, whose logs forget: whatever nobody removed is there in the end, once. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { SyncError } from "../../lib/model/error.ts";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { mirror } from "../../lib/run/mirror.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { Chunks } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { type Act, act, newAccount, visible, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_HISTORIES") ?? 300) * 3;

/** What happens on one side at one moment. */
interface Event {
  readonly isLeft: boolean;
  /** null: the log is rotated twice, and knows nothing of the past. */
  readonly act: Act | null;
}

const number = fc.nat({ max: 20 });
const anEvent: fc.Arbitrary<Event> = fc.record({
  isLeft: fc.boolean(),
  act: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        _tag: fc.constant("Save" as const),
        box: fc.constant(0),
        gap: fc.constantFrom(0, 0, 3),
        flags: fc.constant(0),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        _tag: fc.constant("Expunge" as const),
        box: fc.constant(0),
        mail: number,
      }),
    },
    { weight: 2, arbitrary: fc.constant(null) },
  ),
});
const events = fc.array(anEvent, { maxLength: 12 });

/** A store whose users do something whenever it is asked for something. */
const beside = (store: Store, happen: () => void): Store => {
  const oneByOne = async function* (
    operations: Chunks<MailOperation, SyncError>,
  ): AsyncGenerator<readonly MailOperation[]> {
    for await (const chunk of operations) {
      for (const operation of chunk) {
        happen();
        yield [operation];
      }
    }
  };
  const wrap = (mailbox: Mailbox): Mailbox => {
    happen();
    return { ...mailbox, apply: (operations) => mailbox.apply(oneByOne(operations)) };
  };
  return { ...store, withMailbox: (id, use) => store.withMailbox(id, (box) => use(wrap(box))) };
};

const guidsIn = ({ mailboxes }: MemoryState): readonly string[] =>
  mailboxes.flatMap(({ mails }) => mails.map(({ record }) => record.guid as string));

/** Two accounts, and what their users did. */
class Lives {
  readonly world = new World();
  readonly left = newAccount(this.world);
  readonly right = newAccount(this.world);
  readonly saved = { left: new Set<string>(), right: new Set<string>() };
  readonly removed = new Set<string>();

  happen({ isLeft, act: what }: Event): void {
    const state = isLeft ? this.left : this.right;
    if (what === null) {
      const box = state.mailboxes[0]!;
      [box.changes, box.historyComplete] = [[], false];
      return;
    }
    const before = guidsIn(state);
    act(state, this.world, what);
    const after = new Set(guidsIn(state));
    const known = new Set(before);
    after.forEach((id) => !known.has(id) && this.saved[isLeft ? "left" : "right"].add(id));
    before.filter((id) => !after.has(id)).forEach((id) => this.removed.add(id));
  }

  /** Each mail that somebody saved and nobody removed is there once; none is there twice. */
  check(state: MemoryState, saved: ReadonlySet<string>): void {
    const there = guidsIn(state);
    for (const id of saved) {
      const count = there.filter((one) => one === id).length;
      if (this.removed.has(id)) assert.ok(count <= 1, `mail ${id} is not doubled`);
      else assert.equal(count, 1, `mail ${id} is there once`);
    }
  }
}

const rounds = fc.array(fc.record({ before: events, during: events }), {
  minLength: 1,
  maxLength: 4,
});
type Rounds = readonly { readonly before: readonly Event[]; readonly during: readonly Event[] }[];

/** Mirrors beside the users, round by round, and once more in peace. */
const live = async (history: Rounds, remembers: boolean, oneWay: boolean): Promise<Lives> => {
  const lives = new Lives();
  const [left, right] = [memoryStore(lives.left), memoryStore(lives.right)];
  // One mailbox from the start: two that become one would be filled anew under the users' hands.
  let { memory } = await run(mirror(left, right, { memory: NO_MEMORY }));
  for (const { before, during } of history) {
    before.forEach((event) => lives.happen(event));
    const still = [...during];
    const next = (): void => {
      const event = still.shift();
      if (event !== undefined) lives.happen(event);
    };
    const end = await run(mirror(beside(left, next), beside(right, next), { memory, oneWay }));
    memory = remembers ? end.memory : NO_MEMORY;
  }
  const { report } = await run(mirror(left, right, { memory, oneWay }));
  assert.deepEqual(report.problems, []);
  return lives;
};

Deno.test("mirror beside users whose logs forget loses no mail, doubles none, and ends equal", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.boolean(), async (history, remembers) => {
      const lives = await live(history, remembers, false);
      const { left, right, saved } = lives;
      assert.equal(JSON.stringify(visible(left)), JSON.stringify(visible(right)));
      lives.check(left, new Set([...saved.left, ...saved.right]));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("mirror, one way, beside users whose logs forget takes no mail from either side", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, fc.boolean(), async (history, remembers) => {
      const lives = await live(history, remembers, true);
      const { left, right, saved } = lives;
      lives.check(left, saved.left);
      const there = new Set(guidsIn(right));
      for (const id of [...saved.left, ...saved.right]) {
        assert.ok(there.has(id) || lives.removed.has(id), `mail ${id} is on the right side`);
      }
    }),
    { numRuns: RUNS },
  );
});
