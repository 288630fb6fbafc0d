/** A peer that lies: whatever it says, no file comes to lie outside of the store, and nothing that was there is lost. */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import * as E from "fp-ts/Either.js";
import { walk } from "@std/fs/walk";
import type { WireItem } from "../../lib/codec/dsync_wire_item.ts";
import { syncError } from "../../lib/model/error.ts";
import { mailboxGuid, uid } from "../../lib/model/ids.ts";
import { NO_MEMORY } from "../../lib/model/memory.ts";
import { makeOs } from "../../lib/os/os.ts";
import { newGuid } from "../../lib/os/new_guid.ts";
import { makeSpool } from "../../lib/os/spool.ts";
import { greet } from "../../lib/peer/greeting.ts";
import { memoryPipe } from "../../lib/peer/memory_pipe.ts";
import type { Peer } from "../../lib/port/peer.ts";
import type { Store } from "../../lib/port/store.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { syncWithPeer } from "../../lib/run/peer_sync.ts";
import { holdSession } from "../../lib/run/session.ts";
import { slaveHandshake, slaveOptions } from "../../lib/run/session_handshake.ts";
import { NOTHING_REMEMBERED } from "../../lib/run/session_options.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { StreamFailure } from "../../lib/stream/chunks.ts";
import { memoryStore } from "../../lib/store/memory/memory_store.ts";
import type { MemoryState } from "../../lib/store/memory/memory_state.ts";
import { type Act, act, newAccount, World } from "../property/histories.ts";
import { MERGE } from "../../lib/run/_session_request.ts";
import { run } from "../../lib/testing/content.ts";

const STORES: Readonly<Record<string, (root: string) => Promise<Store>>> = {
  "Maildir++": (root) => run(openMaildir(makeOs(), { root, layout: "maildir++", create: true })),
  "Maildir, LAYOUT=fs": (root) => run(openMaildir(makeOs(), { root, layout: "fs", create: true })),
  mdbox: (root) => run(openMdbox(makeOs(), { root, create: true })),
};

/** What is put in the place of an item; several, or none. */
type Lie = (item: WireItem) => Iterable<WireItem>;

const honest: Lie = (item) => [item];

/** What must come of a lie: an error, or nothing that could be told from the truth. */
type Outcome = "failure" | "any";

/** How long somebody waits for a peer that has swallowed an item. */
const PATIENCE_MS = 500;

/** The next item, or a failure like that of a pipe that has been silent for too long. */
const patiently = async (peer: Peer): Promise<WireItem> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StreamFailure(syncError("Io", "run", {}, "silent for too long"))),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([peer.receive(), silent]);
  } finally {
    clearTimeout(timer);
  }
};

/** A peer that says other things than the honest one behind it. */
const lying = (peer: Peer, lie: Lie): Peer => {
  let waiting: Iterator<WireItem> = [][Symbol.iterator]();
  return {
    ...peer,
    receive: async () => {
      for (;;) {
        const { value, done } = waiting.next();
        if (done !== true) return value;
        waiting = lie(await patiently(peer))[Symbol.iterator]();
      }
    },
  };
};

const syncWithLiar = async (store: Store, right: MemoryState, lie: Lie) => {
  const serving: Promise<unknown>[] = [];
  const end = await syncWithPeer(
    store,
    (handshake) => async () => {
      const [here, there] = memoryPipe();
      const served = greet(there, "master", slaveHandshake("b.example"), []).then(({ peer }) =>
        holdSession(
          memoryStore(right),
          peer,
          slaveOptions(peer.handshake, {
            states: new Map(),
            compares: () => false,
            remembered: () => NOTHING_REMEMBERED,
            makeSpool,
            newGuid,
            side: "right",
          }, () => []),
        )()
      ).finally(() => there.close());
      serving.push(served);
      const { peer } = await greet(here, "liar", handshake, []);
      return E.right({
        peer: lying(peer, lie),
        close: async () => {
          await here.close();
          await served;
          return E.right(undefined);
        },
      });
    },
    MERGE,
    {
      memory: NO_MEMORY,
      states: new Map(),
      makeSpool,
      newGuid,
      hostname: "a.example",
      usesOf: () => [],
      side: "left",
    },
  )();
  await Promise.all(serving);
  return end;
};

const renamedTo = (...name: readonly string[]): Lie => (item) =>
  item._tag === "TreeNode" && item.name[0] === "F" ? [{ ...item, name }] : [item];

/** In parts. The codec refuses empty parts and control characters before they come here. */
const NAMES: readonly (readonly string[])[] = [
  ["..", "..", "evil"],
  [".."],
  ["../../evil"],
  ["a", "..", "..", "..", "evil"],
  ["/etc/evil"],
  ["."],
  ["cur"],
  ["new", "x"],
  ["dbox-Mails"],
  ["dovecot.index.log"],
  ["~root"],
  ["x".repeat(300)],
  Array.from({ length: 200 }, () => "deep"),
  ["inbox"],
  ["A"],
];

/** Numbers that say something else of a mailbox. */
const numbers = (change: Partial<Extract<WireItem, { _tag: "MailboxNumbers" }>>): Lie => (item) =>
  item._tag === "MailboxNumbers" ? [{ ...item, ...change }] : [item];

