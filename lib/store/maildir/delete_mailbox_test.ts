import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { mailboxName } from "../../model/mailbox.ts";
import { makeOs } from "../../os/os.ts";
import type { Os } from "../../port/os.ts";
import { failureOf, run } from "../../testing/content.ts";
import { openMaildir } from "./maildir_store.ts";

const WORK = mailboxName("Work");

for (const layout of ["maildir++", "fs"] as const) {
  Deno.test(`a mail that comes to a Maildir just before it is deleted keeps it: ${layout}`, async () => {
    const root = await Deno.makeTempDir();
    try {
      const box = layout === "fs" ? `${root}/Work` : `${root}/.Work`;
      for (const path of [root, box]) {
        for (const one of ["cur", "new", "tmp"]) {
          await Deno.mkdir(`${path}/${one}`, { recursive: true });
        }
      }
      await Deno.writeTextFile(`${box}/cur/1.a:2,S`, "Subject: a\n\n");
      let deliver: (() => void) | null = null;
      // The first durable step is behind every look that the caller has taken.
      const os: Os = makeOs({
        onStep: () => {
          const now = deliver;
          deliver = null;
          now?.();
        },
      });
      const store = await run(openMaildir(os, { root, layout, create: false }));
      const { nodes } = await run(store.tree);
      const node = nodes.find(({ name }) => name === WORK);
      assert.equal(node?._tag, "Mailbox");
      const guid = (node as { guid: Parameters<typeof store.withMailbox>[0] }).guid;
      const uidNext = await run(store.withMailbox(guid, ({ status }) => TE.right(status.uidNext)));
      deliver = () => Deno.writeTextFileSync(`${box}/new/2.late`, "Subject: late\n\n");
      const remove = { _tag: "DeleteMailbox", name: WORK, guid, uidNext } as const;
      const error = await failureOf(store.applyTree(remove));
      assert.deepEqual([error._tag, error.where.mailbox], ["Changed", WORK]);
      const messages = await run(
        store.withMailbox(guid, ({ status }) => TE.right(status.messages)),
      );
      assert.equal(messages, 2);
      await run(store.applyTree({ ...remove, uidNext: uidNext + 1 }));
      await store.close();
      assert.deepEqual(
        [...Deno.readDirSync(root)].filter(({ name }) => /Work|stage/.test(name)),
        [],
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
