/** Names of mails that are any bytes: their GUIDs are these bytes, in every store and on every way between them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { bytesOfText, textOfBytes } from "../../lib/codec/byte_text.ts";
import { sameGuid } from "../../lib/codec/guid.ts";
import { isBaseName } from "../../lib/codec/maildir_name.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { byProtocol, overPipe } from "./pipes.ts";

const os = makeOs();
const RUNS = Math.ceil(Number(Deno.env.get("DSYNC_HISTORIES") ?? 300) / 10);

/** Bytes that are UTF-8 and bytes that are not, cut sequences, a surrogate written as UTF-8, what lines and words end at. */
const PARTS: readonly (readonly number[])[] = [
  [0x63, 0x61, 0x66],
  [0xe9],
  [0xe8],
  [0xc3, 0xa9],
  [0xf0, 0x9f, 0x98],
  [0xed, 0xb3, 0xa9],
  [0xff],
  [0x20],
  [0x01],
  [0x09],
];

const aName = fc.oneof(
  fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 6 }).map((parts) => parts.flat()),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => [...bytes]),
).map((bytes) => textOfBytes(Uint8Array.from(bytes))).filter(isBaseName);

const someNames = fc.uniqueArray(aName, { minLength: 1, maxLength: 8 });

/** The GUIDs of every mail, in the order of UIDs. */
const guidsOf = async (store: Store): Promise<readonly string[]> => {
  const tree = await run(() => store.tree());
  assert.deepEqual(tree.problems, []);
  const [inbox] = tree.nodes;
  assert.ok(inbox !== undefined && inbox._tag === "Mailbox");
  return await run(
    store.withMailbox(inbox.guid, (mailbox) => async () => {
      const records = await run(collect(mailbox.records()));
      const mails = await run(collect(mailbox.fetch(fromArray(records.map(({ uid }) => uid), 7))));
      return E.right(mails.map((one, i) => {
        if (one._tag !== "Mail") assert.fail(JSON.stringify(one));
        assert.ok(sameGuid(one.mail.guid, records[i]!.guid), "the index has the GUID of the mail");
        return one.mail.guid;
      }));
    }),
  );
};

const over = (root: string): Record<"maildir" | "mdbox" | "back", () => Promise<Store>> => ({
  maildir: () =>
    run(openMaildir(os, { root: `${root}/maildir`, layout: "maildir++", create: true })),
  mdbox: () => run(openMdbox(os, { root: `${root}/mdbox`, create: true })),
  back: () => run(openMaildir(os, { root: `${root}/back`, layout: "maildir++", create: true })),
});

/** The ways from a store to another one. */
const WAYS: Readonly<Record<string, (from: Store, to: Store) => Promise<void>>> = {
  folders: async (from, to) => {
    assert.deepEqual((await run(backup(from, to))).problems, []);
  },
  "our pipe": async (from, to) => {
    const { mirror, server } = await overPipe(from, to);
    assert.ok(E.isRight(mirror) && E.isRight(server));
    assert.deepEqual(mirror.right.report.problems, []);
  },
  "Dovecot's protocol": async (from, to) => {
    const { master, slaves } = await byProtocol(from, to);
    assert.ok(E.isRight(master), JSON.stringify(master));
    assert.deepEqual(slaves.filter((one) => one !== null), []);
    assert.deepEqual(master.right.report.problems, []);
  },
};

for (const [way, go] of Object.entries(WAYS)) {
  Deno.test(`a Maildir's names of any bytes survive an mdbox and come back: ${way}`, async () => {
    await fc.assert(
      fc.asyncProperty(someNames, async (names) => {
        const root = await Deno.makeTempDir({ prefix: "dsync-bytes-" });
        try {
          for (const part of ["cur", "new", "tmp"]) os.disk.mkdir(`${root}/maildir/${part}`);
          names.forEach((name, i) => {
            const mail = bytesOfText(`Subject: ${i}\n\n${i}\n`);
            os.disk.create(`${root}/maildir/cur/${name}:2,S`, [mail], { sync: false });
          });
          const open = over(root);
          const [maildir, mdbox, back] = [
            await open.maildir(),
            await open.mdbox(),
            await open.back(),
          ];
          await go(maildir, mdbox);
          await go(mdbox, back);
          for (const store of [maildir, mdbox, back]) await store.close();
          const wanted = await (async () => {
            const again = await open.maildir();
            const guids = await guidsOf(again);
            await again.close();
            return guids;
          })();
          assert.deepEqual(new Set(wanted), new Set(names));
          for (const reopened of [await open.mdbox(), await open.back()]) {
            assert.deepEqual(await guidsOf(reopened), wanted);
            await reopened.close();
          }
        } finally {
          await Deno.remove(root, { recursive: true });
        }
      }),
      { numRuns: RUNS },
    );
  });
}
