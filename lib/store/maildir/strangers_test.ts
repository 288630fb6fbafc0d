import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import { syncError } from "../../model/error.ts";
import { mailboxName } from "../../model/mailbox.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import type { Store } from "../../port/store.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { run } from "../../testing/content.ts";
import type { MaildirLocation } from "./layout.ts";
import { findMailboxes } from "./mailbox_tree.ts";
import { openMaildir } from "./maildir_store.ts";

const os = makeOs();

/** A store with INBOX and these mailboxes, in a folder of its own. */
const withBoxes = (
  claim: string,
  layout: MaildirLocation["layout"],
  names: readonly string[],
  body: (store: Store, root: string, guids: readonly MailboxGuid[]) => Promise<void>,
): void =>
  Deno.test(`${claim} (${layout})`, async () => {
    const root = await Deno.makeTempDir();
    try {
      const store = await run(openMaildir(os, { root, layout, create: true }));
      const guids: MailboxGuid[] = [];
      for (const [i, name] of ["INBOX", ...names].entries()) {
        const guid = `${i}`.repeat(32) as MailboxGuid;
        guids.push(guid);
        await run(store.applyTree({
          _tag: "CreateMailbox",
          name: mailboxName(name),
          guid,
          uidValidity: i + 1,
        }));
      }
      await body(store, root, guids.slice(1));
      await store.close();
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

const names = async (store: Store): Promise<readonly string[]> =>
  (await run(store.tree)).nodes.map(({ name }) => name);

for (const [layout, dot] of [["maildir++", "."], ["fs", ""]] as const) {
  withBoxes(
    "DeleteMailbox leaves a mailbox whole that holds what is no mail",
    layout,
    ["Old", "Done"],
    async (store, root, [old, done]) => {
      const notes = `${root}/${dot}Old/notes.txt`;
      Deno.writeTextFileSync(notes, "mine");
      Deno.writeTextFileSync(`${root}/${dot}Old/todo`, "mine");
      Deno.writeTextFileSync(`${root}/${dot}Old/cur/1.a:2,S`, "Subject: a\n\n");
      for (const own of ["maildirsize", "courierimapuiddb", "dovecot-acl"]) {
        Deno.writeTextFileSync(`${root}/${dot}Done/${own}`, "");
      }
      const remove = (name: string, guid: MailboxGuid) =>
        store.applyTree({ _tag: "DeleteMailbox", name: mailboxName(name), guid })();
      const refused = await remove("Old", old!);
      assert.ok(E.isLeft(refused));
      const { _tag, scope, where, what } = refused.left;
      assert.deepEqual([_tag, scope, where.mailbox], ["Unsafe", "mailbox", "Old"]);
      assert.ok([notes, `${root}/${dot}Old/todo`].includes(where.path!), where.path);
      assert.match(what, /is not deleted.* \(and 1 more\)$/);
      assert.ok(E.isRight(await remove("Done", done!)));
      assert.deepEqual(await names(store), ["INBOX", "Old"]);
      assert.equal(Deno.readTextFileSync(notes), "mine");
      assert.equal(Deno.readTextFileSync(`${root}/${dot}Old/cur/1.a:2,S`), "Subject: a\n\n");
      Deno.removeSync(notes);
      Deno.removeSync(`${root}/${dot}Old/todo`);
      assert.ok(E.isRight(await remove("Old", old!)));
      assert.deepEqual(await names(store), ["INBOX"]);
    },
  );

  withBoxes(
    "replaceMailbox leaves what is no mail where it is",
    layout,
    ["Old"],
    async (store, root) => {
      Deno.writeTextFileSync(`${root}/${dot}Old/notes.txt`, "mine");
      Deno.writeTextFileSync(`${root}/${dot}Old/cur/1.a:2,S`, "Subject: a\n\n");
      const guid = "f".repeat(32) as MailboxGuid;
      await run(store.replaceMailbox(
        { name: mailboxName("Old"), guid, uidValidity: 99 },
        () => TE.right(undefined),
      ));
      assert.equal(Deno.readTextFileSync(`${root}/${dot}Old/notes.txt`), "mine");
      assert.deepEqual([...Deno.readDirSync(`${root}/${dot}Old/cur`)], []);
      const { nodes } = await run(store.tree);
      assert.ok(nodes.some((node) => node._tag === "Mailbox" && node.guid === guid));
    },
  );
}

withBoxes(
  "a dot directory that is no mailbox is not taken for one, and not filled",
  "maildir++",
  [],
  async (store, root) => {
    Deno.mkdirSync(`${root}/.ssh`);
    Deno.writeTextFileSync(`${root}/.ssh/id`, "key");
    assert.deepEqual(await names(store), ["INBOX"]);
    const made = await store.applyTree({
      _tag: "CreateMailbox",
      name: mailboxName("ssh"),
      guid: "e".repeat(32) as MailboxGuid,
      uidValidity: 7,
    })();
    assert.ok(E.isLeft(made));
    assert.equal(made.left._tag, "Unfit");
    assert.match(made.left.what, /a directory that is no mailbox has this name/);
    assert.deepEqual([...Deno.readDirSync(`${root}/.ssh`)].map(({ name }) => name), ["id"]);
  },
);

Deno.test("openMaildir refuses a home, says what is in it, and leaves it as it is", async () => {
  const root = await Deno.makeTempDir();
  try {
    Deno.mkdirSync(`${root}/.ssh`);
    Deno.writeTextFileSync(`${root}/.ssh/id`, "key");
    for (const create of [false, true]) {
      const opened = await openMaildir(os, { root, layout: "maildir++", create })();
      assert.ok(E.isLeft(opened));
      assert.equal(opened.left._tag, "Unsafe");
      assert.match(opened.left.what, /it has no cur\/, and \S+\/\.ssh is no part of one/);
    }
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), [".ssh"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("findMailboxes takes no lost+found that only root may enter for a damaged mailbox", () =>
  withDirectory(async (home) => {
    for (const one of ["cur", "A/lost+found", "lost+found"]) {
      await Deno.mkdir(`${home}/${one}`, { recursive: true });
    }
    const denied = (path: string) => {
      throw new StreamFailure(syncError("Denied", "store", { path }, "stat failed (EACCES)"));
    };
    const { files } = os;
    const stat: typeof files.stat = (path) =>
      path.startsWith(`${home}/lost+found/`) ? denied(path) : files.stat(path);
    const found = findMailboxes({ ...os, files: { ...files, stat } }, { root: home, layout: "fs" });
    assert.deepEqual([found.mailboxes, found.directories], [["INBOX"], ["A", "A/lost+found"]]);
    assert.deepEqual([found.damaged, found.problems], [[], []]);
  }));
