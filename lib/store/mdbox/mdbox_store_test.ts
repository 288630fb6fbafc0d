import assert from "node:assert/strict";
import { setExtensionRecords } from "../../codec/index_build.ts";
import { DONE } from "../../codec/index_record.ts";
import { encodeMapRecord, MAP } from "../../codec/mdbox_index.ts";
import { mailboxGuid, uid } from "../../model/ids.ts";
import { INBOX, mailboxName } from "../../model/mailbox.ts";
import { collect, fromArray } from "../../stream/chunks.ts";
import {
  allDone,
  apply,
  applyTo,
  BOX,
  contentOf,
  failureOf,
  OTHER,
  run,
} from "../../testing/content.ts";
import { readBody } from "../../codec/read_body.ts";
import { hexGuid, saveOf } from "../../testing/mails.ts";
import { openIndex } from "../index/index_file.ts";
import {
  create,
  fetched,
  fill,
  inHome,
  opened,
  os,
  outcomeOf,
  replaceInFile,
} from "./_store_home.ts";
import { JOURNAL_PREFIX, NEW_FILE_PREFIX } from "./journal.ts";
import { layoutOf } from "./layout.ts";
import { MAX_REFCOUNT, StorageMap } from "./map.ts";
import { type MdboxOptions, openMdbox } from "./mdbox_store.ts";

inHome("openMdbox refuses what is no mdbox, and makes nothing", async (home) => {
  const table: [string, (root: string) => void, boolean, string | null][] = [
    ["missing", () => {}, false, "Missing"],
    ["missing, to be made", () => {}, true, null],
    ["a file", (root) => Deno.writeTextFileSync(root, ""), true, "Unsafe"],
    ["a Maildir", (root) => Deno.mkdirSync(`${root}/cur`, { recursive: true }), true, "Unsafe"],
    ["other files", (root) => Deno.mkdirSync(`${root}/src`, { recursive: true }), true, "Unsafe"],
    ["empty", (root) => Deno.mkdirSync(root), false, "Missing"],
    ["empty, to be filled", (root) => Deno.mkdirSync(root), true, null],
    [
      "LAYOUT=index",
      (root) => {
        const box = `${root}/mailboxes/00112233445566778899aabbccddeeff`;
        Deno.mkdirSync(box, { recursive: true });
        Deno.writeTextFileSync(`${box}/dovecot.index.log`, "");
      },
      true,
      "Unsupported",
    ],
  ];
  for (const [name, prepare, mayCreate, tag] of table) {
    const root = `${home}/${name}`;
    prepare(root);
    const below = () =>
      os.files.stat(root)?.kind === "directory" ? os.files.list(root)?.length : null;
    const before = below();
    const open = openMdbox(os, { root, create: mayCreate });
    if (tag === null) await (await run(open)).close();
    else assert.equal((await failureOf(open))._tag, tag, name);
    assert.equal(below(), before, name);
  }
});

inHome("an mdbox that Dovecot left is read as doveadm read it", async (home) => {
  const golden = new URL("../../../tests/golden/dovecot-store/", import.meta.url).pathname;
  const args = ["-xzf", `${golden}mdbox.tar.gz`, "--no-same-owner", "-C", home];
  assert((await new Deno.Command("tar", { args }).output()).success);
  const { mailboxes, subscribed } =
    JSON.parse(Deno.readTextFileSync(`${golden}expected.json`)).mdbox;
  await opened(home, async (store) => {
    const tree = await run(store.tree);
    assert.deepEqual(tree.problems, []);
    assert.deepEqual([...tree.subscriptions].sort(), [...subscribed].sort());
    const boxes = tree.nodes.filter((node) => node._tag === "Mailbox");
    assert.deepEqual(boxes.map(({ name }) => name).sort(), Object.keys(mailboxes).sort());
    for (const { name, guid } of boxes) {
      const { status, messages } = mailboxes[name];
      const content = await contentOf(store, guid);
      assert.deepEqual(
        [guid, content.status.uidNext, content.status.uidValidity],
        [status.guid, status.uidnext, status.uidvalidity],
        name,
      );
      assert.equal(Number(content.status.highestModSeq), status.highestmodseq, name);
      const seen = content.mails.map((mail, i) => ({
        uid: mail.uid,
        guid: mail.guid,
        modseq: Number(content.records[i]!.modSeq),
        keywords: content.records[i]!.keywords.map((k) => k.toLowerCase()),
        received: mail.receivedAt,
        saved: mail.savedAt,
        sizePhysical: mail.size,
      }));
      const expected = messages.map((mail: Record<string, unknown>) => ({
        uid: mail["uid"],
        guid: mail["guid"],
        modseq: mail["modseq"],
        keywords: (mail["keywords"] as string[]).map((k) => k.toLowerCase()).sort(),
        received: mail["received"],
        saved: mail["saved"],
        sizePhysical: mail["sizePhysical"],
      }));
      assert.deepEqual(seen, expected, name);
    }
  }, { create: false });
});

