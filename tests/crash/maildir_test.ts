import assert from "node:assert/strict";
import { walk } from "@std/fs/walk";
import { makeOs } from "../../lib/os/os.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { run } from "../../lib/testing/content.ts";
import { storeView } from "../interop/store_view.ts";
import { crashEverywhere } from "./crash.ts";

type Layout = "maildir++" | "fs";

const viewOf = async (home: string, layout: Layout) => {
  const root = `${home}/Maildir`;
  const store = await run(openMaildir(makeOs(), { root, layout, create: false }));
  const view = await storeView(store);
  await store.close();
  assert.deepEqual(view.complaints, []);
  // How often a batch was begun shows in the counters alone, dates of saving are those of the files, and mails whose
  // saving was cut off are not \Recent any more.
  const mailboxes = [...view.mailboxes].map(
    ([name, { guid, uidValidity, uidNext, size, mails }]) => ({
      name,
      guid,
      uidValidity,
      uidNext,
      size,
      mails: [...mails].map((
        [uid, { modSeq: _modSeq, saved: _saved, recent: _recent, ...mail }],
      ) => ({
        uid,
        ...mail,
      })),
    }),
  );
  return { names: view.names, subscriptions: view.subscriptions, mailboxes };
};

/** Files and directories that no Maildir needs. */
const litter = async (home: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { path } of walk(home)) {
    if (/dsync|\.tmp$|\.lock$|\.newlock$/.test(path.slice(home.length))) found.push(path);
  }
  return found;
};

const rows: readonly (readonly [string, Layout, number])[] = [
  ["maildir_batches.ts", "maildir++", 25],
  ["maildir_places.ts", "maildir++", 60],
  ["maildir_places_fs.ts", "fs", 60],
];

for (const [module, layout, atLeast] of rows) {
  Deno.test(`${module}: a kill at any step harms nothing, and the next run mends it`, async () => {
    await crashEverywhere(new URL(module, import.meta.url).href, {
      crashed: async (home) => {
        await viewOf(home, layout);
      },
      mended: async (home, whole) => {
        assert.deepEqual(await viewOf(home, layout), await viewOf(whole, layout));
        assert.deepEqual(await litter(home), []);
      },
    }, { atLeast, sample: 12 });
  });
}
