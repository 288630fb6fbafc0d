/** Stamps tell every change of a mailbox, and let a mirror pass over what nothing has happened to. */
import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { FLAGGED, flags, NO_FLAGS } from "../../lib/model/flags.ts";
import { guid, type MailboxGuid, uid } from "../../lib/model/ids.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import { isNothing } from "../../lib/model/report.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { collect } from "../../lib/stream/chunks.ts";
import { inDirectory, mdbox, type Open, STORES } from "./attributed.ts";
import {
  allDone,
  applyTo,
  BOX,
  contentOf,
  CREATE,
  plainRecords,
  run,
} from "../../lib/testing/content.ts";
import { hexGuid, saveOf } from "../../lib/testing/mails.ts";

/**
 * Opens a store whose stamps are asked for a minute later than it is, so that nothing was changed just now. The times
 * that it writes are right.
 */
const openedLater = async (open: Open, root: string): Promise<Store> => {
  let ahead = 0;
  const store = await open(root, { ...makeOs(), now: () => Date.now() + ahead });
  return {
    ...store,
    stamps: async () => {
      ahead = 60_000;
      const stamps = await store.stamps!();
      ahead = 0;
      return stamps;
    },
  };
};

const stampIn = async (store: Store, box: MailboxGuid = BOX): Promise<string | undefined> => {
  await run(store.tree);
  assert.ok(store.stamps !== undefined);
  return (await run(store.stamps)).get(box);
};

const flag = (at: number, keyword: string | null): MailOperation => ({
  _tag: "UpdateFlags",
  uid: uid(at),
  guid: guid(hexGuid(at)),
  add: keyword === null ? flags(FLAGGED) : NO_FLAGS,
  remove: NO_FLAGS,
  addKeywords: keyword === null ? [] : [keyword],
  removeKeywords: [],
  modSeq: null,
});

const done = async (store: Store, operations: readonly MailOperation[]): Promise<void> =>
  allDone(await applyTo(store, BOX, operations));

const CHANGES: Readonly<Record<string, (store: Store) => Promise<void>>> = {
  "a mail is saved": (store) => done(store, [saveOf({ uid: 9 })]),
  "a flag is set": (store) => done(store, [flag(2, null)]),
  "a keyword is set": (store) => done(store, [flag(2, "Work")]),
  "a mail is given another UID": (store) =>
    done(store, [{
      _tag: "RenumberMail",
      uid: uid(1),
      guid: guid(hexGuid(1)),
      newUid: uid(20),
      modSeq: null,
    }]),
  "a mail is expunged": (store) =>
    done(store, [{ _tag: "Expunge", uid: uid(2), guid: guid(hexGuid(2)) }]),
  "UIDNEXT is raised": async (store) => {
    const { highestModSeq } = await run(store.withMailbox(BOX, ({ status }) => TE.right(status)));
    await done(store, [{ _tag: "RaiseStatus", uidNext: 100, highestModSeq, firstRecentUid: 1 }]);
  },
  "an attribute is set": (store) =>
    run(
      store.withMailbox(BOX, ({ attributes }) =>
        attributes!.set([{ scope: "private", key: "a", value: "1" }])),
    ),
};

/** What has to be equal in the end. */
const shownBy = async (store: Store) => {
  const { records, status } = await contentOf(store, BOX);
  const attributes = await run(
    store.withMailbox(BOX, (mailbox) => collect(mailbox.attributes!.list())),
  );
  return [
    plainRecords(records),
    status.uidNext,
    attributes.map(({ key, value }) => `${key} ${value}`),
  ];
};

for (const [title, open] of Object.entries(STORES)) {
  Deno.test(`${title}: a stamp is another after every change, and the same after a look`, () =>
    inDirectory(async (root) => {
      const store = await openedLater(open, root);
      await run(store.applyTree(CREATE));
      allDone(await applyTo(store, BOX, [1, 2].map((at) => saveOf({ uid: at }))));
      let before = await stampIn(store);
      for (const [what, change] of Object.entries(CHANGES)) {
        assert.equal(await stampIn(store), before, `nothing happened before ${what}`);
        await change(store);
        const now = await stampIn(store);
        assert.ok(now !== undefined && now !== before, what);
        before = now;
      }
      await store.close();
    }));

  Deno.test(`${title}: a mailbox that was changed just now has no stamp`, () =>
    inDirectory(async (root) => {
      const store = await open(root);
      await run(store.applyTree(CREATE));
      assert.equal(await stampIn(store), undefined);
      await store.close();
    }));

  Deno.test(`mirror opens only what has changed since it was found equal: mdbox and ${title}`, () =>
    inDirectory(async (root) => {
      for (const side of ["left", "right"]) await Deno.mkdir(`${root}/${side}`);
      const left = await openedLater(mdbox, `${root}/left`);
      const right = await openedLater(open, `${root}/right`);
      let opened = 0;
      const counting = (store: Store): Store => ({
        ...store,
        withMailbox: (box, use) => {
          opened++;
          return store.withMailbox(box, use);
        },
      });
      await run(left.applyTree(CREATE));
      allDone(await applyTo(left, BOX, [1, 2].map((at) => saveOf({ uid: at }))));
      let memory = (await run(mirror(left, right))).memory;
      const again = async (): Promise<readonly [boolean, number]> => {
        opened = 0;
        const end = await run(mirror(counting(left), counting(right), { memory }));
        ({ memory } = end);
        assert.deepEqual(end.report.problems, []);
        return [isNothing(end.report.left) && isNothing(end.report.right), opened];
      };
      // An INBOX that a Maildir made for itself has to go over, too.
      await again();
      assert.equal((await again())[0], true, "the second look finds both equal");
      assert.deepEqual(await again(), [true, 0], "then nothing has to be opened");
      const onTheRight = (store: Store) => done(store, [saveOf({ uid: 200 })]);
      for (const [what, change] of [...Object.entries(CHANGES), ["right", onTheRight] as const]) {
        await change(what === "right" ? right : left);
        assert.ok((await again())[1] > 0, `${what}: it is looked at`);
        assert.deepEqual(await shownBy(left), await shownBy(right), `${what}: it is carried over`);
        assert.equal((await again())[0], true, `${what}: it has come to rest`);
        assert.deepEqual(await again(), [true, 0], `${what}: nothing has to be opened`);
      }
      await left.close();
      await right.close();
    }));
}
