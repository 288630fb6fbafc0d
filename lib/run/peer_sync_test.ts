import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { loopback } from "../../cli/sync_with_peer.ts";
import { mailboxGuid } from "../model/ids.ts";
import { NO_MEMORY } from "../model/memory.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { SyncEvent } from "../model/report.ts";
import { newGuid } from "../os/new_guid.ts";
import { makeSpool } from "../os/spool.ts";
import type { Store } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { run } from "../testing/content.ts";
import { type Connect, syncWithPeer } from "./peer_sync.ts";
import type { SessionRequest } from "./session_handshake.ts";

const BOX = mailboxGuid("00112233445566778899aabbccddeeff");

const REQUEST: SessionRequest = {
  flow: "both",
  keepOwn: false,
  syncType: "changed",
  names: { only: null, onlyGuid: null, excluded: [] },
  mails: true,
  filter: { since: null, until: null, maxSize: null, flag: null },
  namespacePrefixes: null,
  visibleNamespaces: false,
  lockTimeout: null,
  purge: false,
  virtualAll: null,
  altChar: "_",
  debug: false,
};

/** Two sides with one mailbox. */
const twoSides = async (): Promise<readonly [MemoryState, MemoryState]> => {
  const states = [emptyState(), emptyState()] as const;
  for (const state of states) {
    await run(
      memoryStore(state).applyTree({
        _tag: "CreateMailbox",
        name: mailboxName("Box"),
        guid: BOX,
        uidValidity: 1_700_000_000,
      }),
    );
  }
  return states;
};

const sync = async (left: Store, connect: Connect) => {
  const events: SyncEvent[] = [];
  const end = await syncWithPeer(left, connect, REQUEST, {
    memory: NO_MEMORY,
    states: new Map(),
    makeSpool,
    newGuid,
    hostname: "here.example",
    usesOf: () => [],
    side: "left",
    onEvent: (event) => events.push(event),
  })();
  const told = events.flatMap((event) => event._tag === "Problem" ? [event.error] : []);
  return { end, told };
};

/** A connection before each of which something happens; `sessions` counts them. */
const disturbed = (right: Store, disturb: (session: number) => Promise<void>): Connect => {
  let sessions = 0;
  const connect = loopback(right, "there.example");
  return (handshake) => async () => {
    await disturb(++sessions);
    return await connect(handshake)();
  };
};

Deno.test("syncWithPeer: an empty directory that the other end does not take is in doubt once", async () => {
  const states = await twoSides();
  const left = memoryStore(states[0]);
  await run(left.applyTree({ _tag: "CreateDirectory", name: mailboxName("Bare") }));
  const there = memoryStore(states[1]);
  let sessions = 0;
  const right: Store = {
    ...there,
    applyTree: (operation) =>
      operation._tag === "CreateDirectory" ? TE.right(undefined) : there.applyTree(operation),
  };
  for (const run of ["first", "again"]) {
    sessions = 0;
    const { end } = await sync(
      left,
      disturbed(right, (session) => {
        sessions = session;
        return Promise.resolve();
      }),
    );
    assert.ok(E.isRight(end), run);
    assert.deepEqual([end.right.report.problems, sessions], [[], 2], run);
  }
});
