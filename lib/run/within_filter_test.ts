import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import { FLAGGED as FLAGGED_BIT, type Flags, flags, NO_FLAGS } from "../model/flags.ts";
import { guid, mailboxGuid, modSeq } from "../model/ids.ts";
import { INBOX, mailboxName } from "../model/mailbox.ts";
import { NO_MEMORY, type SyncMemory } from "../model/memory.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import type { MailFilter } from "../sync/wire_mailbox.ts";
import { run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { mirror } from "./mirror.ts";

const WORK = mailboxName("Work");
const WORK_GUID = mailboxGuid(guid128Hex(guid("Work")));
const OPEN: MailFilter = { since: null, until: null, maxSize: null, flag: null };
const SMALL: MailFilter = { ...OPEN, maxSize: 100 };
const UNFLAGGED: MailFilter = { ...OPEN, flag: "-\\Flagged" };

const FLAGGED = flags(FLAGGED_BIT);

type Spec = readonly [uid: number, size: number, flags?: Flags];

/** An account with INBOX, and Work with these mails, whose log does not reach back to its first day. */
const account = (...work: readonly Spec[]): MemoryState => ({
  ...emptyState(),
  mailboxes: [INBOX, WORK].map((name) => ({
    name,
    guid: mailboxGuid(guid128Hex(guid(name))),
    uidValidity: 1,
    uidNext: name === INBOX ? 1 : Math.max(0, ...work.map(([uid]) => uid)) + 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: (name === INBOX ? [] : work).map(([uid, size, has = NO_FLAGS]) => {
      const spec = { uid, guid: `${name} ${uid}`, bytes: "x".repeat(size), flags: has };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
    changes: [],
    historyComplete: false,
  })),
});

const workOf = (state: MemoryState) => state.mailboxes.find(({ name }) => name === WORK);

const sizesIn = (state: MemoryState): readonly number[] | undefined =>
  workOf(state)?.mails.map(({ mail }) => mail.size).sort((a, b) => a - b);

const mirrored = async (
  left: MemoryState,
  right: MemoryState,
  memory: SyncMemory,
  filter: MailFilter | null,
): Promise<SyncMemory> => {
  const options = filter === null ? { memory } : { memory, filter };
  const end = await run(mirror(memoryStore(left), memoryStore(right), options));
  assert.deepEqual(end.report.problems, []);
  return end.memory;
};

Deno.test("what a mirror with a filter left out, a later one carries over", async () => {
  const wider = [null, OPEN, { ...OPEN, maxSize: 10_000 }];
  for (const keepsMemory of [true, false]) {
    for (const filter of wider) {
      const left = account([1, 10], [2, 1000], [3, 11], [4, 2000]);
      const right = account();
      const memory = await mirrored(left, right, NO_MEMORY, SMALL);
      assert.deepEqual(sizesIn(right), [10, 11]);
      assert.deepEqual(memory.mailboxes.get(WORK_GUID)?.pendingLeft, [2, 4]);
      await mirrored(left, right, keepsMemory ? memory : NO_MEMORY, filter);
      for (const side of [left, right]) assert.deepEqual(sizesIn(side), [10, 11, 1000, 2000]);
    }
  }
});

Deno.test("a mail that comes within the filter is carried over, and one that falls out of it stays", async () => {
  const left = account([1, 10], [2, 12, FLAGGED], [3, 11]);
  const right = account();
  const memory = await mirrored(left, right, NO_MEMORY, UNFLAGGED);
  assert.deepEqual(sizesIn(right), [10, 11]);
  for (const one of workOf(left)!.mails) {
    const isSecond = one.record.uid === 2;
    one.record = { ...one.record, flags: isSecond ? NO_FLAGS : FLAGGED };
  }
  await mirrored(left, right, memory, UNFLAGGED);
  for (const side of [left, right]) assert.deepEqual(sizesIn(side), [10, 11, 12]);
});

Deno.test("a deleted mailbox stays for the mails that a filter left out", async () => {
  for (
    const [filter, keepsMemory, kept] of [
      [null, true, [1000]],
      [SMALL, true, [1000]],
      [SMALL, false, [10, 1000]],
    ] as const
  ) {
    const left = account([1, 10], [2, 1000]);
    const right = account();
    const memory = await mirrored(left, right, NO_MEMORY, SMALL);
    // Something else that both have proves that it is the store which is remembered.
    const store = memoryStore(right);
    await run(store.applyTree({ _tag: "DeleteMailbox", name: WORK, guid: WORK_GUID }));
    right.log.push({ type: "DeleteMailbox", guid: WORK_GUID, at: 2_000_000_000 });
    await mirrored(left, right, keepsMemory ? memory : NO_MEMORY, filter);
    assert.deepEqual(sizesIn(left), kept);
  }
});

Deno.test("what a filter left out is pending no more once both sides have it", async () => {
  const left = account([1, 10], [2, 1000], [3, 11]);
  const right = account();
  const first = await mirrored(left, right, NO_MEMORY, SMALL);
  const second = await mirrored(left, right, first, null);
  for (const side of [left, right]) assert.deepEqual(sizesIn(side), [10, 11, 1000]);
  const third = await mirrored(left, right, second, null);
  for (const { mailboxes } of [second, third]) {
    const { pendingLeft, pendingRight } = mailboxes.get(WORK_GUID)!;
    assert.deepEqual([pendingLeft, pendingRight], [[], []]);
  }
  // So that a mailbox which is deleted then is deleted.
  await run(
    memoryStore(right).applyTree({ _tag: "DeleteMailbox", name: WORK, guid: WORK_GUID }),
  );
  right.log.push({ type: "DeleteMailbox", guid: WORK_GUID, at: 2_000_000_000 });
  await mirrored(left, right, third, null);
  assert.deepEqual(sizesIn(left), undefined);
});
