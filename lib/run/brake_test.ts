import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { syncError } from "../model/error.ts";
import { guid, mailboxGuid, modSeq } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { guid128Hex } from "../codec/guid.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { failureOf, run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { backup } from "./backup.ts";
import type { DeleteLimit } from "./brake.ts";

/** An account of mailboxes, each with the mails of these numbers; a mail has the same GUID wherever it is. */
const account = (boxes: Readonly<Record<string, readonly number[]>>): MemoryState => ({
  ...emptyState(),
  mailboxes: Object.entries(boxes).map(([name, mails]) => ({
    name: mailboxName(name),
    guid: mailboxGuid(guid128Hex(guid(name))),
    uidValidity: 1,
    uidNext: mails.length + 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: mails.map((n, i) => {
      const spec = { uid: i + 1, guid: `mail ${n}`, bytes: `Subject: ${n}\n\n` };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
    changes: [],
    historyComplete: true,
  })),
});

const UP_TO_22 = Array.from({ length: 22 }, (_, i) => i + 1);
const ONE_TO_TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const mails = (count: number): DeleteLimit => ({ _tag: "Mails", count });
const share = (percent: number): DeleteLimit => ({ _tag: "Share", percent });
const CAREFUL: DeleteLimit = { _tag: "Careful" };

const text = (state: MemoryState): string =>
  JSON.stringify(state, (_, value) => typeof value === "bigint" ? String(value) : value);

type Boxes = Parameters<typeof account>[0];

/** What the source has, what the destination has, the limit, and how many of how many would go; null: it goes on. */
const ROWS: readonly (readonly [string, Boxes, Boxes, DeleteLimit, string | null])[] = [
  ["nothing to nothing", { INBOX: [] }, { INBOX: [] }, mails(0), null],
  ["the first backup", { INBOX: ONE_TO_TEN }, { INBOX: [] }, mails(0), null],
  ["nothing gone", { INBOX: ONE_TO_TEN }, { INBOX: [1, 2] }, mails(0), null],
  ["one gone, none may", { INBOX: [1, 2] }, { INBOX: [1, 2, 3] }, mails(0), "1 of 3"],
  ["one gone, one may", { INBOX: [1, 2] }, { INBOX: [1, 2, 3] }, mails(1), null],
  ["half gone, half may", { INBOX: [1, 2] }, { INBOX: [1, 2, 3, 4] }, share(50), null],
  ["half gone, less may", { INBOX: [1, 2] }, { INBOX: [1, 2, 3, 4] }, share(49), "2 of 4"],
  ["all gone, all may", { INBOX: [] }, { INBOX: ONE_TO_TEN }, share(100), null],
  ["a mailbox gone", { INBOX: [1] }, { INBOX: [1], A: [2, 3] }, mails(1), "2 of 3"],
  ["moved to another mailbox", { INBOX: [1], A: [2, 3] }, { INBOX: [1, 2, 3] }, mails(0), null],
  [
    "empty, which is not said",
    { INBOX: [], A: [] },
    { INBOX: [1], A: [2] },
    CAREFUL,
    "2 of 2",
  ],
  ["empty on both sides", { INBOX: [] }, { INBOX: [], A: [] }, CAREFUL, null],
  ["few are no mass", { INBOX: [], A: [5] }, { INBOX: ONE_TO_TEN }, CAREFUL, null],
  [
    "more than half",
    { INBOX: [1, 2] },
    { INBOX: [...ONE_TO_TEN, 11, 12, 13] },
    CAREFUL,
    "11 of 13",
  ],
  ["half", { INBOX: UP_TO_22.slice(11) }, { INBOX: UP_TO_22 }, CAREFUL, null],
];

for (const [title, from, to, maxDelete, stops] of ROWS) {
  Deno.test(`backup with maxDelete: ${title}`, async () => {
    const [source, destination] = [account(from), account(to)];
    const before = text(destination);
    const task = backup(memoryStore(source), memoryStore(destination), { maxDelete });
    if (stops === null) {
      assert.deepEqual((await run(task)).problems, []);
      return;
    }
    const error = await failureOf(task);
    assert.deepEqual([error._tag, error.scope], ["Unsafe", "run"]);
    assert.match(error.what, new RegExp(`${stops} mails would be deleted`));
    assert.equal(text(destination), before, "nothing was changed");
  });
}

Deno.test("backup with maxDelete: a mailbox that the source cannot read is neither empty nor gone", async () => {
  const source = memoryStore(account({ INBOX: [], A: [2, 3] }));
  const broken: Store = {
    ...source,
    withMailbox: (id, use) =>
      id === guid128Hex(guid("A"))
        ? TE.left(syncError("Damaged", "mailbox", {}, "its index is damaged"))
        : source.withMailbox(id, use),
  };
  for (const maxDelete of [mails(0), CAREFUL]) {
    const destination = account({ INBOX: [], A: [2, 3] });
    const report = await run(backup(broken, memoryStore(destination), { maxDelete }));
    assert.equal(report.problems.length, 1);
    assert.deepEqual(destination.mailboxes.map((box) => box.mails.length), [0, 2]);
  }
});
