import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import { guid, mailboxGuid, modSeq } from "../model/ids.ts";
import { INBOX, mailboxName } from "../model/mailbox.ts";
import { overlaid, overMailboxes } from "../port/overlaid.ts";
import type { Store } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { mirror } from "./mirror.ts";

const WORK = mailboxName("Work");
const WORK_GUID = mailboxGuid(guid128Hex(guid("Work")));

/** An account with INBOX and Work, which has these mails by number: the UID is the number. */
const account = (work: readonly number[]): MemoryState => ({
  ...emptyState(),
  mailboxes: [INBOX, WORK].map((name) => {
    const numbers = name === INBOX ? [1] : work;
    return {
      name,
      guid: mailboxGuid(guid128Hex(guid(name))),
      uidValidity: 1,
      uidNext: Math.max(0, ...numbers) + 1,
      firstRecentUid: 1,
      highestModSeq: modSeq(1n),
      mails: numbers.map((n) => {
        const spec = { uid: n, guid: `${name} ${n}`, bytes: `Subject: ${n}\n\n` };
        return { record: recordOf(spec), mail: mailOf(spec) };
      }),
      changes: [],
      historyComplete: false,
    };
  }),
});

/** The same mail on a disk of its own: its indexes were made at another time. */
const onDisk = (id: number, state: MemoryState): Store =>
  overMailboxes(
    memoryStore(state),
    (mailbox) => overlaid(mailbox, { moment: `${id}.2.${mailbox.moment}` }),
  );

const mailsIn = (state: MemoryState): readonly number[] | null =>
  state.mailboxes.find(({ name }) => name === WORK)?.mails.map(({ record }) => record.uid) ?? null;

const memoryOfDisk = async (id: number, left: MemoryState, right: MemoryState) =>
  (await run(mirror(onDisk(7, left), onDisk(id, right)))).memory;

Deno.test("a memory of another disk deletes no mailbox: its mails were never there", async () => {
  for (const [id, kept] of [[8, undefined], [9, 4]] as const) {
    const left = account([1, 2, 3, 4]);
    const seen = account([1, 2, 3, 4]);
    const memory = await memoryOfDisk(8, left, seen);
    const right = id === 8 ? seen : account([1, 2]);
    const store = onDisk(id, right);
    await run(store.applyTree({ _tag: "DeleteMailbox", name: WORK, guid: WORK_GUID }));
    right.log.push({ type: "DeleteMailbox", guid: WORK_GUID, at: 2_000_000_000 });
    const { report } = await run(mirror(onDisk(7, left), store, { memory }));
    assert.deepEqual(report.problems, []);
    assert.deepEqual([mailsIn(left)?.length, mailsIn(right)?.length], [kept, kept], `disk ${id}`);
  }
});

Deno.test("a memory of another disk expunges no mail that this one never had", async () => {
  for (const [id, count] of [[8, 3], [9, 4]] as const) {
    const left = account([1, 2, 3, 4]);
    const memory = await memoryOfDisk(8, left, account([1, 2, 3, 4]));
    const right = account([1, 2, 4]);
    await run(mirror(onDisk(7, left), onDisk(id, right), { memory }));
    assert.deepEqual([mailsIn(left)?.length, mailsIn(right)?.length], [count, count], `disk ${id}`);
  }
});

Deno.test("a memory of a store that was put back from a backup expunges nothing", async () => {
  const left = account([1, 2, 3, 4]);
  const memory = await memoryOfDisk(8, left, account([1, 2, 3, 4]));
  const later = [...memory.mailboxes].map(([at, one]) => [at, { ...one, seenRight: "8.2.900" }]);
  const right = account([1, 2, 4]);
  const back = { ...memory, mailboxes: new Map(later as [typeof WORK_GUID, never][]) };
  await run(mirror(onDisk(7, left), onDisk(8, right), { memory: back }));
  assert.deepEqual([mailsIn(left)?.length, mailsIn(right)?.length], [4, 4]);
});
