import assert from "node:assert/strict";
import { mailboxNameHash } from "../../codec/guid.ts";
import type { Naming } from "../../codec/mailbox_path.ts";
import { mailboxName } from "../../model/mailbox.ts";
import { makeOs } from "../../os/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { appendMailboxLog, readMailboxLog } from "./mailbox_log_file.ts";
import { readSubscriptions, setSubscribed } from "./subscriptions_file.ts";
import { raiseUidValidity, takeUidValidity } from "./uid_validity_counter.ts";

const NAMING: Naming = { layout: "maildir++", utf8: false };
const os = makeOs();

const inDirectory = (claim: string, body: (root: string) => void | Promise<void>): void =>
  Deno.test(claim, async () => {
    const root = await Deno.makeTempDir();
    try {
      await body(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

const names = (root: string) => [...Deno.readDirSync(root)].map(({ name }) => name).sort();

inDirectory("setSubscribed refuses a name that does not fit and leaves the file", async (root) => {
  await setSubscribed(os, root, mailboxName("A"), true, NAMING);
  const call = setSubscribed(os, root, mailboxName("a.b"), true, NAMING);
  await assert.rejects(call, StreamFailure);
  assert.deepEqual(readSubscriptions(os, root).lines, ["A"]);
  assert.deepEqual(names(root), ["subscriptions"]);
});

inDirectory("setSubscribed writes only what changes, and in the version there", async (root) => {
  await Deno.writeTextFile(`${root}/subscriptions`, "INBOX\nOld.x\n");
  const before = await Deno.stat(`${root}/subscriptions`);
  assert.equal(await setSubscribed(os, root, mailboxName("Old/x"), true, NAMING), false);
  assert.equal((await Deno.stat(`${root}/subscriptions`)).ino, before.ino);
  assert.equal(await setSubscribed(os, root, mailboxName("Täst/y"), true, NAMING), true);
  assert.equal(await setSubscribed(os, root, mailboxName("INBOX"), false, NAMING), true);
  assert.equal(await Deno.readTextFile(`${root}/subscriptions`), "Old.x\nT&AOQ-st.y\n");
});

inDirectory("takeUidValidity starts with the time and then counts", (root) => {
  const first = takeUidValidity(os, root);
  assert.ok(Math.abs(first - Date.now() / 1000) < 60);
  assert.equal(takeUidValidity(os, root), first + 1);
  const hex = (first + 1).toString(16);
  assert.deepEqual(names(root), ["dovecot-uidvalidity", `dovecot-uidvalidity.${hex}`]);
  assert.equal(Deno.readTextFileSync(`${root}/dovecot-uidvalidity`), hex);
});

inDirectory("takeUidValidity goes by the markers where the file is broken", (root) => {
  Deno.writeTextFileSync(`${root}/dovecot-uidvalidity`, "nonsense");
  Deno.writeTextFileSync(`${root}/dovecot-uidvalidity.00000010`, "");
  Deno.writeTextFileSync(`${root}/dovecot-uidvalidity.00000020`, "");
  assert.equal(takeUidValidity(os, root), 0x21);
  Deno.writeTextFileSync(`${root}/dovecot-uidvalidity`, "00000002");
  assert.equal(takeUidValidity(os, root), 0x22);
});

inDirectory("raiseUidValidity never lowers the counter", (root) => {
  raiseUidValidity(os, root, 1000);
  assert.equal(takeUidValidity(os, root), 1001);
  raiseUidValidity(os, root, 500);
  assert.equal(takeUidValidity(os, root), 1002);
  raiseUidValidity(os, root, 5000);
  assert.equal(takeUidValidity(os, root), 5001);
  assert.deepEqual(names(root), ["dovecot-uidvalidity", "dovecot-uidvalidity.00001389"]);
});

inDirectory("appendMailboxLog turns the file over at 4096 bytes", (root) => {
  assert.deepEqual(readMailboxLog(os, root), []);
  const record = (at: number) => ({ type: "Rename", guid: mailboxNameHash("x"), at }) as const;
  const records = Array.from({ length: 200 }, (_, at) => record(at));
  appendMailboxLog(os, root, records);
  assert.deepEqual(names(root), ["dovecot.mailbox.log", "dovecot.mailbox.log.2"]);
  assert.deepEqual(readMailboxLog(os, root), records);
  assert.equal(Deno.statSync(`${root}/dovecot.mailbox.log.2`).size, 171 * 24);
});
