import assert from "node:assert/strict";
import type { SyncError } from "../../model/error.ts";
import { guid, uid } from "../../model/ids.ts";
import { mailboxName } from "../../model/mailbox.ts";
import type { Expunge } from "../../model/operation.ts";
import type { Store } from "../../port/store.ts";
import { allDone, apply, applyTo, BOX, failureOf, OTHER } from "../../testing/content.ts";
import { hexGuid, saveOf } from "../../testing/mails.ts";
import { create, fetched, inHome, opened, os, outcomeOf } from "./_store_home.ts";
import { layoutOf } from "./layout.ts";
import { examineMap } from "./map_check.ts";

const WORK = mailboxName("Work");

const expungeOf = (one: number): Expunge => ({
  _tag: "Expunge",
  uid: uid(one),
  guid: guid(hexGuid(one)),
});

const logOf = (home: string) => `${home}/mdbox/storage/dovecot.map.index.log`;

const save = (box: typeof BOX, uids: readonly number[]) => async (store: Store): Promise<void> =>
  allDone(await applyTo(store, box, uids.map((one) => saveOf({ uid: one }))));

/** Two mailboxes of three mails each; the map is that before the last mail of `box`, and then `tail`. */
const withOldMap = async (
  home: string,
  box: typeof BOX,
  rotateSize: number,
  tail: (lost: Uint8Array) => Uint8Array = () => new Uint8Array(),
): Promise<void> => {
  await opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    await create(store, "Work", OTHER);
    await save(BOX, [1, 2])(store);
    await save(OTHER, [11, 12])(store);
  }, { rotateSize });
  const { size } = Deno.statSync(logOf(home));
  await opened(home, save(box, [21]), { rotateSize });
  const bytes = Deno.readFileSync(logOf(home));
  Deno.truncateSync(logOf(home), size);
  Deno.writeFileSync(logOf(home), tail(bytes.subarray(size)), { append: true });
};

const examined = (home: string): SyncError | null =>
  examineMap(os, layoutOf({ root: `${home}/mdbox`, create: false }));

/** Every file of the storage with its size. */
const storageOf = (home: string): readonly string[] =>
  [...Deno.readDirSync(`${home}/mdbox/storage`)]
    .map(({ name }) => `${name} ${Deno.statSync(`${home}/mdbox/storage/${name}`).size}`)
    .filter((line) => !line.startsWith(".temp"))
    .sort();

const ROWS: readonly (readonly [
  title: string,
  box: typeof BOX,
  rotateSize: number,
  tail: (lost: Uint8Array) => Uint8Array,
  place: string,
  what: RegExp,
])[] = [
  [
    "knows nothing of a file",
    OTHER,
    100,
    () => new Uint8Array(),
    "storage/m.5",
    /older than the storage: it knows no file beyond m\.4 .*force-resync/,
  ],
  [
    "is yet to give a map UID that the mailbox names",
    BOX,
    1 << 20,
    () => new Uint8Array(),
    "mailboxes/INBOX/dbox-Mails",
    /older than the storage: the mailbox names the map UID 5, and the next to be given is 5/,
  ],
  [
    "is yet to give a map UID that another mailbox names",
    OTHER,
    1 << 20,
    () => new Uint8Array(),
    "mailboxes/Work/dbox-Mails",
    /older than the storage: the mailbox names the map UID 5, and the next to be given is 5/,
  ],
  [
    "ends inside a record",
    OTHER,
    1 << 20,
    (lost) => lost.subarray(0, 30),
    "storage/dovecot.map.index.log",
    /the log ends inside a record/,
  ],
  [
    "ends with zeros",
    OTHER,
    1 << 20,
    () => new Uint8Array(64),
    "storage/dovecot.map.index.log",
    /the log ends inside a record/,
  ],
];

for (const [title, box, rotateSize, tail, place, what] of ROWS) {
  inHome(`nothing is written by a map that ${title}`, async (home) => {
    await withOldMap(home, box, rotateSize, tail);
    const before = storageOf(home);
    const told = examined(home);
    for (const operations of [[saveOf({ uid: 31 })], [expungeOf(1)]]) {
      const error = await opened(
        home,
        (store) => failureOf(store.withMailbox(BOX, (mailbox) => apply(mailbox, operations))),
      );
      for (const one of [error, told!]) {
        assert.deepEqual([one._tag, one.scope], ["Damaged", "store"]);
        assert.equal(one.where.path, `${home}/mdbox/${place}`);
        assert.match(one.what, what);
      }
    }
    const removed = await opened(
      home,
      (store) => failureOf(store.applyTree({ _tag: "DeleteMailbox", name: WORK, guid: OTHER })),
    );
    assert.match(removed.what, what);
    assert.deepEqual(storageOf(home), before);
  });
}

inHome("a map that is whole is not found to be old", async (home) => {
  await opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    await save(BOX, [1, 2, 3])(store);
  });
  assert.equal(examined(home), null);
  assert.equal(examineMap(os, layoutOf({ root: `${home}/none`, create: false })), null);
});

inHome(
  "a mail that a torn map does not know is named with the place where the map ends",
  async (home) => {
    await withOldMap(home, BOX, 1 << 20, (lost) => lost.subarray(0, 30));
    await opened(home, async (store) => {
      const [one] = await fetched(store, [21]);
      assert.match(
        outcomeOf(one!),
        /Damaged: the map does not know the map UID 5: the log ends inside a record/,
      );
      assert(one?._tag === "Lost");
      assert.equal(one.error.where.path, logOf(home));
      assert.ok(one.error.where.offset! > 40);
    });
  },
);
