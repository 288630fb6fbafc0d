import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { NO_LETTERS } from "../../codec/maildir_keywords.ts";
import { baseName } from "../../codec/maildir_name.ts";
import type { Uidlist } from "../../codec/maildir_uidlist.ts";
import { parseUidlist } from "../../codec/maildir_uidlist_reader.ts";
import { mailboxGuid } from "../../model/ids.ts";
import { Listing } from "./listing.ts";
import { mergeMaildir, NOTHING_PENDING } from "./merge.ts";
import { cannotBeShown, indexContent, listLacks, reconcileList } from "./reconcile.ts";
import type { Snapshot } from "./snapshot.ts";

const GUID = "00112233445566778899aabbccddeeff";

const list = (text: string): Uidlist => {
  const parsed = parseUidlist(new TextEncoder().encode(text));
  assert.ok(E.isRight(parsed));
  return parsed.right;
};

const snapshotOf = (uidlist: Uidlist | null, names: readonly string[]): Snapshot => {
  const files = new Listing(uidlist?.entries);
  for (const name of names) files.add(baseName(name), { name, isNew: false });
  const sources = { uidlist, files, letters: NO_LETTERS, index: null, pending: NOTHING_PENDING };
  return {
    uidlist,
    letters: NO_LETTERS,
    merged: mergeMaildir(sources),
    staleIndex: false,
    problems: [],
    stamp: { text: "", isYoung: false, isFresh: false },
  };
};

const identity = { uidValidity: () => 99, guid: () => mailboxGuid(GUID) };

Deno.test("reconcileList gives no UID above the last one", () => {
  const full = snapshotOf(list(`3 V7 N4294967295 G${GUID}\n`), ["a"]);
  assert.equal(reconcileList(full, true, identity), null);
  assert.notEqual(reconcileList(full, false, identity), null);
});

Deno.test("reconcileList appends to a sound list and writes any other anew", () => {
  const sound = snapshotOf(list(`3 V7 N5 G${GUID} Xx\n2 :b\n3 :gone\n`), ["b", "9.c", "8.d"]);
  assert.ok(listLacks(sound, true) && !listLacks(sound, false) && cannotBeShown(sound));
  const appended = reconcileList(sound, true, identity)!;
  assert.deepEqual(appended.append!.map(({ uid, name }) => [uid, name]), [[5, "8.d"], [6, "9.c"]]);
  assert.equal(appended.firstNewUid, 5);

  const old = snapshotOf(list("1 7 5\n2 b\n3 gone\n"), ["b"]);
  assert.ok(listLacks(old, false) && cannotBeShown(old));
  const { append, list: written, firstNewUid } = reconcileList(old, true, identity)!;
  assert.equal(append, null);
  assert.equal(firstNewUid, null);
  assert.deepEqual({ ...written, entries: [...written.entries] }, {
    uidValidity: 7,
    uidNext: 5,
    guid: GUID,
    otherKeys: "",
    entries: [{ uid: 2, keys: "", name: "b" }],
  });
});

Deno.test("reconcileList makes a list where there is none", () => {
  const { append, list: made, firstNewUid } = reconcileList(
    snapshotOf(null, ["2.b", "1.a"]),
    true,
    identity,
  )!;
  assert.equal(append, null);
  assert.equal(firstNewUid, 1);
  assert.equal(made.uidValidity, 99);
  assert.deepEqual([...made.entries].map(({ uid, name }) => [uid, name]), [[1, "1.a"], [2, "2.b"]]);
});

Deno.test("indexContent says UIDVALIDITY, the mails, and from where on they are recent", () => {
  const all = snapshotOf(list(`3 V7 N9 G${GUID}\n1 :a\n4 :b\n`), ["a:2,S", "b"]);
  const tags = indexContent(all, 4).map(({ _tag }) => _tag);
  assert.deepEqual(tags, ["HeaderUpdate", "Append", "HeaderUpdate"]);
});
