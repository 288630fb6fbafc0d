import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { guid128Hex } from "../codec/guid.ts";
import { syncError } from "../model/error.ts";
import { guid, mailboxGuid } from "../model/ids.ts";
import { INBOX, mailboxName } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { failureOf, run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { Hold, holding } from "./hold.ts";
import { mirror } from "./mirror.ts";

const WORK = mailboxName("Work");
const [INBOX_GUID, WORK_GUID] = ["inbox", "work"].map((name) =>
  mailboxGuid(guid128Hex(guid(name)))
);

const deliver = (state: MemoryState, uid: number, text: string): void => {
  const box = state.mailboxes.find(({ name }) => name === WORK)!;
  const spec = { uid, guid: text, bytes: text };
  box.mails.push({ record: recordOf(spec), mail: mailOf(spec) });
  box.uidNext = uid + 1;
};

const account = (): MemoryState => {
  const state = {
    ...emptyState(),
    mailboxes: [newMailbox(INBOX, INBOX_GUID!, 1), newMailbox(WORK, WORK_GUID!, 1)],
  };
  ["a", "b"].forEach((text, i) => deliver(state, i + 1, text));
  return state;
};

/** The same store; `before` happens just before a mailbox of it is deleted. */
const beforeDelete = (store: Store, before: () => void): Store => ({
  ...store,
  applyTree: (operation) => async () => {
    if (operation._tag === "DeleteMailbox") before();
    return await store.applyTree(operation)();
  },
});

const heldIn = (state: MemoryState): readonly string[] =>
  state.mailboxes.flatMap(({ mails }) => mails.map(({ mail }) => String(mail.guid)));

const holdIn = (store: Store): Hold =>
  new Hold(store, { note: () => {}, newGuid: () => WORK_GUID!, now: () => 1_700_000_000_000 });

Deno.test("a mail that comes between a mirror's look and the deletion keeps the mailbox, told, and for ever", async () => {
  for (const isHeld of [false, true]) {
    const [left, right, held] = [account(), account(), emptyState()];
    const { memory } = await run(mirror(memoryStore(left), memoryStore(right)));
    await run(
      memoryStore(right).applyTree({ _tag: "DeleteMailbox", name: WORK, guid: WORK_GUID! }),
    );
    right.log.push({ type: "DeleteMailbox", guid: WORK_GUID!, at: 2_000_000_000 });
    const store = beforeDelete(memoryStore(left), () => deliver(left, 3, "late"));
    const guarded = isHeld ? holding(store, holdIn(memoryStore(held)), "x") : store;
    const first = await run(mirror(guarded, memoryStore(right), { memory }));
    assert.deepEqual(first.report.problems.map(({ _tag }) => _tag), ["Changed"]);
    const again = await run(
      mirror(memoryStore(left), memoryStore(right), { memory: first.memory }),
    );
    assert.deepEqual(again.report.problems, []);
    assert.deepEqual([heldIn(left), heldIn(right)], [["late"], ["late"]]);
    assert.deepEqual(heldIn(held), isHeld ? ["a", "b"] : []);
  }
});

Deno.test("holding: a hold that goes away while it is written to lets no mailbox go", async () => {
  const state = account();
  const gone = syncError("Missing", "mailbox", { path: "/hold" }, "the hold is gone");
  const hold = holdIn({ ...memoryStore(emptyState()), withMailbox: () => TE.left(gone) });
  const store = holding(memoryStore(state), hold, "x");
  const remove = { _tag: "DeleteMailbox", name: WORK, guid: WORK_GUID! } as const;
  assert.deepEqual(await failureOf(store.applyTree(remove)), gone);
  assert.deepEqual(heldIn(state), ["a", "b"]);
});
