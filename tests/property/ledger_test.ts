/** What a mirror tells of its decisions is all that happened, and nothing else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { guid128Hex } from "../../lib/codec/guid.ts";
import type { Decision } from "../../lib/model/decision.ts";
import { flagNames } from "../../lib/model/flags.ts";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import type { Side } from "../../lib/model/report.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState, StoredMailbox } from "../../lib/store/memory/memory_state.ts";
import type { FlagsChange } from "../../lib/sync/merge_flags.ts";
import { run } from "../../lib/testing/content.ts";
import {
  type BoxBefore,
  happenedTo,
  lineOf,
  type SeenBox,
  type SideStory,
  type Wishes,
  wrongReasons,
} from "./happened.ts";
import { type Act, act, anAct, newAccount, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_HISTORIES") ?? 300);

type Round = Readonly<Record<Side, readonly Act[]>>;

/** Days of both sides: `most` acts of these on each. */
const roundsOf = (one: fc.Arbitrary<Act>, most: number): fc.Arbitrary<Round[]> => {
  const acts = fc.array(one, { maxLength: most });
  return fc.array(fc.record({ left: acts, right: acts }), { minLength: 1, maxLength: 5 });
};

const tagged = <T extends Act["_tag"]>(tag: T) => fc.constant(tag);
const few = fc.nat({ max: 2 });
const flags = fc.nat({ max: 31 });
const inbox = { box: fc.constant(0) };

/** What is done to a few mails of the INBOX. */
const toFewMails: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ _tag: tagged("Save"), ...inbox, gap: few, flags }) },
  { weight: 8, arbitrary: fc.record({ _tag: tagged("Flag"), ...inbox, mail: few, flags }) },
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: tagged("Keyword"),
      ...inbox,
      mail: few,
      name: fc.constantFrom("work", "Work", "later"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Expunge"), ...inbox, mail: few }) },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: tagged("Copy"), ...inbox, mail: few, to: fc.constant(0) }),
  },
);

const box = fc.nat({ max: 4 });
const name = fc.constantFrom("A", "A/B", "D", "E");

/** What is done to a few names. */
const toFewNames: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ _tag: tagged("Save"), box, gap: few, flags }) },
  { weight: 4, arbitrary: fc.record({ _tag: tagged("Create"), name }) },
  { weight: 4, arbitrary: fc.record({ _tag: tagged("Rename"), box, name }) },
  { weight: 1, arbitrary: fc.record({ _tag: tagged("Delete"), box }) },
);

/** UIDNEXTs of mailboxes when the sides were last equal. */
type Settled = ReadonlyMap<StoredMailbox, number>;

const lower = (words: readonly string[]): readonly string[] =>
  words.map((word) => word.toLowerCase());

const boxOf = ({ name, guid, uidValidity, uidNext, mails }: StoredMailbox): SeenBox => ({
  name,
  guid,
  uidValidity,
  uidNext,
  mails: new Map(mails.map(({ record: { uid, guid, flags, keywords, modSeq } }) => [uid, {
    guid: guid128Hex(guid),
    flags: new Set(lower([...flagNames(flags), ...keywords])),
    modSeq,
  }])),
});

const wishesOf = ({ add, remove, addKeywords, removeKeywords }: FlagsChange): Wishes => ({
  set: new Set(lower([...flagNames(add), ...addKeywords])),
  cleared: new Set(lower([...flagNames(remove), ...removeKeywords])),
});

const boxBefore = (box: StoredMailbox, settled: Settled): BoxBefore => {
  const expunged = new Set<string>();
  const wishes = new Map<number, Wishes>();
  for (const change of box.changes) {
    if (change._tag === "Expunged") {
      if (!change.bySync && change.guid !== null) expunged.add(guid128Hex(change.guid));
    } else wishes.set(change.uid, wishesOf(change));
  }
  return { ...boxOf(box), commonUidNext: settled.get(box) ?? null, expunged, wishes };
};

/** The mailboxes of a side before a mirror; each stays the same object. */
const photograph = (
  state: MemoryState,
  settled: Settled,
): readonly (readonly [StoredMailbox, BoxBefore])[] =>
  state.mailboxes.map((box) => [box, boxBefore(box, settled)]);

/** Mirrors two accounts at the end of each round, and holds what is told against what happened. */
const holdAgainst = async (history: readonly Round[]): Promise<void> => {
  const world = new World();
  const sides = { left: newAccount(world), right: newAccount(world) };
  let memory = NO_MEMORY;
  const settled = new Map<StoredMailbox, number>();
  for (const round of history) {
    round.left.forEach((one) => act(sides.left, world, one));
    round.right.forEach((one) => act(sides.right, world, one));
    const before = {
      left: photograph(sides.left, settled),
      right: photograph(sides.right, settled),
    };
    const decisions: Decision[] = [];
    const end = await run(mirror(memoryStore(sides.left), memoryStore(sides.right), {
      memory,
      onEvent: (event) => {
        if (event._tag === "Decided") decisions.push(event.decision);
      },
    }));
    memory = end.memory;
    const storyOf = (side: Side): SideStory =>
      before[side].map(([box, was]) => ({
        was,
        is: sides[side].mailboxes.includes(box) ? boxOf(box) : null,
      }));
    const stories = { left: storyOf("left"), right: storyOf("right") };
    for (const side of ["left", "right"] as const) {
      const other = side === "left" ? "right" : "left";
      const told = decisions.filter((one) => one.side === side);
      assert.deepEqual(
        told.map(lineOf).sort(),
        happenedTo(stories[side], stories[other], told),
        side,
      );
      for (const box of sides[side].mailboxes) {
        settled.set(box, box.uidNext);
        // An index's log tells of each day alone.
        box.changes = box.changes.filter(({ _tag }) => _tag === "Expunged");
      }
    }
    assert.deepEqual(wrongReasons(decisions, stories), []);
  }
};

for (
  const [what, rounds] of [
    ["of a mirror", roundsOf(anAct, 25)],
    ["of a few mails that both sides change", roundsOf(toFewMails, 6)],
    ["of a few names that both sides change", roundsOf(toFewNames, 8)],
  ] as const
) {
  Deno.test(`all decisions ${what} are told once, with the right reason, and nothing else is`, async () => {
    await fc.assert(fc.asyncProperty(rounds, holdAgainst), { numRuns: RUNS });
  });
}