inHome("a mail whose record is damaged is named, and the others are read", async (home) => {
  await fill(home, [1, 2, 3, 4, 5]);
  replaceInFile(home, `G${hexGuid(1)}`, `Q${hexGuid(1)}`);
  replaceInFile(home, `G${hexGuid(2)}`, `G${hexGuid(9)}`);
  replaceInFile(home, "Body of 3\n\n\x01\x03\n", "Body of 3\n\n\x01\x04\n");
  replaceInFile(home, `G${hexGuid(4)}\nBINBOX\n`, `G${hexGuid(4)}\nZ00123\n`);
  await opened(home, async (store) => {
    const all = await fetched(store, [5, 4, 3, 2, 1, 77]);
    assert.deepEqual(all.map(outcomeOf), [
      "Mail",
      "Unsupported: the mail is stored changed in a way not known",
      "Damaged: no metadata behind the mail",
      `Damaged: the record has the GUID ${hexGuid(9)}, the index ${hexGuid(2)}`,
      "Damaged: the record has no GUID",
      "Changed: there is no such mail",
    ]);
    const file = Deno.readTextFileSync(`${home}/mdbox/storage/m.1`);
    for (const [i, at] of [[2, 3], [3, 2], [4, 1]] as const) {
      const one = all[i];
      assert(one?._tag === "Lost");
      const { path, mailbox, uid: told, offset } = one.error.where;
      assert.deepEqual([path, mailbox, told], [`${home}/mdbox/storage/m.1`, INBOX, at]);
      assert.ok(offset! < file.length && file.slice(offset).length > 0);
      // What is missing behind the mail is named where it should be.
      if (at !== 3) assert.equal(offset, file.indexOf(`Subject: mail ${at}\n`) - 30);
    }
  });
  Deno.removeSync(`${home}/mdbox/storage/m.1`);
  await opened(home, async (store) => {
    const all = await fetched(store, [1, 5]);
    assert.deepEqual(all.map(outcomeOf), [
      "Damaged: the file of the mail is gone",
      "Damaged: the file of the mail is gone",
    ]);
  });
});

inHome("a mailbox without its map is damaged as a whole", async (home) => {
  await fill(home, [1]);
  for (const { name } of os.files.list(`${home}/mdbox/storage`) ?? []) {
    if (name.startsWith("dovecot")) Deno.removeSync(`${home}/mdbox/storage/${name}`);
  }
  await opened(home, async (store) => {
    const error = await failureOf(store.withMailbox(BOX, (mailbox) => collect(mailbox.records())));
    assert.deepEqual([error._tag, error.scope], ["Damaged", "mailbox"]);
    // And nothing is built upon what is left.
    const made = await failureOf(store.applyTree({
      _tag: "CreateMailbox",
      name: mailboxName("New"),
      guid: OTHER,
      uidValidity: 1,
    }));
    assert.equal(made._tag, "Damaged");
  });
});

inHome("a mail that a purge moves between the look and the reading is found", async (home) => {
  await fill(home, [1, 2]);
  await opened(home, async (store) => {
    const bodies = await run(store.withMailbox(BOX, (mailbox) => async () => {
      await collect(mailbox.records())();
      const storage = `${home}/mdbox/storage`;
      Deno.renameSync(`${storage}/m.1`, `${storage}/m.2`);
      const index = openIndex(os, storage, "dovecot.map.index")!;
      const map = StorageMap.open(os, layoutOf({ root: `${home}/mdbox`, create: false }))!;
      const column = new Uint8Array(2 * MAP.recordSize);
      for (const [mapUid, { record }] of map.records()) {
        encodeMapRecord(column, (mapUid - 1) * MAP.recordSize, { ...record, fileId: 2 });
      }
      await index.withLock((writer) =>
        writer.append(setExtensionRecords(MAP, Uint32Array.of(1, 2), column), DONE)
      );
      map.close();
      index.close();
      const texts: string[] = [];
      for await (const chunk of mailbox.fetch(fromArray([uid(1), uid(2)]))) {
        for (const one of chunk) {
          assert(one._tag === "Mail", outcomeOf(one));
          texts.push(new TextDecoder().decode(await readBody(one.mail)));
        }
      }
      return { _tag: "Right", right: texts };
    }));
    assert.deepEqual(bodies.map((text) => text.split("\n").at(-2)), ["Body of 1", "Body of 2"]);
  });
});

