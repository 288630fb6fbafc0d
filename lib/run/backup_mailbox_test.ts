import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import { syncError } from "../model/error.ts";
import { guid, mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import { overlaid } from "../port/overlaid.ts";
import type { Fetched } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { run } from "../testing/content.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { refillMailbox } from "./backup_mailbox.ts";

const BOX = mailboxName("Box");
const guidOf = (text: string) => mailboxGuid(guid128Hex(guid(text)));

const account = (name: string, ...texts: readonly string[]): MemoryState => ({
  ...emptyState(),
  mailboxes: [{
    ...newMailbox(BOX, guidOf(name), 1),
    uidNext: texts.length + 1,
    mails: texts.map((text, i) => {
      const spec = { uid: i + 1, guid: text, bytes: text };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
  }],
});

Deno.test("refillMailbox: what the source cannot read comes from the old copy, whose records are read no more often for many", async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `mail ${i}`);
  const source = memoryStore(account("source", ...texts));
  // Of one mail the old copy has another one in its place.
  const old = memoryStore(account("old", "another", ...texts.slice(1)));
  const freshState = account("fresh");
  let readings = 0;
  const { problems } = await run(
    source.withMailbox(
      guidOf("source"),
      (from) =>
        old.withMailbox(
          guidOf("old"),
          (there) =>
            memoryStore(freshState).withMailbox(guidOf("fresh"), (fresh) =>
              refillMailbox(
                overlaid(from, {
                  fetch: async function* (wanted) {
                    for await (const uids of wanted) {
                      yield uids.map((uid): Fetched => ({
                        _tag: "Lost",
                        uid,
                        error: syncError("Damaged", "message", { uid }, "it cannot be read"),
                      }));
                    }
                  },
                }),
                overlaid(there, {
                  records: (like) => {
                    readings++;
                    return there.records(like);
                  },
                }),
                fresh,
                "a test",
              )),
        ),
    ),
  );
  assert.equal(problems.length, texts.length);
  assert.deepEqual(
    freshState.mailboxes[0]!.mails.map(({ mail }) => String(mail.guid)),
    texts.slice(1),
  );
  assert.ok(readings <= 3, `${readings} readings`);
});
