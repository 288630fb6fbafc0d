import assert from "node:assert/strict";
import { makeOs } from "../../lib/os/os.ts";
import { storeView } from "../interop/store_view.ts";
import { crashEverywhere } from "./crash.ts";
import { pathsIn } from "./verdict.ts";
import { ACCOUNTS, openAccount } from "./maildir_moves.ts";

const viewsOf = async (home: string) => {
  const views = [];
  for (const account of ACCOUNTS) {
    const store = await openAccount(makeOs(), home, account);
    const { complaints, names, mailboxes } = await storeView(store);
    await store.close();
    assert.deepEqual(complaints, []);
    // Dates of saving are those of the files, which have been copied.
    const kept = [...mailboxes].map(([name, { mails, ...box }]) => ({
      name,
      ...box,
      mails: [...mails].map(([uid, { saved: _saved, ...mail }]) => ({ uid, ...mail })),
    }));
    views.push({ names, mailboxes: kept });
  }
  return views;
};

/** What a stranger leaves who opens the mailbox halfway: a list of his own, and a mail in new/. */
const intrude = async (home: string): Promise<void> => {
  for (
    const [mail, control] of [["together/Folder", "together/Folder"], [
      "apart/.Folder",
      "control/.Folder",
    ]]
  ) {
    const isHalf = await Deno.stat(`${home}/${mail}/cur`).then(() => true, () => false) &&
      !await Deno.stat(`${home}/${control}/dovecot-uidlist`).then(() => true, () => false);
    if (!isHalf) continue;
    await Deno.mkdir(`${home}/${control}`, { recursive: true });
    await Deno.writeTextFile(`${home}/${control}/dovecot-uidlist`, `3 V9 N1 G${"f".repeat(32)}\n`);
    for (const one of ["new", "tmp"]) {
      await Deno.mkdir(`${home}/${mail}/${one}`, { recursive: true });
    }
  }
};

for (
  const [title, crashed] of [
    ["a kill at any step costs no mailbox its identity", () => {}],
    ["nor does somebody who opens it then", intrude],
  ] as const
) {
  Deno.test(`maildir_moves.ts: ${title}`, async () => {
    await crashEverywhere(new URL("maildir_moves.ts", import.meta.url).href, {
      crashed,
      mended: async (home, whole) => {
        assert.deepEqual(await viewsOf(home), await viewsOf(whole));
        assert.deepEqual(await pathsIn(home), await pathsIn(whole), "what is left over");
      },
    }, { atLeast: 30, sample: 24 });
  });
}
