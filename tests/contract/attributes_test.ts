/** Attributes of mailboxes in every store that keeps them, here and behind a pipe, and in whole runs. */
import assert from "node:assert/strict";
import type { AttributeValue } from "../../lib/model/attribute.ts";
import { mailboxGuid } from "../../lib/model/ids.ts";
import { mailboxName } from "../../lib/model/mailbox.ts";
import { isNothing } from "../../lib/model/report.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { mirror } from "../../lib/run/mirror.ts";
import { collect } from "../../lib/stream/chunks.ts";
import { inDirectory, mdbox, STORES } from "./attributed.ts";
import { run } from "../../lib/testing/content.ts";

const NAME = mailboxName("Box");
const GUID = mailboxGuid("00112233445566778899aabbccddeeff");
const OTHER = mailboxGuid("ffeeddccbbaa99887766554433221100");

const create = (store: Store): Promise<void> =>
  run(
    store.applyTree({ _tag: "CreateMailbox", name: NAME, guid: GUID, uidValidity: 1_700_000_000 }),
  );

const attributesOf = (mailbox: Mailbox): NonNullable<Mailbox["attributes"]> => {
  assert.ok(mailbox.attributes !== undefined);
  return mailbox.attributes;
};

const set = (store: Store, ...changes: readonly AttributeValue[]): Promise<void> =>
  run(store.withMailbox(GUID, (mailbox) => attributesOf(mailbox).set(changes)));

const listed = async (store: Store, guid = GUID): Promise<readonly string[]> => {
  const found = await run(
    store.withMailbox(guid, (mailbox) => collect(attributesOf(mailbox).list())),
  );
  return found.map(({ scope, key, value }) => `${scope} ${key} ${value}`).sort();
};

const one = (key: string, value: string | null): AttributeValue => ({
  scope: "private",
  key,
  value,
});

for (const [title, open] of Object.entries(STORES)) {
  Deno.test(`${title}: attributes are kept, changed and taken away`, () =>
    inDirectory(async (root) => {
      const store = await open(root);
      await create(store);
      assert.deepEqual(await listed(store), []);
      await set(store, one("a", "1\n\t\udcff"), { scope: "shared", key: "a", value: "" });
      await store.close();
      const again = await open(root);
      assert.deepEqual(await listed(again), ["private a 1\n\t\udcff", "shared a "]);
      await set(again, one("a", null), one("b", "2"), one("never", null));
      assert.deepEqual(await listed(again), ["private b 2", "shared a "]);
      await again.close();
    }));

  Deno.test(`${title}: attributes go along with a mailbox that gets another GUID`, () =>
    inDirectory(async (root) => {
      const store = await open(root);
      await create(store);
      await set(store, one("a", "1"));
      await run(store.applyTree({
        _tag: "ReidentifyMailbox",
        name: NAME,
        guid: GUID,
        newGuid: OTHER,
        newUidValidity: 1_700_000_001,
      }));
      assert.deepEqual(await listed(store, OTHER), ["private a 1"]);
      await store.close();
    }));
}

for (const [title, open] of Object.entries(STORES)) {
  Deno.test(`mirror and backup carry attributes: mdbox and ${title}`, () =>
    inDirectory(async (root) => {
      await Deno.mkdir(`${root}/left`);
      await Deno.mkdir(`${root}/right`);
      const left = await mdbox(`${root}/left`);
      const right = await open(`${root}/right`);
      await create(left);
      await set(left, one("a", "1"), one("b", "2"));
      const first = await run(mirror(left, right));
      assert.deepEqual(first.report.problems, []);
      assert.equal(first.report.right.attributes, 2);
      await set(right, one("c", "3"));
      const second = await run(mirror(left, right, { memory: first.memory }));
      assert.equal(second.report.left.attributes, 1);
      const both = ["private a 1", "private b 2", "private c 3"];
      assert.deepEqual([await listed(left), await listed(right)], [both, both]);
      const third = await run(mirror(left, right, { memory: second.memory }));
      assert.ok(isNothing(third.report.left) && isNothing(third.report.right));
      await set(right, one("a", "changed"), one("d", "4"));
      const copied = await run(backup(left, right));
      assert.deepEqual([copied.problems, copied.right.attributes], [[], 2]);
      assert.deepEqual(await listed(right), both);
      await left.close();
      await right.close();
    }));
}
