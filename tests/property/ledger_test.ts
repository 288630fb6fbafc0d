/** What a mirror tells of its decisions is all that happened, and nothing else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { guid128Hex } from "../../lib/codec/guid.ts";
import type { Decision } from "../../lib/model/decision.ts";
import { flagNames, type Flags } from "../../lib/model/flags.ts";
import type { MailRecord } from "../../lib/model/mail.ts";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import type { Side } from "../../lib/model/report.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState, StoredMailbox } from "../../lib/store/memory/memory_state.ts";
import { isWholesale } from "../../lib/sync/merge_flags.ts";
import { run } from "../contract/content.ts";
import { act, anAct, newAccount, World } from "./histories.ts";

const RUNS = Number(Deno.env.get("DSYNC_HISTORIES") ?? 300);

const acts = fc.array(anAct, { maxLength: 25 });
const rounds = fc.array(fc.record({ left: acts, right: acts }), { minLength: 1, maxLength: 5 });

/** A mailbox before a mirror: the mailbox itself, which stays the same object, and a copy of what it was. */
interface Before {
  readonly box: StoredMailbox;
  readonly was: StoredMailbox;
}

const photograph = (state: MemoryState): readonly Before[] =>
  state.mailboxes.map((box) => ({ box, was: structuredClone(box) }));

/** HIGHESTMODSEQ of mailboxes when the last mirror was done. */
type Settled = ReadonlyMap<StoredMailbox, bigint>;

/** What happened to a side, as lines that the decisions must also come to. */
const happenedTo = (
  state: MemoryState,
  before: readonly Before[],
  told: readonly Decision[],
  settled: Settled,
): readonly string[] => {
  const lines: string[] = [];
  for (const { box, was } of before) {
    if (!state.mailboxes.includes(box)) {
      lines.push(`mailbox removed: ${was.name}`);
      continue;
    }
    if (box.name !== was.name) lines.push(`mailbox renamed: ${was.name} ${box.name}`);
    if (box.guid !== was.guid || box.uidValidity !== was.uidValidity) {
      lines.push(`mailbox merged: ${box.name}`);
    }
    lines.push(...mailsOf(box, was, told, settled));
  }
  return lines;
};

/** Keywords are the same in any case. */
const hasKeyword = ({ keywords }: MailRecord, name: string): boolean =>
  keywords.some((one) => one.toLowerCase() === name.toLowerCase());

const mailsOf = (
  box: StoredMailbox,
  was: StoredMailbox,
  told: readonly Decision[],
  settled: Settled,
): readonly string[] => {
  const lines: string[] = [];
  const now = new Map(box.mails.map(({ record }) => [record.uid as number, record]));
  const then = new Map(was.mails.map(({ record }) => [record.uid as number, record]));
  const isSame = (uid: number): boolean =>
    now.has(uid) && then.has(uid) && now.get(uid)!.guid === then.get(uid)!.guid;
  const gone = [...then.values()].filter(({ uid }) => !isSame(uid));
  const come = [...now.values()].filter(({ uid }) => !isSame(uid));
  // Of copies of one mail it cannot be seen which went where: that much is taken from what was told, and checked.
  const moved = new Map<number, number>();
  for (const { kind, mailbox, uid, to } of told) {
    if (kind !== "renumbered" || mailbox !== box.name) continue;
    const [from, target] = [then.get(uid!), now.get(Number(to))];
    if (from !== undefined && from.guid === target?.guid) moved.set(uid!, Number(to));
  }
  const targets = new Set(moved.values());
  for (const { uid } of gone) {
    if (moved.has(uid)) lines.push(`renumbered: ${box.name} ${uid} ${moved.get(uid)}`);
    else lines.push(`removed: ${box.name} ${uid}`);
  }
  const expunged = new Set(
    was.changes.flatMap((change) =>
      change._tag === "Expunged" && !change.bySync && change.guid !== null
        ? [guid128Hex(change.guid)]
        : []
    ),
  );
  for (const { uid, guid } of come) {
    if (!targets.has(uid) && expunged.has(guid128Hex(guid))) {
      lines.push(`came back: ${box.name} ${uid}`);
    }
  }
  for (const change of was.changes) {
    // What was there when the sides were last equal is settled.
    if (change._tag !== "FlagsChanged" || change.modSeq <= (settled.get(box) ?? 0n)) continue;
    const before = then.get(change.uid);
    const after = now.get(moved.get(change.uid) ?? change.uid);
    if (before === undefined || after?.guid !== before.guid) continue;
    const undone = [
      ...flagNames((change.add & before.flags & ~after.flags) as Flags).map((name) => `+${name}`),
      ...change.addKeywords.filter((name) => hasKeyword(before, name) && !hasKeyword(after, name))
        .map((name) => `+${name}`),
      ...isWholesale(change)
        ? []
        : flagNames((change.remove & ~before.flags & after.flags) as Flags)
          .map((name) => `-${name}`),
      ...change.removeKeywords.filter((name) =>
        !hasKeyword(before, name) && hasKeyword(after, name)
      )
        .map((name) => `-${name}`),
    ];
    if (undone.length > 0) lines.push(`flags lost: ${box.name} ${after.uid} ${undone.join(" ")}`);
  }
  return lines;
};