inHome("mails that are equal are stored once, in all mailboxes and in later runs", async (home) => {
  const shared = {
    guid: hexGuid(50),
    bytes: "Subject: shared\n\nbody\n",
    receivedAt: 5,
    copies: 3,
  };
  await opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    await create(store, "Copies", OTHER);
    const saves = [1, 2].map((one) => saveOf({ uid: one, ...shared }));
    allDone(await applyTo(store, BOX, saves));
    allDone(await applyTo(store, OTHER, [saveOf({ uid: 7, ...shared })]));
  });
  await opened(home, async (store) => {
    const other = { ...shared, receivedAt: 6 };
    allDone(
      await applyTo(store, OTHER, [saveOf({ uid: 8, ...shared }), saveOf({ uid: 9, ...other })]),
    );
    const { mails } = await contentOf(store, OTHER);
    assert.deepEqual(mails.map((mail) => mail.receivedAt), [5, 5, 6]);
    const copies = (await fetched(store, [1, 2])).map((one) =>
      one._tag === "Mail" ? one.mail.copies : 0
    );
    assert.deepEqual(copies, [4, 4]);
  });
  const map = StorageMap.open(os, layoutOf({ root: `${home}/mdbox`, create: false }))!;
  assert.deepEqual([...map.records()].map(([, { refcount }]) => refcount), [4, 1]);
  map.close();
});

inHome("a mail of which a record can have no more entries is stored once more", async (home) => {
  const shared = { guid: hexGuid(50), receivedAt: 5, copies: 40_000 };
  const layout = layoutOf({ root: `${home}/mdbox`, create: false });
  const refcounts = () => {
    const map = StorageMap.open(os, layout)!;
    const all = [...map.records()].map(([, { refcount }]) => refcount);
    map.close();
    return all;
  };
  await opened(home, async (store) => {
    await create(store, "INBOX", BOX);
    allDone(await applyTo(store, BOX, [saveOf({ uid: 1, ...shared, bytes: "x" })]));
  });
  const map = StorageMap.open(os, layout)!;
  await map.withLock((locked) => void locked.add([], [], new Map([[1, MAX_REFCOUNT - 6]])));
  map.close();
  for (const from of [11, 21]) {
    await opened(home, async (store) => {
      const uids = Array.from({ length: 10 }, (_, i) => from + i);
      const saves = uids.map((uid) => saveOf({ uid, ...shared, bytes: "x" }));
      allDone(await applyTo(store, BOX, saves));
      assert.equal((await contentOf(store, BOX)).mails.length, from);
    });
  }
  assert.deepEqual(refcounts(), [MAX_REFCOUNT, 15]);
});

inHome("a mailbox made by hand is given an identity that stays", async (home) => {
  await fill(home, [1]);
  Deno.mkdirSync(`${home}/mdbox/mailboxes/By/Hand/dbox-Mails`, { recursive: true });
  const nodes = await opened(home, async (store) => (await run(store.tree)).nodes);
  assert.deepEqual(nodes.map(({ _tag, name }) => [_tag, name]), [
    ["Directory", "By"],
    ["Mailbox", "By/Hand"],
    ["Mailbox", "INBOX"],
  ]);
  assert.deepEqual(await opened(home, async (store) => (await run(store.tree)).nodes), nodes);
});

/** Leaves the journal of a dead owner. */
const leaveJournal = (home: string, lines: string): void =>
  Deno.writeTextFileSync(`${home}/mdbox/storage/${JOURNAL_PREFIX}dead`, lines);

/** Any write recovers first. */
const write = (home: string, options: Partial<MdboxOptions> = {}) =>
  opened(home, (store) => create(store, "Written", mailboxGuid(hexGuid(77))), options);

const refcounts = (home: string): readonly (readonly [number, number])[] => {
  const map = StorageMap.open(os, layoutOf({ root: `${home}/mdbox`, create: false }))!;
  const all = [...map.records()].map(([, { record, refcount }]) =>
    [record.offset, refcount] as const
  );
  map.close();
  return all;
};

