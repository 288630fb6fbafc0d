import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { loopback } from "../../cli/sync_with_peer.ts";
import { syncError } from "../model/error.ts";
import { mailboxGuid, type Uid } from "../model/ids.ts";
import { NO_MEMORY } from "../model/memory.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { SyncEvent } from "../model/report.ts";
import { newGuid } from "../os/new_guid.ts";
import { makeSpool } from "../os/spool.ts";
import { overlaid, overMailboxes } from "../port/overlaid.ts";
import type { Fetched, Store } from "../port/store.ts";
import { emptyState, type MemoryState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { map } from "../stream/chunks.ts";
import { applyTo, run } from "../testing/content.ts";
import { hexGuid, saveOf } from "../testing/mails.ts";
import { MERGE } from "./_session_request.ts";
import { type Connect, type PeerSyncOptions, syncWithPeer } from "./peer_sync.ts";
import type { SessionRequest } from "./session_handshake.ts";

const BOX = mailboxGuid("00112233445566778899aabbccddeeff");

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

const sync = async (
  left: Store,
  connect: Connect,
  more: Partial<PeerSyncOptions> = {},
  request: SessionRequest = MERGE,
) => {
  const events: SyncEvent[] = [];
  const end = await syncWithPeer(left, connect, request, {
    memory: NO_MEMORY,
    states: new Map(),
    makeSpool,
    newGuid,
    hostname: "here.example",
    usesOf: () => [],
    side: "left",
    ...more,
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

/** A new mail at the same UID on both sides. */
const conflict = async (states: readonly MemoryState[]): Promise<void> => {
  for (const [i, state] of states.entries()) {
    const uid = state.mailboxes[0]!.uidNext;
    const mail = saveOf({ uid, guid: hexGuid(uid * 2 + i + 1000) });
    await applyTo(memoryStore(state), BOX, [mail]);
  }
};

Deno.test("syncWithPeer: two ends that never come to rest are a problem, told once", async () => {
  const states = await twoSides();
  let sessions = 0;
  const connect = disturbed(memoryStore(states[1]), async (session) => {
    sessions = session;
    await conflict(states);
  });
  const { end, told } = await sync(memoryStore(states[0]), connect);
  assert.ok(E.isRight(end));
  assert.equal(sessions, 5);
  assert.match(end.right.report.problems.at(-1)!.what, /kept changing/);
  assert.deepEqual(told, end.right.report.problems);
});

/** A store whose first look at its tree finds something that cannot be read. */
const oncePuzzled = (store: Store): Store => {
  let looks = 0;
  return {
    ...store,
    tree: async () => {
      const tree = await store.tree();
      if (E.isLeft(tree) || ++looks > 1) return tree;
      const problem = syncError("Damaged", "mailbox", { mailbox: "Odd" }, "it is odd");
      return E.right({ ...tree.right, problems: [problem] });
    },
  };
};

Deno.test("syncWithPeer: what a later session settles is not told as a problem", async () => {
  const states = await twoSides();
  const { end, told } = await sync(
    oncePuzzled(memoryStore(states[0])),
    disturbed(
      memoryStore(states[1]),
      (session) => session === 1 ? conflict(states) : Promise.resolve(),
    ),
  );
  assert.ok(E.isRight(end));
  assert.deepEqual([end.right.report.problems, told], [[], []]);
});

Deno.test("syncWithPeer: a problem of a mailbox into which no later session looks is told, once", async () => {
  const states = await twoSides();
  for (const state of states) {
    await run(
      memoryStore(state).applyTree({
        _tag: "CreateMailbox",
        name: mailboxName("Odd"),
        guid: mailboxGuid("e".repeat(32)),
        uidValidity: 1_700_000_001,
      }),
    );
  }
  const problem = syncError("Damaged", "message", { uid: 9 }, "it is odd");
  const left = overMailboxes(
    memoryStore(states[0]),
    (mailbox) => mailbox.name === "Odd" ? overlaid(mailbox, { problems: [problem] }) : mailbox,
  );
  let sessions = 0;
  let memory = NO_MEMORY;
  for (const most of [2, 1]) {
    const connect = disturbed(memoryStore(states[1]), async (session) => {
      sessions = session;
      if (session === 1 && most === 2) await conflict(states);
    });
    const { end, told } = await sync(left, connect, { memory });
    assert.ok(E.isRight(end));
    assert.equal(sessions, most);
    assert.deepEqual(end.right.report.problems.map(({ what }) => what), ["it is odd"]);
    assert.deepEqual(told, end.right.report.problems);
    memory = end.right.memory;
  }
});

Deno.test("syncWithPeer: a run that fails tells what it found before, once", async () => {
  const states = await twoSides();
  const lost = syncError("Io", "run", {}, "cannot be reached any more");
  const connect = disturbed(memoryStore(states[1]), () => conflict(states));
  let sessions = 0;
  const { end, told } = await sync(
    oncePuzzled(memoryStore(states[0])),
    (handshake) => ++sessions === 2 ? TE.left(lost) : connect(handshake),
  );
  assert.deepEqual(end, E.left(lost));
  assert.deepEqual(told.map(({ what }) => what), ["it is odd"]);
});

Deno.test("syncWithPeer: mails keep the pace in both directions", async () => {
  const states = await twoSides();
  const mails = [...Array(40).keys()].map((i) => saveOf({ uid: i + 1 }));
  await applyTo(memoryStore(states[0]), BOX, mails.slice(0, 30));
  await applyTo(memoryStore(states[1]), BOX, mails.slice(30));
  const size = [...states].flatMap(({ mailboxes: [box] }) => box!.mails)
    .reduce((sum, { mail }) => sum + mail.size, 0);
  const paced = { operations: 0, bytes: 0 };
  const count = (key: "operations" | "bytes") => (n: number): Promise<void> => {
    paced[key] += n;
    return Promise.resolve();
  };
  const pace = { operations: count("operations"), bytes: count("bytes") };
  const connect = disturbed(memoryStore(states[1]), () => Promise.resolve());
  const { end } = await sync(memoryStore(states[0]), connect, { pace });
  assert.ok(E.isRight(end));
  assert.deepEqual(states.map(({ mailboxes: [box] }) => box!.mails.length), [40, 40]);
  assert.equal(paced.bytes, size);
  assert.ok(paced.operations >= 40, `${paced.operations}`);
});

Deno.test("syncWithPeer: a mailbox that cannot be made here is named once, and the others are synced", async () => {
  const states = await twoSides();
  await run(
    memoryStore(states[1]).applyTree({
      _tag: "CreateMailbox",
      name: mailboxName("Unfit"),
      guid: mailboxGuid("f".repeat(32)),
      uidValidity: 1_700_000_001,
    }),
  );
  await applyTo(memoryStore(states[1]), BOX, [saveOf({ uid: 1 })]);
  const here = memoryStore(states[0]);
  const unfit = syncError("Unfit", "mailbox", {}, "it does not fit");
  const left: Store = {
    ...here,
    applyTree: (operation) =>
      operation.name === "Unfit" ? TE.left(unfit) : here.applyTree(operation),
  };
  const connect = disturbed(memoryStore(states[1]), () => Promise.resolve());
  const { end, told } = await sync(left, connect);
  assert.ok(E.isRight(end));
  assert.deepEqual(told.map(({ what, where }) => [where.mailbox, what]), [
    ["Unfit", "it does not fit"],
  ]);
  assert.equal(states[0].mailboxes[0]!.mails.length, 1);
});

Deno.test("syncWithPeer: what a filter left out is not read by the next run", async () => {
  const states = await twoSides();
  const mails = [1, 2, 3].map((uid) => saveOf({ uid }));
  await applyTo(memoryStore(states[0]), BOX, mails);
  const fetched: number[] = [];
  const left = overMailboxes(memoryStore(states[0]), (mailbox) =>
    overlaid(mailbox, {
      fetch: (wanted) =>
        mailbox.fetch(
          map((uid: Uid) => {
            fetched.push(uid);
            return uid;
          })(wanted),
        ),
    }));
  const request = { ...MERGE, filter: { ...MERGE.filter, flag: "\\Flagged" } };
  const connect = disturbed(memoryStore(states[1]), () => Promise.resolve());
  const { end: first } = await sync(left, connect, {}, request);
  assert.ok(E.isRight(first));
  assert.deepEqual(first.right.memory.mailboxes.get(BOX)?.pendingLeft, [1, 2, 3]);
  const { end } = await sync(left, connect, { memory: first.right.memory }, request);
  assert.ok(E.isRight(end));
  assert.deepEqual([fetched, states[1].mailboxes[0]!.mails], [[], []]);
  const { memory } = end.right;
  assert.deepEqual(memory.mailboxes.get(BOX)?.pendingLeft, [1, 2, 3]);
  await sync(left, connect, { memory });
  assert.equal(states[1].mailboxes[0]!.mails.length, 3);
});

Deno.test("syncWithPeer: a mail that the other end cannot read stays there, and comes over once it can", async () => {
  const states = await twoSides();
  const mails = [1, 2].map((uid) => saveOf({ uid, guid: hexGuid(uid) }));
  await applyTo(memoryStore(states[1]), BOX, mails);
  let isBroken = true;
  const error = syncError("Damaged", "message", { uid: 1 }, "of no use");
  const right = overMailboxes(memoryStore(states[1]), (mailbox) =>
    overlaid(mailbox, {
      fetch: (wanted) =>
        map((one: Fetched): Fetched =>
          isBroken && one._tag === "Mail" && one.mail.guid === hexGuid(1)
            ? { _tag: "Lost", uid: one.mail.uid, error }
            : one
        )(mailbox.fetch(wanted)),
    }));
  const guids = () =>
    states.map(({ mailboxes: [box] }) => box!.mails.map(({ mail }) => String(mail.guid)).sort());
  const [first, second] = [hexGuid(1), hexGuid(2)].map(String) as [string, string];
  let memory = NO_MEMORY;
  for (const [run, most] of [["first", 2], ["again", 1]] as const) {
    let sessions = 0;
    const connect = disturbed(right, (session) => {
      sessions = session;
      return Promise.resolve();
    });
    const { end } = await sync(memoryStore(states[0]), connect, { memory });
    assert.ok(E.isRight(end), run);
    assert.deepEqual(end.right.report.problems.map(({ where }) => where.uid), [1], run);
    assert.equal(sessions, most, run);
    assert.deepEqual(guids(), [[second], [first, second]], run);
    memory = end.right.memory;
  }
  isBroken = false;
  const connect = disturbed(right, () => Promise.resolve());
  const { end } = await sync(memoryStore(states[0]), connect, { memory });
  assert.ok(E.isRight(end));
  assert.deepEqual(end.right.report.problems, []);
  assert.deepEqual(guids(), [[first, second], [first, second]]);
});

Deno.test("syncWithPeer: what is remembered of another disk proves no expunge", async () => {
  for (const isOther of [false, true]) {
    const states = await twoSides();
    for (const { mailboxes: [box] } of states) box!.historyComplete = false;
    const [left, right] = states.map(({ mailboxes: [box] }) => box!);
    const mails = [1, 2, 3].map((uid) => saveOf({ uid, guid: hexGuid(uid) }));
    await applyTo(memoryStore(states[0]), BOX, mails);
    const connect = disturbed(memoryStore(states[1]), () => Promise.resolve());
    const { end } = await sync(memoryStore(states[0]), connect);
    assert.ok(E.isRight(end));
    right!.mails.splice(0, 1);
    right!.changes.length = 0;
    const changed = new Map(end.right.memory.mailboxes);
    const memory = { ...end.right.memory, mailboxes: changed };
    const known = changed.get(BOX)!;
    if (isOther) {
      const moment = String(left!.highestModSeq + 1n);
      changed.set(BOX, { ...known, momentLeft: moment, seenLeft: moment });
    }
    const { end: again } = await sync(memoryStore(states[0]), connect, { memory });
    assert.ok(E.isRight(again));
    assert.deepEqual(again.right.report.problems, []);
    const guids = (box: typeof left) => box!.mails.map(({ mail }) => String(mail.guid)).sort();
    const expected = (isOther ? [1, 2, 3] : [2, 3]).map((uid) => String(hexGuid(uid)));
    assert.deepEqual([guids(left), guids(right)], [expected, expected]);
  }
});

Deno.test("syncWithPeer: a backup's other end that cannot be reached is not tried again", async () => {
  const [left] = await twoSides();
  let tries = 0;
  const lost = syncError("Io", "run", {}, "there: the other end closed the connection");
  const connect: Connect = () => {
    tries++;
    return TE.left(lost);
  };
  const { end } = await sync(memoryStore(left), connect, {}, { ...MERGE, flow: "out" });
  assert.deepEqual([end, tries], [E.left(lost), 1]);
});