const EXPUNGED_THERE = "it was expunged on the other side";
const MAILBOX_GONE = "the other side deleted the mailbox when it was in it";
const OTHER_THERE = "the other side has another mail at that UID";

const PASSED = "the other side can give that UID to no mail any more";

/** What can be told of a reason without the merge: by what was on the other side, and what its log knew. */
const checkReason = (
  { kind, mailbox, uid, guid, reason }: Decision,
  here: MemoryState,
  there: readonly Before[],
): void => {
  // Names may have moved meanwhile: after the mirror both sides know the mailbox by one GUID.
  const id = here.mailboxes.find(({ name }) => name === mailbox)?.guid;
  const was = there.find(({ box }) => box.guid === id)?.was;
  if (was === undefined || uid === null || guid === null || reason === MAILBOX_GONE) return;
  const key = guid128Hex(guid);
  if (kind === "removed") {
    const isTold = was.changes.some((change) =>
      change._tag === "Expunged" && !change.bySync &&
      (change.uid === uid || (change.guid !== null && guid128Hex(change.guid) === key))
    );
    assert.equal(reason === EXPUNGED_THERE, isTold, `removed from ${mailbox}: ${reason}`);
  }
  if (kind === "renumbered") {
    const other = was.mails.find(({ record }) => record.uid === uid)?.record;
    const isOther = other !== undefined && guid128Hex(other.guid) !== key;
    // One that was there may have gone with its deleted mailbox before the mails were merged.
    assert.ok(reason !== OTHER_THERE || isOther, `renumbered in ${mailbox}: ${reason}`);
    assert.ok(reason !== PASSED || uid < was.uidNext, `renumbered in ${mailbox}: ${reason}`);
  }
};

const lineOf = ({ kind, mailbox, uid, to }: Decision): string =>
  [`${kind}:`, mailbox, uid, to].filter((part) => part !== null).join(" ");

Deno.test("each renumbering, lost flag, return and removal of a mirror is told once, and nothing else is", async () => {
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const world = new World();
      const sides = { left: newAccount(world), right: newAccount(world) };
      let memory = NO_MEMORY;
      const settled = new Map<StoredMailbox, bigint>();
      for (const round of history) {
        round.left.forEach((one) => act(sides.left, world, one));
        round.right.forEach((one) => act(sides.right, world, one));
        const before = { left: photograph(sides.left), right: photograph(sides.right) };
        const decisions: Decision[] = [];
        const end = await run(mirror(memoryStore(sides.left), memoryStore(sides.right), {
          memory,
          onEvent: (event) => {
            if (event._tag === "Decided" && event.decision.kind !== "mailbox kept") {
              decisions.push(event.decision);
            }
          },
        }));
        memory = end.memory;
        for (const side of ["left", "right"] as Side[]) {
          const told = decisions.filter((one) => one.side === side);
          const happened = happenedTo(sides[side], before[side], told, settled);
          const other = side === "left" ? "right" : "left";
          told.forEach((one) => checkReason(one, sides[side], before[other]));
          for (const box of sides[side].mailboxes) settled.set(box, box.highestModSeq);
          assert.deepEqual(told.map(lineOf).sort(), [...happened].sort(), side);
        }
      }
    }),
    { numRuns: RUNS },
  );
});