const twice = (tag: WireItem["_tag"]): Lie => (item) => item._tag === tag ? [item, item] : [item];
const without = (tag: WireItem["_tag"]): Lie => (item) => item._tag === tag ? [] : [item];

/** Turns the order of the UIDs of changes. */
const turned = (): Lie => {
  let n = 1000;
  return (item) => item._tag === "MailChange" ? [{ ...item, uid: uid(n--) }] : [item];
};

/** Node after node. */
const many = (count: number): Lie =>
  function* (item) {
    if (item._tag !== "TreeNode" || item.name[0] !== "F") return yield item;
    for (let i = 0; i < count; i++) {
      const id = mailboxGuid((i + 1).toString(16).padStart(32, "0"));
      yield { ...item, name: [`F${i}`], guid: id };
    }
  };

const lies = (outcome: Outcome, table: Readonly<Record<string, () => Lie>>) =>
  Object.entries(table).map(([what, make]) => ({ what, make, outcome }));

const WIRE_TAGS = [
  "MailboxNumbers",
  "MailChange",
  "RequestedMail",
  "BodyEnd",
  "EndOfList",
  "MailboxState",
] as const;

const LIES = [
  ...NAMES.flatMap((name) =>
    lies("any", { [`the name ${JSON.stringify(name).slice(0, 60)}`]: () => renamedTo(...name) })
  ),
  ...WIRE_TAGS.flatMap((tag) =>
    lies("failure", { [`${tag} twice`]: () => twice(tag), [`no ${tag}`]: () => without(tag) })
  ),
  ...lies("failure", {
    "TreeNode twice": () => twice("TreeNode"),
    "no Finish": () => without("Finish"),
    "UIDs that fall": turned,
    "every mail is another": () => (item) =>
      item._tag === "RequestedMail" ? [{ ...item, uid: uid(4_000_000), guid: null }] : [item],
    "one GUID for all mailboxes": () => (item) =>
      item._tag === "TreeNode" && item.guid !== null
        ? [{ ...item, guid: mailboxGuid("0123456789abcdef0123456789abcdef") }]
        : [item],
    "numbers of an unknown mailbox": () =>
      numbers({ guid: mailboxGuid("0123456789abcdef0123456789abcdef") }),
    "a million mailboxes": () => many(1_000_000),
  }),
  ...lies("any", {
    "Finish twice": () => twice("Finish"),
    "no TreeNode": () => without("TreeNode"),
    "UIDNEXT below the mails": () => numbers({ uidNext: 1 }),
    "a mailbox without mails": () => numbers({ messages: 0 }),
  }),
];

const shape = async (root: string): Promise<readonly string[]> => {
  const paths: string[] = [];
  for await (const { path } of walk(root)) paths.push(relative(root, path));
  return paths.sort();
};

const save = (box: number, flags = 0): Act => ({ _tag: "Save", box, gap: 0, flags });

/** A store and an account that were equal once and have both changed. */
const pairWith = async (open: () => Promise<Store>) => {
  const world = new World();
  const right = newAccount(world);
  const first: readonly Act[] = [{ _tag: "Create", name: "A" }, save(0), save(0), save(1)];
  first.forEach((a) => act(right, world, a));
  const store = await open();
  await run(mirror(memoryStore(right), store));
  await store.close();
  const later: readonly Act[] = [{ _tag: "Create", name: "F" }, save(2), save(0), save(1)];
  later.forEach((a) => act(right, world, a));
  return right;
};

/** GUIDs of the mails of every mailbox. */
const mailsOf = async (store: Store): Promise<readonly string[]> => {
  const copy = newAccount(new World());
  copy.mailboxes.length = 0;
  await run(mirror(store, memoryStore(copy)));
  return copy.mailboxes.flatMap(({ mails }) => mails.map(({ record }) => record.guid)).sort();
};

for (const [kind, openAt] of Object.entries(STORES)) {
  for (const { what, make, outcome } of LIES) {
    Deno.test(`${kind}, a peer that lies: ${what}`, async () => {
      const outer = await Deno.makeTempDir({ prefix: "dsync-liar-" });
      const root = join(outer, "a", "b", "mail");
      await Deno.mkdir(join(outer, "a", "b"), { recursive: true });
      const inStore = async <A>(use: (store: Store) => Promise<A>): Promise<A> => {
        const store = await openAt(root);
        try {
          return await use(store);
        } finally {
          await store.close();
        }
      };
      try {
        const right = await pairWith(() => openAt(root));
        const mails = await inStore(mailsOf);
        const end = await inStore((store) => syncWithLiar(store, right, make()));
        const failed = E.isLeft(end) || end.right.report.problems.length > 0;
        if (outcome === "failure") assert.ok(failed, "it was believed");
        const outside = (await shape(outer)).filter((path) => !path.startsWith("a/b/mail/"));
        assert.deepEqual(outside, ["", "a", "a/b", "a/b/mail"]);
        const there = new Set(await inStore(mailsOf));
        assert.deepEqual(mails.filter((id) => !there.has(id)), [], "mails are lost");
        const next = await inStore((store) => syncWithLiar(store, right, honest));
        assert.ok(E.isRight(next), JSON.stringify(next));
        assert.deepEqual(next.right.report.problems, []);
        assert.deepEqual(await inStore(mailsOf), await mailsOf(memoryStore(right)));
      } finally {
        await Deno.remove(outer, { recursive: true });
      }
    });
  }
}
