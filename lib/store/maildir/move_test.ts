import assert from "node:assert/strict";
import { mailboxName } from "../../model/mailbox.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { BOX, OTHER, run } from "../../testing/content.ts";
import { openMaildir } from "./maildir_store.ts";

const filesBelow = (root: string, at = ""): readonly string[] =>
  [...Deno.readDirSync(`${root}${at}`)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(root, `${at}/${name}`) : [`${at}/${name}`]
  ).sort();

Deno.test("LAYOUT=fs: what users put beside a folder's mails goes with it, and leaves its children alone", () =>
  withDirectory(async (home) => {
    for (const control of [undefined, `${home}/ctl`]) {
      const root = `${home}/${control === undefined ? "plain" : "apart"}`;
      const location = { root, layout: "fs", create: true } as const;
      const store = await run(
        openMaildir(makeOs(), control === undefined ? location : { ...location, control }),
      );
      const [work, job] = [mailboxName("Work"), mailboxName("Job")];
      const sub = mailboxName("Work/Sub");
      for (const [name, guid] of [[work, BOX], [sub, OTHER]] as const) {
        await run(store.applyTree({ _tag: "CreateMailbox", name, guid, uidValidity: 7 }));
      }
      for (
        const name of ["dovecot-acl", "Sub/dovecot-acl", "courierimapacl", "dovecot-uidlist.lock"]
      ) {
        await Deno.writeTextFile(`${root}/Work/${name}`, name);
      }
      await Deno.symlink("dovecot-acl", `${root}/Work/.customflags`);
      await Deno.symlink("Sub", `${root}/Work/Alias`);
      const users = () =>
        filesBelow(root).filter((path) => /acl$|flags$|Alias$|uidlist.lock$/.test(path));

      await run(
        store.applyTree({ _tag: "RenameMailbox", name: work, guid: BOX, newName: job }),
      );
      assert.deepEqual(users(), [
        "/Job/.customflags",
        "/Job/courierimapacl",
        "/Job/dovecot-acl",
        "/Work/Alias",
        "/Work/Sub/dovecot-acl",
        "/Work/dovecot-uidlist.lock",
      ]);
      await Deno.remove(`${root}/Work/dovecot-uidlist.lock`);

      // Back to a name that is there for its child, where one of the files is another one.
      await Deno.writeTextFile(`${root}/Work/courierimapacl`, "another");
      await run(
        store.applyTree({ _tag: "RenameMailbox", name: job, guid: BOX, newName: work }),
      );
      assert.deepEqual(users(), [
        "/Job/courierimapacl",
        "/Work/.customflags",
        "/Work/Alias",
        "/Work/Sub/dovecot-acl",
        "/Work/courierimapacl",
        "/Work/dovecot-acl",
      ]);
      assert.equal(await Deno.readTextFile(`${root}/Work/courierimapacl`), "another");

      await run(store.applyTree({ _tag: "DeleteMailbox", name: work, guid: BOX }));
      assert.deepEqual(users(), ["/Job/courierimapacl", "/Work/Alias", "/Work/Sub/dovecot-acl"]);
      assert.deepEqual(
        (await run(store.tree)).nodes.filter(({ _tag }) => _tag === "Mailbox").map(({ name }) =>
          name
        ),
        ["INBOX", "Work/Sub"],
      );
      await store.close();
    }
  }));
