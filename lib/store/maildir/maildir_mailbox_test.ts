import assert from "node:assert/strict";
import { appendMails } from "../../codec/index_build.ts";
import { DONE } from "../../codec/index_record.ts";
import { INBOX } from "../../model/mailbox.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { allDone, apply, applyTo, BOX, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { openIndex } from "../index/index_file.ts";
import { INDEX_BASE, MaildirBox } from "./box.ts";
import { mailboxPaths } from "./layout.ts";
import { openMailbox } from "./maildir_mailbox.ts";
import { openMaildir } from "./maildir_store.ts";

Deno.test("openMailbox: what comes into the index after the look is not taken for known to it", () =>
  withDirectory(async (root) => {
    const os = makeOs();
    const location = { root, layout: "maildir++" } as const;
    const store = await run(openMaildir(os, { ...location, create: true }));
    await run(
      store.applyTree({ _tag: "CreateMailbox", name: INBOX, guid: BOX, uidValidity: 7 }),
    );
    allDone(await applyTo(store, BOX, [saveOf({ uid: 1 })]));
    await store.close();
    // A Dovecot that saves a mail writes its line, then its file, then its record: it has come to the file.
    Deno.writeTextFileSync(`${root}/dovecot-uidlist`, "2 :2.b,S=2\n", { append: true });
    Deno.writeTextFileSync(`${root}/cur/2.b,S=2:2,`, "\n\n");
    const box = await MaildirBox.open(os, {
      name: INBOX,
      paths: mailboxPaths(location, INBOX),
      controlRoot: root,
    });
    try {
      const dovecot = openIndex(os, root, INDEX_BASE)!;
      const mail = appendMails(Uint32Array.of(2), new Uint8Array(1));
      await dovecot.withLock((writer) => writer.append([mail], DONE));
      dovecot.close();
      allDone(await run(apply(openMailbox(box), [saveOf({ uid: 3 })])));
      assert.deepEqual([...box.index!.view.uids], [1, 2, 3]);
    } finally {
      box.close();
    }
  }));