inHome("recovery cuts off an append that the map does not know", async (home) => {
  await fill(home, [1]);
  const file = `${home}/mdbox/storage/m.1`;
  const { size } = Deno.statSync(file);
  leaveJournal(home, `append 1 ${size}\n`);
  Deno.writeTextFileSync(file, "half a record", { append: true });
  Deno.writeTextFileSync(`${home}/mdbox/storage/${NEW_FILE_PREFIX}dead.1`, "half a file");
  await write(home);
  assert.equal(Deno.statSync(file).size, size);
  const left = [...Deno.readDirSync(`${home}/mdbox/storage`)].map(({ name }) => name).sort();
  assert.deepEqual(left, ["dovecot.map.index.log", "m.1"]);
});

inHome("recovery takes up records that another writer has built upon", async (home) => {
  await fill(home, [1, 2]);
  const [first, second] = refcounts(home);
  const path = `${home}/mdbox/storage/m.1`;
  const bytes = Deno.readFileSync(path);
  const { size } = Deno.statSync(path);
  // The record of mail 1 once more, that of a writer who died; behind it mail 3 of one who lives.
  Deno.writeFileSync(path, bytes.subarray(first![0], second![0]), { append: true });
  const old = Deno.statSync(path).size;
  await opened(home, async (store) => {
    allDone(await applyTo(store, BOX, [saveOf({ uid: 3, bytes: "x".repeat(2_000_000) })]));
  });
  // It went to a new file, as the end is in doubt; so it is put where Dovecot would have put it.
  const third = Deno.readFileSync(`${home}/mdbox/storage/m.2`).subarray(16);
  Deno.writeFileSync(path, third, { append: true });
  const index = openIndex(os, `${home}/mdbox/storage`, "dovecot.map.index")!;
  const column = new Uint8Array(MAP.recordSize);
  encodeMapRecord(column, 0, { fileId: 1, offset: old, size: third.length });
  await index.withLock((writer) =>
    writer.append(setExtensionRecords(MAP, Uint32Array.of(3), column), DONE)
  );
  index.close();
  leaveJournal(home, `append 1 ${size}\n`);
  await write(home);
  assert.deepEqual(
    [...refcounts(home)].sort(([a], [b]) => a - b),
    [[first![0], 1], [second![0], 1], [size, 0], [old, 1]],
  );
});

inHome("recovery lowers refcounts only to what all mailboxes name", async (home) => {
  await fill(home, [1, 2]);
  // Another namespace has its mailboxes beside ours, and the same storage.
  Deno.mkdirSync(`${home}/mdbox/archive/Old`, { recursive: true });
  const mails = `${home}/mdbox/mailboxes/INBOX/dbox-Mails`;
  Deno.renameSync(mails, `${home}/mdbox/archive/Old/dbox-Mails`);
  leaveJournal(home, "suspects 1-2\n");
  await write(home);
  assert.deepEqual(refcounts(home).map(([, refcount]) => refcount), [1, 1]);
  Deno.removeSync(`${home}/mdbox/archive`, { recursive: true });
  leaveJournal(home, "suspects 1\n");
  await opened(home, (store) => create(store, "Again", mailboxGuid(hexGuid(78))));
  assert.deepEqual(refcounts(home).map(([, refcount]) => refcount), [0, 1]);
});

inHome("recovery waits where a mailbox cannot be read", async (home) => {
  await fill(home, [1]);
  const box = `${home}/mdbox/mailboxes/Broken/dbox-Mails`;
  Deno.mkdirSync(box, { recursive: true });
  Deno.writeTextFileSync(
    `${box}/dovecot.index.log`,
    "this is no log of an index, is it?".repeat(3),
  );
  await opened(home, async (store) => {
    allDone(
      await run(store.withMailbox(BOX, (mailbox) =>
        apply(mailbox, [{
          _tag: "Expunge",
          uid: uid(1),
          guid: saveOf({ uid: 1 }).copy.from.guid,
        }]))),
    );
  });
  assert.deepEqual(refcounts(home).map(([, refcount]) => refcount), [0]);
  leaveJournal(home, "suspects 1\n");
  await write(home);
  assert(os.files.stat(`${home}/mdbox/storage/${JOURNAL_PREFIX}dead`) !== null);
});

inHome("an mdbox's location says all of where it is", async (home) => {
  const location = async (more: Partial<MdboxOptions>): Promise<string> => {
    const store = await run(openMdbox(os, { root: `${home}/mdbox`, create: true, ...more }));
    await store.close();
    return store.location;
  };
  const all = [
    {},
    { index: `${home}/index` },
    { control: `${home}/index` },
    { alt: `${home}/index` },
    { mailboxDir: "boxes" },
    { utf8: true },
  ];
  const told = new Set<string>();
  for (const more of all) told.add(await location(more));
  assert.equal(told.size, all.length);
  assert.equal(await location({}), `mdbox:${home}/mdbox`);
});
