import assert from "node:assert/strict";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import { uid } from "../../model/ids.ts";
import { INBOX } from "../../model/mailbox.ts";
import { makeOs } from "../../os/os.ts";
import { withDirectory } from "../../os/_other_process.ts";
import type { Store } from "../../port/store.ts";
import { collect } from "../../stream/chunks.ts";
import { allDone, applyTo, BOX, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { openMdbox } from "./mdbox_store.ts";

const os = makeOs();

Deno.test("a mailbox of which much was logged gets a snapshot, and is the same with it", () =>
  withDirectory(async (home) => {
    const opened = async <A>(use: (store: Store) => Promise<A>): Promise<A> => {
      const store = await run(openMdbox(os, { root: `${home}/mdbox`, create: true }));
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    };
    const save = (uids: readonly number[]) =>
      opened(async (store) => {
        allDone(await applyTo(store, BOX, uids.map((one) => saveOf({ uid: one }))));
      });
    const shown = () =>
      opened((store) =>
        run(store.withMailbox(BOX, (mailbox) =>
          pipe(
            collect(mailbox.records()),
            TE.map((records) => ({ records, status: mailbox.status })),
          )))
      );
    const snapshot = `${home}/mdbox/mailboxes/INBOX/dbox-Mails/dovecot.index`;
    const uids = Array.from({ length: 30_000 }, (_, i) => 3 * i + 1);
    await opened((store) =>
      run(store.applyTree({ _tag: "CreateMailbox", name: INBOX, guid: BOX, uidValidity: 7 }))
    );
    await save(uids.slice(0, 100));
    assert.equal(os.files.stat(snapshot), null);
    await save(uids.slice(100));
    const made = os.files.stat(snapshot);
    assert.notEqual(made, null);
    const withSnapshot = await shown();
    assert.equal(withSnapshot.records.length, uids.length);
    os.disk.rename(snapshot, `${home}/aside`);
    assert.deepEqual(await shown(), withSnapshot);
    os.disk.rename(`${home}/aside`, snapshot);
    // Little is added to it.
    await save([100_000]);
    assert.equal(os.files.stat(snapshot)?.ino, made?.ino);
    const { records, status } = await shown();
    assert.deepEqual(records.slice(0, -1), withSnapshot.records);
    assert.deepEqual([records.at(-1)?.uid, status.uidNext], [uid(100_000), 100_001]);
  }));
