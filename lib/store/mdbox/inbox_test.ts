import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import type { MailboxGuid } from "../../model/ids.ts";
import type { MailboxIdentity } from "../../model/mailbox.ts";
import { compareStores } from "../../run/compare.ts";
import { mirror } from "../../run/mirror.ts";
import { allDone, applyTo, BOX, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { openMaildir } from "../maildir/maildir_store.ts";
import { create, inHome, opened, os } from "./_store_home.ts";

const names = (nodes: readonly { readonly name: string }[]): readonly string[] =>
  nodes.map(({ name }) => name);

inHome(
  "an mdbox of other mailboxes alone is given an INBOX, and an empty one is not",
  async (home) => {
    const given: [string, MailboxIdentity][] = [];
    const identity = { guid: "5".repeat(32) as MailboxGuid, uidValidity: 99 };
    const identities = {
      of: () => identity,
      note: (name: string, one: MailboxIdentity) => void given.push([name, one]),
    };
    await opened(home, async (store) => {
      assert.deepEqual((await run(store.tree)).nodes, []);
      await create(store, "INBOX/child", BOX);
      const { nodes } = await run(store.tree);
      assert.deepEqual(names(nodes), ["INBOX", "INBOX/child"]);
      assert.deepEqual(nodes[0], { _tag: "Mailbox", name: "INBOX", guid: identity.guid });
      const status = await run(store.withMailbox(identity.guid, (inbox) => TE.right(inbox.status)));
      assert.deepEqual([status.uidValidity, status.messages], [99, 0]);
    }, { identities });
    assert.deepEqual(given, [["INBOX", identity]]);
  },
);

inHome("an mdbox without INBOX and a new Maildir are equal after one mirror", async (home) => {
  await opened(home, async (store) => {
    await create(store, "Work", BOX);
    allDone(await applyTo(store, BOX, [saveOf({ uid: 1 })]));
    const copy = await run(
      openMaildir(os, { root: `${home}/Maildir`, layout: "maildir++", create: true }),
    );
    await run(mirror(store, copy));
    assert.deepEqual((await run(compareStores(store, copy))).findings, []);
    const changes: string[] = [];
    await run(mirror(store, copy, {
      onEvent: (event) => {
        if (event._tag === "TreeChanged") changes.push(event.operation._tag);
      },
    }));
    assert.deepEqual(changes, []);
    await copy.close();
  });
});
