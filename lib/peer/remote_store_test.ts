/** How much is told over a pipe of mailboxes that are the same on both sides, but for a little. */
import assert from "node:assert/strict";
import { FLAGGED, flags } from "../model/flags.ts";
import { modSeq } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { Pipe } from "../port/pipe.ts";
import type { Store } from "../port/store.ts";
import { backup } from "../run/backup.ts";
import { mirror } from "../run/mirror.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { BOX, run } from "../testing/content.ts";
import { memoryPipe } from "./memory_pipe.ts";
import { remoteStore } from "./remote_store.ts";
import { serveStore } from "./store_server.ts";

const MAILS = 2500;
/** A record of each mail takes more than this, bytes. */
const LEAST_OF_ALL = MAILS * 80;

const accountOf = (): MemoryState => ({
  ...emptyState(),
  mailboxes: [{
    name: mailboxName("INBOX"),
    guid: BOX,
    uidValidity: 7,
    uidNext: MAILS + 1,
    firstRecentUid: 1,
    highestModSeq: modSeq(1n),
    mails: Array.from({ length: MAILS }, (_, i) => {
      const spec = { uid: i + 1, bytes: "x" };
      return { record: recordOf(spec), mail: mailOf(spec) };
    }),
    changes: [],
    historyComplete: true,
  }],
});

const flag = ({ mailboxes: [inbox] }: MemoryState, at: number): void => {
  const one = inbox!.mails[at]!;
  inbox!.highestModSeq = modSeq(inbox!.highestModSeq + 1n);
  one.record = { ...one.record, flags: flags(FLAGGED), modSeq: inbox!.highestModSeq };
};

const isFlagged = ({ mailboxes: [inbox] }: MemoryState, at: number): boolean =>
  (inbox!.mails[at]!.record.flags & FLAGGED) !== 0;

/** Uses a store over a pipe; gives how many bytes went either way. `as`: what the other end's bytes become. */
const overPipe = async (
  state: MemoryState,
  use: (far: Store) => Promise<void>,
  as: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
): Promise<number> => {
  let told = 0;
  const counted = (pipe: Pipe, become: typeof as): Pipe => ({
    ...pipe,
    send: (bytes) => {
      told += bytes.length;
      return pipe.send(become(bytes));
    },
  });
  const [here, there] = memoryPipe();
  const served = serveStore(memoryStore(state), counted(there, as))();
  const far = await run(remoteStore(counted(here, (bytes) => bytes)));
  await use(far);
  await far.close();
  await here.close();
  await served;
  return told;
};

/** What an older one of ours tells of itself, in as many bytes. */
const withoutDigests = (bytes: Uint8Array): Uint8Array => {
  const at = new TextDecoder("latin1").decode(bytes).indexOf("hasDigests");
  if (at < 0) return bytes;
  const changed = bytes.slice();
  changed.set(new TextEncoder().encode("hasNothing"), at);
  return changed;
};

const ways = {
  "mirror, the right side far away": (near: Store, far: Store) => run(mirror(near, far)),
  "mirror, the left side far away": (near: Store, far: Store) => run(mirror(far, near)),
  "backup of what is far away": (near: Store, far: Store) => run(backup(far, near)),
  "backup to far away": (near: Store, far: Store) => run(backup(near, far)),
};

for (const [name, sync] of Object.entries(ways)) {
  Deno.test(`remoteStore: ${name}: of mails that are the same hardly anything is told`, async () => {
    const [near, far] = [accountOf(), accountOf()];
    const told = await overPipe(far, async (store) => void await sync(memoryStore(near), store));
    assert.ok(told < LEAST_OF_ALL / 20, `${told} bytes`);
  });

  Deno.test(`remoteStore: ${name}: of a change its surroundings are told`, async () => {
    const [near, far] = [accountOf(), accountOf()];
    flag(name.startsWith("backup to") ? near : far, 700);
    const told = await overPipe(far, async (store) => void await sync(memoryStore(near), store));
    assert.deepEqual([near, far].map((side) => isFlagged(side, 700)), [true, true]);
    assert.ok(told < LEAST_OF_ALL / 2, `${told} bytes`);
  });

  Deno.test(`remoteStore: ${name}: an other end without digests tells every mail`, async () => {
    const [near, far] = [accountOf(), accountOf()];
    flag(name.startsWith("backup to") ? near : far, 700);
    const use = async (store: Store) => void await sync(memoryStore(near), store);
    const told = await overPipe(far, use, withoutDigests);
    assert.deepEqual([near, far].map((side) => isFlagged(side, 700)), [true, true]);
    assert.ok(told > LEAST_OF_ALL, `${told} bytes`);
  });
}
