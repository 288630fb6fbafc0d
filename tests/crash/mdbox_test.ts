import assert from "node:assert/strict";
import { mailboxName } from "../../lib/model/mailbox.ts";
import { makeOs } from "../../lib/os/os.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { run } from "../../lib/testing/content.ts";
import { storeView } from "../interop/store_view.ts";
import { crashEverywhere } from "./crash.ts";
import { audit } from "./mdbox_audit.ts";

const viewOf = async (home: string) => {
  const store = await run(openMdbox(makeOs(), { root: `${home}/mdbox`, create: false }));
  const view = await storeView(store);
  await store.close();
  assert.deepEqual(view.complaints, []);
  // How often a batch was begun shows in the counters alone.
  return [...view.mailboxes].map(([name, { highestModSeq: _highest, mails, ...box }]) => ({
    name,
    ...box,
    mails: [...mails].map(([uid, { modSeq: _modSeq, ...mail }]) => ({ uid, ...mail })),
  }));
};

/** Recovery is for those who write; a run that finds nothing left to do is none of them. */
const write = async (home: string) => {
  const store = await run(openMdbox(makeOs(), { root: `${home}/mdbox`, create: false }));
  const name = mailboxName("any");
  await run(store.applyTree({ _tag: "CreateDirectory", name }));
  await run(store.applyTree({ _tag: "DeleteDirectory", name }));
  await store.close();
};

const scenarios = [["mdbox_batches.ts", 30], ["mdbox_places.ts", 40]] as const;
for (const [module, atLeast] of scenarios) {
  Deno.test(`${module}: a kill at any step harms nothing, and the next run mends it`, async () => {
    await crashEverywhere(new URL(module, import.meta.url).href, {
      crashed: (home) => assert.deepEqual(audit(`${home}/mdbox`).harm, []),
      mended: async (home, whole) => {
        await write(home);
        assert.deepEqual(audit(`${home}/mdbox`), { harm: [], litter: [] });
        assert.deepEqual(await viewOf(home), await viewOf(whole));
      },
    }, { atLeast, sample: 12 });
  });
}
