/**
 * Steps that fail, as on a disk that is full or broken, in a process that lives on and cleans up behind itself.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../../lib/model/error.ts";
import { flags, SEEN } from "../../lib/model/flags.ts";
import { mailboxGuid } from "../../lib/model/ids.ts";
import { INBOX } from "../../lib/model/mailbox.ts";
import { makeOs, type StepHook } from "../../lib/os/os.ts";
import type { Os } from "../../lib/port/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { collect, fromArray, StreamFailure } from "../../lib/stream/chunks.ts";
import { contentOf, run } from "../../lib/testing/content.ts";
import { bytesOf, saveOf } from "../../lib/testing/mails.ts";

const BOX = mailboxGuid("0123456789abcdef0123456789abcdef");

type Open = (os: Os, home: string) => TaskEither<SyncError, Store>;

const STORES: readonly (readonly [string, Open])[] = [
  [
    "Maildir",
    (os, home) => openMaildir(os, { root: `${home}/Maildir`, layout: "maildir++", create: true }),
  ],
  ["mdbox", (os, home) => openMdbox(os, { root: `${home}/mdbox`, create: true })],
];

/** A mail whose GUID is a Maildir's name, and mails with other GUIDs; one of them has a keyword that is new. */
const SAVES = [
  saveOf({ uid: 1 }),
  saveOf({ uid: 2, flags: flags(SEEN) }),
  saveOf({ uid: 3, guid: "1700000003.M3P1.host,S=27,W=30" }),
  saveOf({ uid: 4, keywords: ["Work"] }),
  saveOf({ uid: 5 }),
];

const withInbox = async <A>(
  opened: TaskEither<SyncError, Store>,
  use: (store: Store) => Promise<A>,
): Promise<A> => {
  const store = await run(opened);
  try {
    const identity = { name: INBOX, guid: BOX, uidValidity: 1_700_000_000 };
    await run(store.applyTree({ _tag: "CreateMailbox", ...identity }));
    return await use(store);
  } finally {
    await store.close();
  }
};

/** Saves those mails that the mailbox's UIDNEXT says have not been there. */
const saveRest = (store: Store) =>
  store.withMailbox(BOX, ({ status, apply }) => {
    const rest = SAVES.filter(({ copy }) => copy.uid >= status.uidNext);
    return collect(apply(fromArray(rest)));
  })();

/** Fails the n-th step that is made while it is armed. */
const faultAt = (n: number) => {
  const fault = { isArmed: false, at: null as string | null };
  let seen = 0;
  const hook: StepHook = ({ kind, path }) => {
    if (!fault.isArmed || fault.at !== null || ++seen < n) return;
    fault.at = `${kind} ${path}`;
    throw new StreamFailure<SyncError>(syncError("Io", "store", { path }, "no space"));
  };
  return { fault, hook };
};

for (const [name, open] of STORES) {
  Deno.test(`${name}: whichever step of a batch of saves fails, each mail is there once after the next run`, async () => {
    let steps = 0;
    for (let isDone = false; !isDone;) {
      const home = Deno.makeTempDirSync();
      try {
        const { fault, hook } = faultAt(steps + 1);
        await withInbox(open(makeOs({ onStep: hook }), home), async (store) => {
          fault.isArmed = true;
          await saveRest(store);
          fault.isArmed = false;
        });
        isDone = fault.at === null;
        if (!isDone) steps++;
        await withInbox(open(makeOs(), home), saveRest);
        const { mails } = await withInbox(
          open(makeOs(), home),
          (store) => contentOf(store, BOX),
        );
        assert.deepEqual(
          mails.map(({ uid, bytes }) => `${uid} ${bytes}`),
          SAVES.map(({ mail }) =>
            `${mail.uid} ${new TextDecoder().decode(bytesOf({ uid: mail.uid }))}`
          ),
          `after step ${steps}, ${fault.at}`,
        );
      } finally {
        Deno.removeSync(home, { recursive: true });
      }
    }
    assert.ok(steps > 10, `only ${steps} steps`);
  });
}
