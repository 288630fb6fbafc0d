import assert from "node:assert/strict";
import { failureOf, run } from "../../testing/content.ts";
import { mailboxGuid } from "../../model/ids.ts";
import { backup } from "../../run/backup.ts";
import { emptyState } from "../memory/memory_state.ts";
import { memoryStore } from "../memory/memory_store.ts";
import { create, inHome, opened, os } from "./_store_home.ts";
import { allIndexDirectories } from "./hierarchy.ts";
import { layoutOf } from "./layout.ts";
import { openMdbox } from "./mdbox_store.ts";

for (const index of [null, "index"]) {
  inHome(
    `allIndexDirectories: every MAILBOXDIR of a storage counts, the root too, INDEX=${index}`,
    async (home) => {
      const apart = index === null ? {} : { index: `${home}/${index}` };
      for (const [n, mailboxDir] of ["", "boxes", "/"].entries()) {
        await opened(home, async (store) => {
          await create(store, "INBOX", mailboxGuid(`${n}`.repeat(32)));
          await create(store, "A/B", mailboxGuid(`${n + 3}`.repeat(32)));
        }, { ...apart, mailboxDir });
      }
      const from = index === null ? `${home}/mdbox` : `${home}/${index}`;
      const end = index === null ? "/dbox-Mails" : "";
      const layout = layoutOf({ root: `${home}/mdbox`, create: false, ...apart });
      assert.deepEqual(
        allIndexDirectories(os, layout).map((path) => path.slice(from.length + 1)),
        ["A/B", "INBOX", "boxes/A/B", "boxes/INBOX", "mailboxes/A/B", "mailboxes/INBOX"]
          .map((name) => `${name}${end}`),
      );
    },
  );
}

inHome(
  "openMdbox, mailboxes in the root: what the storage has is no name; another directory is no mdbox",
  async (home) => {
    await opened(home, async (store) => {
      await create(store, "INBOX", mailboxGuid("1".repeat(32)));
      assert.deepEqual((await run(store.tree)).nodes.map(({ name }) => name), ["INBOX"]);
    }, { mailboxDir: "/" });
    Deno.mkdirSync(`${home}/other/x`, { recursive: true });
    const options = { root: `${home}/other`, mailboxDir: "/", create: true };
    assert.equal((await failureOf(openMdbox(os, options)))._tag, "Unsafe");
  },
);

for (const gone of ["Work", "Work/dbox-Mails"]) {
  inHome(
    `a mailbox of which ${gone} is a symlink to nothing is named, and deleted nowhere`,
    async (home) => {
      const state = emptyState();
      const copied = () => opened(home, (store) => run(backup(store, memoryStore(state))));
      await opened(home, async (store) => {
        await create(store, "INBOX", mailboxGuid("1".repeat(32)));
        await create(store, "Work", mailboxGuid("2".repeat(32)));
      });
      assert.deepEqual((await copied()).problems, []);
      const path = `${home}/mdbox/mailboxes/${gone}`;
      Deno.renameSync(path, `${home}/away`);
      Deno.symlinkSync(`${home}/unmounted`, path);
      const { problems } = await copied();
      assert.deepEqual([problems[0]?._tag, problems[0]?.where.mailbox], ["Damaged", "Work"]);
      assert.deepEqual(state.mailboxes.map(({ name }) => name).sort(), ["INBOX", "Work"]);
    },
  );
}
