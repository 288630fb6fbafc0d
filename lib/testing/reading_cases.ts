/**
 * The contract of a store that holds mail and is only read.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { sameGuid } from "../codec/guid.ts";
import { mailboxGuid, uid } from "../model/ids.ts";
import { nameKey, parentName } from "../model/mailbox.ts";
import type { MailRecord } from "../model/mail.ts";
import { isNothing } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { backup } from "../run/backup.ts";
import { compareStores } from "../run/compare.ts";
import { eachMailbox } from "../run/each_mailbox.ts";
import { attempt } from "../run/promise.ts";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import { collect, fromArray } from "../stream/chunks.ts";
import { apply, failureOf, run } from "./content.ts";
import { readBody } from "../codec/read_body.ts";

/** Opens each mailbox in turn with its mails; the store must hold some. */
const withEach = async (
  store: Store,
  use: (mailbox: Mailbox, records: readonly MailRecord[]) => Promise<void>,
): Promise<void> => {
  const counts = await run(eachMailbox(store, async (mailbox) => {
    const records = await run(collect(mailbox.records()));
    await use(mailbox, records);
    return records.length;
  }));
  assert.ok(counts.some((count) => count > 0), "the contract needs a store that holds some mail");
};

const unusedGuid = mailboxGuid("00112233445566778899aabbccddeeff");

/** Registers them. */
export const readingCases = (
  test: (claim: string, body: (store: Store) => Promise<void>) => void,
): void => {
  test("the tree is sorted, parents before children, and each mailbox is in it once", async (store) => {
    const { nodes } = await run(store.tree);
    const keys = nodes.map(({ name }) => nameKey(name));
    assert.deepEqual(keys, [...new Set(keys)].sort());
    for (const { name } of nodes) {
      const parent = parentName(name);
      assert.ok(parent === null || keys.includes(nameKey(parent)), `the parent of ${name}`);
    }
    const guids = nodes.flatMap((node) => node._tag === "Mailbox" ? [node.guid] : []);
    assert.equal(new Set(guids).size, guids.length);
    assert.deepEqual(await run(store.tree), { ...await run(store.tree), nodes });
  });

  test("withMailbox of an unknown GUID is Missing", async (store) => {
    const error = await failureOf(store.withMailbox(unusedGuid, () => TE.right(0)));
    assert.deepEqual([error._tag, error.scope], ["Missing", "mailbox"]);
  });

  test("the numbers of a mailbox agree with its mails, which ascend by UID", (store) =>
    withEach(store, ({ status }, records) => {
      const uids = records.map((record) => record.uid);
      assert.deepEqual(uids, [...new Set(uids)].sort((a, b) => a - b));
      assert.equal(status.messages, records.length);
      assert.ok(status.uidValidity > 0 && status.uidNext > (uids.at(-1) ?? 0));
      for (const { modSeq } of records) assert.ok(modSeq <= status.highestModSeq);
      return Promise.resolve();
    }));

  test("fetch answers each UID in the order asked for, however it is cut", (store) =>
    withEach(store, async (mailbox, records) => {
      const gone = uid(mailbox.status.uidNext);
      const asked = [gone, ...records.map((record) => record.uid).reverse()];
      for (const size of [1, 2, asked.length]) {
        const answers = await run(collect(mailbox.fetch(fromArray(asked, size))));
        const told = answers.map((one) => one._tag === "Mail" ? one.mail.uid : one.uid);
        assert.deepEqual(told, asked);
        const [first] = answers;
        assert.ok(first?._tag === "Lost" && first.error._tag === "Changed");
      }
    }));

  test("a mail has the size and the GUID that it is said to have", (store) =>
    withEach(store, async (mailbox, records) => {
      let next = 0;
      for await (const answers of mailbox.fetch(fromArray(records.map((one) => one.uid), 3))) {
        for (const answer of answers) {
          const record = records[next++]!;
          assert.ok(answer._tag === "Mail", `UID ${record.uid} can be read`);
          assert.ok(sameGuid(answer.mail.guid, record.guid), `the GUID of UID ${record.uid}`);
          assert.equal((await readBody(answer.mail)).length, answer.mail.size);
        }
      }
      assert.equal(next, records.length);
    }));

  test("opened again, a mailbox is the same", (store) =>
    withEach(store, async ({ status }, records) => {
      await run(store.withMailbox(status.guid, (again) =>
        attempt(async () => {
          assert.deepEqual(again.status, status);
          assert.deepEqual(await run(collect(again.records())), records);
        })));
    }));

  test("an operation on another mail than it names is refused, and changes nothing", (store) =>
    withEach(store, async (mailbox, records) => {
      if (records.length === 0) return;
      const guid = "a GUID that no mail has" as MailRecord["guid"];
      const outcomes = await run(
        apply(mailbox, records.map(({ uid }) => ({ _tag: "Expunge", uid, guid }))),
      );
      assert.deepEqual(outcomes.map(({ _tag }) => _tag), records.map(() => "Refused"));
      await run(store.withMailbox(mailbox.status.guid, (again) =>
        attempt(async () => {
          assert.deepEqual(await run(collect(again.records())), records);
        })));
    }));

  test("a backup of it is equal to it, and a second one has nothing to do", async (store) => {
    const copy = memoryStore(emptyState());
    const first = await run(backup(store, copy));
    assert.deepEqual(first.problems, []);
    assert.deepEqual((await run(compareStores(store, copy))).findings, []);
    const second = await run(backup(store, copy));
    assert.ok(isNothing(second.left) && isNothing(second.right));
  });
};
