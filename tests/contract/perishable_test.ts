/** Whoever is given mails keeps no bytes of them for longer than they are good. */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { compareStores } from "../../lib/run/compare.ts";
import { emptyState, type MemoryState } from "../../lib/store/memory/memory_state.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import { byProtocol, overPipe } from "../property/pipes.ts";
import { inDirectory, STORES } from "./attributed.ts";
import { allDone, applyTo, awkwardMails, BOX, CREATE, run } from "../../lib/testing/content.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { perishable } from "./perishable.ts";

/** An account with mails that a small batch holds back, and with some that no batch does. */
const filled = async (): Promise<MemoryState> => {
  const state = emptyState();
  const store = memoryStore(state);
  await run(store.applyTree(CREATE));
  const mails = awkwardMails().map(({ uid, bytes }) =>
    bytes === undefined ? { uid } : { uid, bytes }
  );
  const small = Array.from({ length: 20 }, (_, i) => ({ uid: 100 + i }));
  const all = [...mails, ...small].toSorted((a, b) => a.uid - b.uid);
  allDone(await applyTo(store, BOX, all.map(saveOf)));
  return state;
};

const findings = async (left: Store, right: Store): Promise<readonly unknown[]> =>
  (await run(compareStores(left, right))).findings;

const destinations: Readonly<Record<string, (root: string) => Promise<Store>>> = {
  ...STORES,
  memory: () => Promise.resolve(memoryStore(emptyState())),
};

for (const [title, open] of Object.entries(destinations)) {
  Deno.test(`${title}: what is saved are the bytes as they were given`, () =>
    inDirectory(async (root) => {
      const state = await filled();
      const destination = await open(root);
      assert.deepEqual(
        (await run(backup(perishable(memoryStore(state)), destination))).problems,
        [],
      );
      // A new INBOX of a Maildir's own is no part of it.
      const found = await run(compareStores(memoryStore(state), destination, {
        mailboxes: (name) => name === CREATE.name,
      }));
      assert.deepEqual(found.findings, []);
      await destination.close();
    }));
}

Deno.test("a store behind a pipe sends the bytes as they were given", async () => {
  const [state, empty] = [await filled(), emptyState()];
  const { mirror } = await overPipe(memoryStore(empty), perishable(memoryStore(state)));
  assert.ok(E.isRight(mirror), JSON.stringify(mirror));
  assert.deepEqual(await findings(memoryStore(state), memoryStore(empty)), []);
});

Deno.test("a session of Dovecot's protocol sends the bytes as they were given", async () => {
  for (const isMaster of [true, false]) {
    const [state, empty] = [await filled(), emptyState()];
    const [full, none] = [perishable(memoryStore(state)), memoryStore(empty)];
    const { master } = await (isMaster ? byProtocol(full, none) : byProtocol(none, full));
    assert.ok(E.isRight(master), JSON.stringify(master));
    assert.deepEqual(await findings(memoryStore(state), memoryStore(empty)), []);
  }
});
