import assert from "node:assert/strict";
import { type Guid, guid, type MailboxGuid } from "../../model/ids.ts";
import { makeOs } from "../../os/os.ts";
import { apply, contentOf, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { openMaildir } from "./maildir_store.ts";

const BOX = "0123456789abcdef0123456789abcdef" as MailboxGuid;
const NAME = "1600000000.M1P1.host,S=3,W=4";
const bytes = "a\nb";

/** Saves mails in one batch into an empty mailbox; gives its GUIDs, bytes and the files of cur/. */
const saved = async (guids: readonly string[], before: (root: string) => Promise<void>) => {
  const root = await Deno.makeTempDir();
  try {
    for (const one of ["cur", "new", "tmp"]) await Deno.mkdir(`${root}/${one}`);
    await Deno.writeTextFile(`${root}/dovecot-uidlist`, `3 V7 N1 G${BOX}\n`);
    const store = await run(openMaildir(makeOs(), { root, create: false, layout: "maildir++" }));
    await run(store.withMailbox(BOX, (mailbox) => {
      const saves = guids.map((one, i) => saveOf({ uid: i + 1, guid: one, bytes }));
      return async () => {
        await before(root);
        return await apply(mailbox, saves)();
      };
    }));
    const { records } = await contentOf(store, BOX);
    await store.close();
    const names = [...Deno.readDirSync(`${root}/cur`)].map(({ name }) => name).sort();
    const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${root}/cur/${name}`)));
    return { guids: records.map((record) => record.guid), names, texts };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

const nothing = () => Promise.resolve();

Deno.test("a GUID that is a good base name is the file's name from the beginning", async () => {
  const { guids, names } = await saved([NAME], nothing);
  assert.deepEqual(guids, [guid(NAME)]);
  assert.deepEqual(names, [`${NAME}:2,`]);
});

Deno.test("two mails with one GUID get two files", async () => {
  const { guids, names, texts } = await saved([NAME, NAME], nothing);
  assert.deepEqual(guids, [NAME, NAME] as Guid[]);
  assert.equal(names.length, 2);
  assert.deepEqual(texts, [bytes, bytes]);
});

Deno.test("what somebody has left under a mail's name in tmp/ is in nobody's way", async () => {
  const { guids, names, texts } = await saved(
    [NAME],
    (root) => Deno.writeTextFile(`${root}/tmp/dsync.${NAME}:2,`, "half"),
  );
  assert.deepEqual(guids, [guid(NAME)]);
  assert.deepEqual(names, [`${NAME}:2,`]);
  assert.deepEqual(texts, [bytes]);
});
