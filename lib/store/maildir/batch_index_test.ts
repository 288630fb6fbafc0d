import assert from "node:assert/strict";
import { flags, NO_FLAGS, NO_KEYWORDS, SEEN } from "../../model/flags.ts";
import { guid, type MailboxGuid, modSeq, uid } from "../../model/ids.ts";
import type { MailOperation } from "../../model/operation.ts";
import { makeOs } from "../../os/os.ts";
import { apply, contentOf, run } from "../../testing/content.ts";
import { saveOf } from "../../testing/mails.ts";
import { openMaildir } from "./maildir_store.ts";

const BOX = "0123456789abcdef0123456789abcdef" as MailboxGuid;
const NAME = "1600000000.M1P1.host,S=2,W=2";

/** What a run that was killed between two lines of dovecot-uidlist leaves: one mail of two, and no index. */
const afterKill = async (root: string): Promise<void> => {
  for (const one of ["cur", "new", "tmp"]) await Deno.mkdir(`${root}/${one}`, { recursive: true });
  await Deno.writeTextFile(`${root}/cur/${NAME}:2,`, "\n\n");
  await Deno.writeTextFile(`${root}/dovecot-uidlist`, `3 V7 N2 G${BOX}\n1 :${NAME}\n`);
};

const updateOf = (set: number, wanted: bigint | null): MailOperation => ({
  _tag: "UpdateFlags",
  uid: uid(1),
  guid: guid(NAME),
  add: flags(set),
  remove: NO_FLAGS,
  addKeywords: NO_KEYWORDS,
  removeKeywords: NO_KEYWORDS,
  modSeq: wanted === null ? null : modSeq(wanted),
});

const modSeqsAfter = async (update: MailOperation): Promise<readonly bigint[]> => {
  const root = await Deno.makeTempDir();
  try {
    await afterKill(root);
    const store = await run(openMaildir(makeOs(), { root, create: false, layout: "maildir++" }));
    const rest = saveOf({ uid: 2, modSeq: 20 });
    await run(store.withMailbox(BOX, (mailbox) => apply(mailbox, [rest, update])));
    const { records, status } = await contentOf(store, BOX);
    await store.close();
    return [...records.map((record) => record.modSeq), status.highestModSeq];
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

for (
  const [claim, update, expected] of [
    ["a mail that has all but its modseq gets just that", updateOf(0, 9n), [9n, 20n, 20n]],
    ["a change with a modseq gets that one", updateOf(SEEN, 20n), [20n, 20n, 20n]],
    ["a change without one comes last", updateOf(SEEN, null), [21n, 20n, 21n]],
    ["no change is none", updateOf(0, null), [20n, 20n, 20n]],
  ] as const
) {
  Deno.test(`BatchIndex, where an index is made: ${claim}`, async () => {
    assert.deepEqual(await modSeqsAfter(update), expected);
  });
}
