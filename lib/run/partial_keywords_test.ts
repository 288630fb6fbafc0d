import assert from "node:assert/strict";
import { guid128Hex } from "../codec/guid.ts";
import { guid, mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { allDone, applyTo, contentOf, run } from "../testing/content.ts";
import { saveOf } from "../testing/mails.ts";
import { backup } from "./backup.ts";

const NAMES = ["A", "B", "C", "D"].map(mailboxName);

const account = async (kind: string, keyword: string) => {
  const guids = NAMES.map((name) => mailboxGuid(guid128Hex(guid(`${kind} ${name}`))));
  const mailboxes = NAMES.map((name, i) => newMailbox(name, guids[i]!, kind.length));
  const store = memoryStore({ ...emptyState(), mailboxes });
  for (const [i, box] of guids.entries()) {
    const mail = saveOf({ uid: kind.length, guid: `mail ${i}`, keywords: [keyword] });
    allDone(await applyTo(store, box, [mail]));
  }
  return { store, guids };
};

Deno.test("a backup from far away keeps odd keywords of mailboxes that are filled anew, and reads the tree once", async () => {
  const source = await account("there", "$Said");
  const { store } = await account("here", "not said");
  let reads = 0;
  const destination: Store = {
    ...store,
    tree: () => {
      reads++;
      return store.tree();
    },
  };
  const report = await run(backup({ ...source.store, isFar: true }, destination));
  assert.deepEqual(report.problems, []);
  for (const box of source.guids) {
    const { records } = await contentOf(store, box);
    assert.deepEqual(records.map(({ keywords }) => keywords), [["$Said", "not said"]]);
  }
  assert.equal(reads, 1);
});
