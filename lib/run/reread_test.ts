import assert from "node:assert/strict";
import { mailboxName } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { makeOs } from "../os/os.ts";
import { openMaildir } from "../store/maildir/maildir_store.ts";
import { openMdbox } from "../store/mdbox/mdbox_store.ts";
import { applyTo, BOX, contentOf, CREATE, run } from "../testing/content.ts";
import { saveOf } from "../testing/mails.ts";
import { backup } from "./backup.ts";
import { mirror } from "./mirror.ts";

const NAME = mailboxName("INBOX");
const MAILS = [
  { uid: 1, bytes: "Subject: one\n\nfirst\n" },
  { uid: 2, bytes: `Subject: two\n\n${"second\n".repeat(200_000)}` },
  { uid: 3, bytes: "Subject: three\n\nthird\n" },
];

const openAll = async (root: string) => {
  const os = makeOs();
  return {
    mdbox: await run(openMdbox(os, { root: `${root}/mdbox`, create: true })),
    maildir: await run(
      openMaildir(os, { root: `${root}/Maildir`, create: true, layout: "maildir++" }),
    ),
  };
};

/** An mdbox and a Maildir that are equal; `damage` is then done to the mdbox's only file of mails. */
const withPair = async (
  damage: (bytes: Uint8Array, text: string) => void,
  body: (mdbox: Store, maildir: Store) => Promise<void>,
): Promise<void> => {
  const root = await Deno.makeTempDir();
  try {
    const before = await openAll(root);
    await run(before.mdbox.applyTree({ ...CREATE, name: NAME }));
    await applyTo(before.mdbox, BOX, MAILS.map(saveOf));
    assert.deepEqual((await run(mirror(before.mdbox, before.maildir))).report.problems, []);
    await before.mdbox.close();
    await before.maildir.close();
    const path = `${root}/mdbox/storage/m.1`;
    const bytes = await Deno.readFile(path);
    damage(bytes, new TextDecoder("latin1").decode(bytes));
    await Deno.writeFile(path, bytes);
    const { mdbox, maildir } = await openAll(root);
    await body(mdbox, maildir);
    await mdbox.close();
    await maildir.close();
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

const zap = (before: string) => (bytes: Uint8Array, text: string): void => {
  const at = text.indexOf(before);
  assert.ok(at > 0, `${before} is in the file`);
  bytes.fill(0x7e, at - 16, at - 2);
};

const uidsOf = async (store: Store) =>
  (await run(store.withMailbox(BOX, (mailbox) => async () => {
    const uids: number[] = [];
    for await (const chunk of mailbox.records()) uids.push(...chunk.map(({ uid }) => uid));
    return await Promise.resolve({ _tag: "Right", right: uids } as const);
  }))) as readonly number[];

for (const [title, where] of [["a small mail", "Subject: one"], ["a large mail", "Subject: two"]]) {
  const at = where === "Subject: one" ? 1 : 2;

  Deno.test(`mirror, full: damage to ${title} that no index tells of is named, nothing is deleted`, async () => {
    await withPair(zap(where!), async (mdbox, maildir) => {
      const trusting = await run(mirror(mdbox, maildir));
      assert.deepEqual(trusting.report.problems, [], "the index alone does not show it");
      for (const [left, right] of [[mdbox, maildir], [maildir, mdbox]] as const) {
        const { report } = await run(mirror(left, right, { full: true }));
        assert.deepEqual(
          report.problems.map(({ _tag, where }) => [_tag, where.mailbox, where.uid]),
          [["Damaged", "INBOX", at]],
        );
        assert.deepEqual(await uidsOf(maildir), [1, 2, 3]);
        assert.deepEqual(await uidsOf(mdbox), [1, 2, 3]);
      }
    });
  });

  Deno.test(`backup, full: the damaged copy of ${title} is made anew`, async () => {
    await withPair(zap(where!), async (mdbox, maildir) => {
      assert.equal((await run(backup(maildir, mdbox))).right.saved, 0);
      const report = await run(backup(maildir, mdbox, { full: true }));
      assert.ok(report.right.saved > 0);
      assert.deepEqual(report.problems, []);
      const { mails } = await contentOf(mdbox, BOX);
      assert.deepEqual(mails.map(({ bytes }) => bytes), MAILS.map(({ bytes }) => bytes));
      const again = await run(backup(maildir, mdbox, { full: true }));
      assert.deepEqual([again.problems, again.right.saved], [[], 0]);
    });
  });

  Deno.test(`backup, full: damage to ${title} in the source costs the destination nothing`, async () => {
    await withPair(zap(where!), async (mdbox, maildir) => {
      const report = await run(backup(mdbox, maildir, { full: true }));
      assert.deepEqual(report.problems.map(({ where }) => where.uid), [at]);
      const { mails } = await contentOf(maildir, BOX);
      assert.deepEqual(mails.map(({ bytes }) => bytes), MAILS.map(({ bytes }) => bytes));
    });
  });
}
