import assert from "node:assert/strict";
import { type SyncError, syncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import type { Side } from "../model/report.ts";
import type { SyncMemory } from "../model/memory.ts";
import type { Mail } from "../model/mail.ts";
import { overlaid, overMailboxes } from "../port/overlaid.ts";
import type { Fetched, Store } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { failStream, map } from "../stream/chunks.ts";
import { allDone, applyTo, BOX, CREATE, run } from "../testing/content.ts";
import { hexGuid, saveOf } from "../testing/mails.ts";
import { mirror } from "./mirror.ts";

/** How a mail shows that it cannot be read. */
type Way = "at once" | "on the way";

const WHAT = "of no use";
const damaged = (uid: Uid): SyncError => syncError("Damaged", "message", { uid }, WHAT);

const brokenMail = (mail: Mail): Mail => ({
  ...mail,
  body: (async function* () {
    yield await Promise.resolve(Uint8Array.of(65));
    failStream(damaged(mail.uid));
  })(),
});

/** The store, which cannot read the mails with these GUIDs. */
const damagedStore = (state: MemoryState, guids: ReadonlySet<string>, way: Way): Store =>
  overMailboxes(memoryStore(state), (mailbox) =>
    overlaid(mailbox, {
      fetch: (wanted) =>
        map((one: Fetched): Fetched => {
          if (one._tag !== "Mail" || !guids.has(one.mail.guid)) return one;
          return way === "at once"
            ? { _tag: "Lost", uid: one.mail.uid, error: damaged(one.mail.uid) }
            : { _tag: "Mail", mail: brokenMail(one.mail) };
        })(mailbox.fetch(wanted)),
    }));

/** Two sides, one of which has a damaged mail. */
class Pair {
  readonly states = { left: emptyState(), right: emptyState() };
  readonly damaged = new Set<string>();
  #memory: SyncMemory | undefined;

  constructor(readonly bad: Side, readonly way: Way) {}

  static async with(bad: Side, way: Way): Promise<Pair> {
    const pair = new Pair(bad, way);
    await run(memoryStore(pair.states[bad]).applyTree(CREATE));
    return pair;
  }

  async save(side: Side, ...uids: readonly number[]): Promise<void> {
    const store = memoryStore(this.states[side]);
    // A mail is known by who saved it.
    const guidAt = (uid: number) => hexGuid(side === "left" ? uid : 1000 + uid);
    allDone(await applyTo(store, BOX, uids.map((uid) => saveOf({ uid, guid: guidAt(uid) }))));
  }

  /** Mirrors; gives the UIDs that are named as problems. */
  async mirror(): Promise<readonly (number | undefined)[]> {
    const open = (side: Side): Store =>
      side === this.bad
        ? damagedStore(this.states[side], this.damaged, this.way)
        : memoryStore(this.states[side]);
    const options = this.#memory === undefined ? {} : { memory: this.#memory };
    const { report, memory } = await run(mirror(open("left"), open("right"), options));
    this.#memory = memory;
    for (const problem of report.problems) assert.equal(problem.what, WHAT);
    return report.problems.map(({ where }) => where.uid);
  }

  uids(side: Side): readonly number[] {
    return this.states[side].mailboxes[0]!.mails.map(({ record }) => record.uid as number);
  }

  /** What each side has: the damaged one's first. */
  get all(): readonly [readonly number[], readonly number[]] {
    return [this.uids(this.bad), this.uids(this.bad === "left" ? "right" : "left")];
  }
}

for (const bad of ["left", "right"] as const) {
  for (const way of ["at once", "on the way"] as const) {
    const other = bad === "left" ? "right" : "left";
    const guidAt = (uid: number) => hexGuid(bad === "left" ? uid : 1000 + uid);

    Deno.test(`mirror: a mail that the ${bad} side cannot read, as shows ${way}, keeps its UID`, async () => {
      const pair = await Pair.with(bad, way);
      await pair.save(bad, 1, 2);
      pair.damaged.add(guidAt(1));
      assert.deepEqual(await pair.mirror(), [1]);
      assert.deepEqual(pair.all, [[1, 2], [2]]);
      assert.deepEqual(await pair.mirror(), [1], "each run names it");
      assert.deepEqual(pair.all, [[1, 2], [2]]);

      await pair.save(other, 3);
      await pair.save(bad, 4);
      assert.deepEqual(await pair.mirror(), [1]);
      assert.deepEqual(pair.all, [[1, 2, 4, 5], [2, 4, 5]], "all else goes on");

      pair.damaged.clear();
      assert.deepEqual(await pair.mirror(), []);
      assert.deepEqual(pair.all, [[2, 4, 5, 6], [2, 4, 5, 6]], "it can be read again");
    });

    Deno.test(`mirror: one of the ${bad} side whose UID is another mail's there moves once, as shows ${way}`, async () => {
      const pair = await Pair.with(bad, way);
      assert.deepEqual(await pair.mirror(), []);
      await pair.save(bad, 1);
      await pair.save(other, 1);
      pair.damaged.add(guidAt(1));
      assert.equal((await pair.mirror()).length, 1);
      const [own, theirs] = pair.all;
      assert.equal(own.length, 2);
      assert.equal(theirs.length, 1);
      assert.equal((await pair.mirror()).length, 1);
      assert.deepEqual(pair.all, [own, theirs]);
    });
  }
}
