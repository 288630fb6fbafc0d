/**
 * The contract of the mailbox tree.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { pipe } from "fp-ts/function.js";
import type { SyncError } from "../model/error.ts";
import { mailboxGuid, modSeq } from "../model/ids.ts";
import { INBOX, mailboxName } from "../model/mailbox.ts";
import type { MailOperation, TreeOperation } from "../model/operation.ts";
import { hexGuid, saveOf } from "./mails.ts";
import {
  allDone,
  apply,
  applyTo,
  BOX,
  type Cases,
  contentOf,
  CREATE,
  failureOf,
  OTHER,
  run,
} from "./content.ts";

/** Registers them. */
export const treeCases = ({ test, reopened }: Cases): void => {
  test("withMailbox of an unknown GUID is Missing", async (_home, store) => {
    const error = await failureOf(store.withMailbox(OTHER, () => TE.right(0)));
    assert.equal(error._tag, "Missing");
    assert.equal(error.scope, "mailbox");
  });

  test("CreateMailbox makes an empty mailbox with its identity, once", async (home, store) => {
    await run(store.applyTree(CREATE));
    await run(store.applyTree(CREATE));
    await reopened(home, async (again) => {
      const tree = await run(again.tree);
      assert.deepEqual(tree.problems, []);
      const boxes = tree.nodes.filter((node) => node._tag === "Mailbox" && node.name !== INBOX);
      assert.deepEqual(boxes, [{ _tag: "Mailbox", name: CREATE.name, guid: BOX }]);
      assert.deepEqual(tree.nodes.filter((node) => node._tag === "Directory"), [
        { _tag: "Directory", name: "Archive" },
      ]);
      const { status, records } = await contentOf(again, BOX);
      assert.equal(status.guid, BOX);
      assert.equal(status.uidValidity, 1_600_000_001);
      assert.equal(status.uidNext, 1);
      assert.equal(status.messages, 0);
      assert.deepEqual(records, []);
    });
  });

  test(
    "RenameMailbox keeps mails and identity; children and a parent's place stay",
    async (home, store) => {
      await run(store.applyTree({ ...CREATE, name: mailboxName("A") }));
      await run(store.applyTree({ ...CREATE, name: mailboxName("A/B"), guid: OTHER }));
      allDone(await applyTo(store, BOX, [saveOf({ uid: 3 })]));
      await run(store.applyTree({
        _tag: "RenameMailbox",
        name: mailboxName("A"),
        guid: BOX,
        newName: mailboxName("X/Y"),
      }));
      await reopened(home, async (again) => {
        const { nodes } = await run(again.tree);
        assert.deepEqual(nodes.filter((node) => node.name !== INBOX), [
          { _tag: "Directory", name: "A" },
          { _tag: "Mailbox", name: "A/B", guid: OTHER },
          { _tag: "Directory", name: "X" },
          { _tag: "Mailbox", name: "X/Y", guid: BOX },
        ]);
        const { records, status } = await contentOf(again, BOX);
        assert.deepEqual(records.map((r) => r.uid), [3]);
        assert.equal(status.uidValidity, CREATE.uidValidity);
      });
    },
  );

  test(
    "DeleteMailbox as of a UIDNEXT leaves a mailbox to which mail came since",
    async (home, store) => {
      await run(store.applyTree({ ...CREATE, name: mailboxName("A") }));
      allDone(
        await applyTo(store, BOX, [saveOf({ uid: 1 }), saveOf({ uid: 5, guid: hexGuid(5) })]),
      );
      const remove = { _tag: "DeleteMailbox", name: mailboxName("A"), guid: BOX } as const;
      for (const uidNext of [2, 5]) {
        const error = await failureOf(store.applyTree({ ...remove, uidNext }));
        assert.deepEqual([error._tag, error.scope], ["Changed", "mailbox"]);
      }
      assert.equal((await contentOf(store, BOX)).mails.length, 2);
      await run(store.applyTree({ ...remove, uidNext: 6 }));
      await run(store.applyTree({ ...remove, uidNext: 6 }));
      await store.close();
      await reopened(home, async (again) => {
        const { nodes } = await run(again.tree);
        assert.deepEqual(nodes.filter((node) => node.name !== INBOX), []);
      });
    },
  );

  test("DeleteMailbox removes it with its mails, and leaves its children", async (home, store) => {
    await run(store.applyTree({ ...CREATE, name: mailboxName("A") }));
    await run(store.applyTree({ ...CREATE, name: mailboxName("A/B"), guid: OTHER }));
    allDone(await applyTo(store, BOX, [saveOf({ uid: 1 })]));
    allDone(await applyTo(store, OTHER, [saveOf({ uid: 1, guid: hexGuid(8) })]));
    const remove: TreeOperation = { _tag: "DeleteMailbox", name: mailboxName("A"), guid: BOX };
    await run(store.applyTree(remove));
    await run(store.applyTree(remove));
    await store.close();
    await reopened(home, async (again) => {
      const { nodes } = await run(again.tree);
      assert.deepEqual(nodes.filter((node) => node.name !== INBOX), [
        { _tag: "Directory", name: "A" },
        { _tag: "Mailbox", name: "A/B", guid: OTHER },
      ]);
      assert.equal((await contentOf(again, OTHER)).mails.length, 1);
      await run(again.applyTree({ ...CREATE, name: mailboxName("A") }));
      assert.deepEqual((await contentOf(again, BOX)).records, []);
    });
  });

  test("ReidentifyMailbox changes GUID and UIDVALIDITY only", async (home, store) => {
    await run(store.applyTree({ ...CREATE, name: INBOX }));
    await run(store.applyTree({
      _tag: "ReidentifyMailbox",
      name: INBOX,
      guid: BOX,
      newGuid: OTHER,
      newUidValidity: 77,
    }));
    await store.close();
    await reopened(home, async (again) => {
      const { nodes } = await run(again.tree);
      assert.deepEqual(nodes, [{ _tag: "Mailbox", name: INBOX, guid: OTHER }]);
      const { status } = await contentOf(again, OTHER);
      assert.equal(status.uidValidity, 77);
      allDone(await applyTo(again, OTHER, [saveOf({ uid: 1 })]));
    });
  });

  test("subscriptions are kept by name, whether or not the mailbox exists", async (home, store) => {
    const names = ["Entwürfe/日本語", "Ghost", "INBOX"].map(mailboxName);
    for (const name of names) await run(store.applyTree({ _tag: "Subscribe", name }));
    await run(store.applyTree({ _tag: "Subscribe", name: names[1]! }));
    await run(store.applyTree({ _tag: "Unsubscribe", name: names[2]! }));
    await run(store.applyTree({ _tag: "Unsubscribe", name: mailboxName("Never") }));
    await reopened(home, async (again) => {
      assert.deepEqual((await run(again.tree)).subscriptions, names.slice(0, 2));
    });
  });

  test("replaceMailbox puts the new one in place of the old, INBOX too", async (home, store) => {
    for (const [name, old, next] of [[INBOX, BOX, OTHER], [CREATE.name, OTHER, BOX]] as const) {
      await run(store.applyTree({ ...CREATE, name, guid: old }));
      allDone(await applyTo(store, old, [saveOf({ uid: 1, bytes: "old\n" }), saveOf({ uid: 2 })]));
      const identity = { name, guid: next, uidValidity: 42 };
      const specs = [{ uid: 2, guid: hexGuid(5), modSeq: 4, keywords: ["k"] }, {
        uid: 9,
        modSeq: 2,
      }];
      const raise: MailOperation = {
        _tag: "RaiseStatus",
        uidNext: 11,
        highestModSeq: modSeq(5n),
        firstRecentUid: 1,
      };
      allDone(
        await run(store.replaceMailbox(identity, (m) => apply(m, [...specs.map(saveOf), raise]))),
      );
      await reopened(home, async (again) => {
        const { nodes } = await run(again.tree);
        assert.deepEqual(nodes.find((node) => node.name === name), {
          _tag: "Mailbox",
          name,
          guid: next,
        });
        const { records, status } = await contentOf(again, next);
        assert.deepEqual(records.map((r) => [r.uid, r.modSeq]), [[2, 4n], [9, 2n]]);
        assert.equal(status.uidValidity, 42);
        assert.equal(status.uidNext, 11);
        assert.equal(status.highestModSeq, 5n);
      });
      if (name === INBOX) {
        await run(
          store.replaceMailbox(
            { name, guid: mailboxGuid(hexGuid(77)), uidValidity: 1 },
            () => TE.right(0),
          ),
        );
      }
    }
  });

  test("replaceMailbox changes nothing when the filling fails", async (home, store) => {
    await run(store.applyTree(CREATE));
    allDone(await applyTo(store, BOX, [saveOf({ uid: 1 })]));
    const identity = { name: CREATE.name, guid: OTHER, uidValidity: 42 };
    const failing = store.replaceMailbox(identity, (mailbox) =>
      pipe(
        apply(mailbox, [saveOf({ uid: 1, bytes: "new\n" })]),
        TE.chain(() => TE.left<SyncError>({ _tag: "Io", scope: "mailbox", where: {}, what: "no" })),
      ));
    assert.equal((await failureOf(failing)).what, "no");
    await reopened(home, async (again) => {
      const { nodes } = await run(again.tree);
      assert.deepEqual(nodes.filter((n) => n._tag === "Mailbox" && n.name !== INBOX), [
        { _tag: "Mailbox", name: CREATE.name, guid: BOX },
      ]);
      assert.deepEqual((await contentOf(again, BOX)).mails.map((m) => m.guid), [hexGuid(1)]);
    });
  });
};
