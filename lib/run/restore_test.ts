import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import type { HeldMail } from "../model/held.ts";
import { guid, mailboxGuid, uid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { failureOf, run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { restoreMails } from "./restore.ts";

const GONE = mailboxName("Gone");
const COUNT = 2500;

Deno.test("restoreMails: what is back is told batch by batch, and a run that is stopped ends behind one", async () => {
  const held = {
    ...emptyState(),
    mailboxes: [{
      ...newMailbox(GONE, mailboxGuid(guid128Hex(guid("hold"))), 1),
      uidNext: COUNT + 1,
      mails: Array.from({ length: COUNT }, (_, i) => {
        const spec = { uid: i + 1, guid: `mail ${i + 1}`, bytes: `${i + 1}` };
        return { record: recordOf(spec), mail: mailOf(spec) };
      }),
    }],
  };
  const listed = Array.from({ length: COUNT }, (_, i): HeldMail => ({
    at: "2023-11-14T22:13:20.000Z",
    location: "memory",
    mailbox: GONE,
    uid: uid(i + 1),
    guid: guid(`mail ${i + 1}`),
    reason: "x",
    heldIn: GONE,
    heldUid: uid(i + 1),
  }));
  const target = emptyState();
  let made = 0;
  const back = new Set<number>();
  const restore = (signal: AbortSignal, onBatch: () => void) =>
    restoreMails(
      memoryStore(held),
      memoryStore(target),
      listed.filter((one) => !back.has(one.uid)),
      {
        newGuid: () => guid(guid128Hex(guid(`new ${made++}`))),
        now: () => 1_700_000_000_000,
        signal,
        onBack: (some) => {
          for (const one of some) {
            assert.ok(!back.has(one.uid));
            back.add(one.uid);
          }
          onBatch();
        },
      },
    );
  const stop = new AbortController();
  const error = await failureOf(restore(stop.signal, () => stop.abort()));
  assert.equal(error.scope, "run");
  const first = target.mailboxes.find(({ name }) => name === GONE)!.mails.length;
  assert.ok(first > 0 && first < COUNT, `${first} mails`);
  assert.equal(back.size, first, "all that is back has been told");
  const rest = await run(restore(new AbortController().signal, () => {}));
  assert.deepEqual([rest.mails, rest.problems], [COUNT - first, []]);
  const subjects = target.mailboxes.find(({ name }) => name === GONE)!.mails
    .map(({ mail }) => new TextDecoder().decode((mail.body as Uint8Array[])[0]));
  assert.equal(new Set(subjects).size, COUNT);
  assert.equal(subjects.length, COUNT);
});
