import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import type { Mailbox, Store } from "../port/store.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore, newMailbox } from "../store/memory/memory_store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { mailboxGuid, type Uid, uid } from "../model/ids.ts";
import { INBOX } from "../model/mailbox.ts";
import { overlaid } from "../port/overlaid.ts";
import { foreseen, foreseenMails, foreseenRecords } from "./foreseen.ts";
import { run } from "./promise.ts";

/** A store that notes what it is asked. */
const asked = (): readonly [Store, string[]] => {
  const store = memoryStore(emptyState());
  const notes: string[] = [];
  return [{
    ...store,
    tree: () => {
      notes.push("tree");
      return store.tree();
    },
    stamps: () => {
      notes.push("stamps");
      return TE.right(new Map())();
    },
  }, notes];
};

Deno.test("foreseen: tree and stamps are asked for at once, each once; then each time anew", async () => {
  const [store, notes] = asked();
  const seen = foreseen(store);
  assert.deepEqual(notes, ["tree"]);
  await run(seen.tree);
  await run(seen.stamps!);
  assert.deepEqual(notes, ["tree", "stamps"]);
  await run(seen.tree);
  await run(seen.stamps!);
  assert.deepEqual(notes, ["tree", "stamps", "tree", "stamps"]);
});

Deno.test("foreseen: a store without stamps has none", () => {
  const { stamps: _, ...store } = asked()[0];
  assert.equal(foreseen(store).stamps, undefined);
});

const BOX = mailboxGuid("1".repeat(32));

/** Lends a mailbox with the UIDs 1 to 5 that notes what it is asked. */
const withNoting = async (
  use: (mailbox: Mailbox, notes: string[]) => Promise<void>,
): Promise<void> => {
  const mails = [1, 2, 3, 4, 5].map((uid) => ({
    record: recordOf({ uid }),
    mail: mailOf({ uid }),
  }));
  const box = { ...newMailbox(INBOX, BOX, 7), uidNext: 6, mails };
  const store = memoryStore({ ...emptyState(), mailboxes: [box] });
  const notes: string[] = [];
  await run(store.withMailbox(BOX, (mailbox) =>
    TE.fromTask(() =>
      use(
        overlaid(mailbox, {
          records: () => {
            notes.push("records");
            return mailbox.records();
          },
          fetch: async function* (wanted) {
            notes.push("fetch");
            try {
              for await (const chunk of mailbox.fetch(wanted)) {
                notes.push(...chunk.map((one) => one._tag === "Mail" ? `${one.mail.uid}` : "lost"));
                yield chunk;
              }
            } finally {
              notes.push("closed");
            }
          },
        }),
        notes,
      )
    )));
};

const uids = (...numbers: readonly number[]): readonly Uid[] => numbers.map(uid);

const fetchedBy = async (mailbox: Mailbox, wanted: readonly Uid[]): Promise<string> => {
  const fetched = await run(collect(mailbox.fetch(fromArray(wanted, 2))));
  return fetched.map((one) => one._tag === "Mail" ? one.mail.uid : "lost").join(" ");
};

Deno.test("foreseenRecords: they are asked for at once and told to the first who asks; then they are read anew", () =>
  withNoting(async (mailbox, notes) => {
    const seen = foreseenRecords(mailbox);
    assert.deepEqual(notes, ["records"]);
    const read = () => run(collect(seen.mailbox.records()));
    const first = await read();
    assert.deepEqual(first.map(({ uid }) => uid), uids(1, 2, 3, 4, 5));
    assert.equal(notes.length, 1);
    assert.deepEqual(await read(), first);
    assert.deepEqual(notes, ["records", "records"]);
    await seen.end();
  }));

Deno.test("foreseenMails: the first who wants these mails is given those that were asked for before", () =>
  withNoting(async (mailbox, notes) => {
    const seen = foreseenMails(mailbox, uids(1, 3, 4));
    assert.deepEqual(notes, ["fetch"]);
    assert.equal(await fetchedBy(seen.mailbox, uids(1, 3, 4)), "1 3 4");
    assert.deepEqual(notes, ["fetch", "1", "3", "4", "closed"]);
    assert.equal(await fetchedBy(seen.mailbox, uids(2)), "2");
    await seen.end();
    assert.deepEqual(notes.slice(5), ["fetch", "2", "closed"]);
  }));

Deno.test("foreseenMails: who wants others is given those, and what was asked for is let go of", () =>
  withNoting(async (mailbox, notes) => {
    const seen = foreseenMails(mailbox, uids(1, 3));
    assert.equal(await fetchedBy(seen.mailbox, uids(1, 2)), "1 2");
    assert.deepEqual(notes, ["fetch", "1", "3", "closed", "fetch", "1", "2", "closed"]);
    await seen.end();
    const unused = foreseenMails(mailbox, uids(5));
    await unused.end();
    assert.deepEqual(notes.slice(8), ["fetch", "5", "closed"]);
  }));
