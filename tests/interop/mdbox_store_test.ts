/** The mdbox store beside a real Dovecot: each reads what the other wrote, and goes on with it. */
import assert from "node:assert/strict";
import { flags, SEEN } from "../../lib/model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../../lib/model/ids.ts";
import { INBOX, mailboxName } from "../../lib/model/mailbox.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { openMdbox } from "../../lib/store/mdbox/mdbox_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { hexGuid, type MailSpec, saveOf } from "../../lib/testing/mails.ts";
import { awkwardMails, run } from "../../lib/testing/content.ts";
import { ageMapLog } from "./age.ts";
import { compareViews } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { trials } from "./judge.ts";
import { filledAccount, goldenAccount } from "./stores.ts";
import { storeView } from "./store_view.ts";
import { view } from "./view.ts";

const BOX = mailboxGuid("0123456789abcdef0123456789abcdef");
const OTHER = mailboxGuid("fedcba9876543210fedcba9876543210");
const FOURTH = mailboxGuid("aaaabbbbccccddddeeeeffff00001111");
const THIRD = mailboxGuid("00112233445566778899aabbccddeeff");

/** Opens the account's mdbox; what we make belongs to Dovecot's user afterwards. */
const withStore = async <A>(
  dovecot: Dovecot,
  { home }: Account,
  use: (store: Store) => Promise<A>,
  options: Partial<Parameters<typeof openMdbox>[1]> = {},
): Promise<A> => {
  const store = await run(
    openMdbox(makeOs(), { root: `${home}/mdbox`, create: true, ...options }),
  );
  try {
    return await use(store);
  } finally {
    await store.close();
    await dovecot.machine.own(home);
  }
};

const apply = async (store: Store, box: typeof BOX, operations: readonly MailOperation[]) => {
  const outcomes = await run(
    store.withMailbox(box, (mailbox) => collect(mailbox.apply(fromArray(operations, 50)))),
  );
  assert.deepEqual(outcomes.filter(({ _tag }) => _tag === "Refused"), []);
};

const create = (store: Store, name: string, id: typeof BOX, uidValidity: number) =>
  run(store.applyTree({ _tag: "CreateMailbox", name: mailboxName(name), guid: id, uidValidity }));

/** Dovecot sees the account as our store does, and finds nothing to complain of. */
const assertSame = async (dovecot: Dovecot, account: Account, options = {}) => {
  const ours = await withStore(dovecot, account, storeView, options);
  const theirs = await view(dovecot, account);
  assert.deepEqual(compareViews(theirs, ours), []);
  return theirs;
};

/** Dovecot's resync calls it damage when two mails of one GUID have not the same size. */
const awkward = awkwardMails().filter(({ uid }) => uid !== 42)
  .map((spec): MailSpec => ({ ...spec, modSeq: spec.uid % 90 + 2 }));
const SHARED = hexGuid(900);

const fill = async (store: Store): Promise<void> => {
  await create(store, "INBOX", BOX, 1_700_000_001);
  await create(store, "Entwürfe/日本語", OTHER, 1_700_000_002);
  await create(store, "dot.name/with space & amp", THIRD, 1_700_000_003);
  await run(store.applyTree({ _tag: "Subscribe", name: mailboxName("Entwürfe/日本語") }));
  await apply(store, BOX, [
    ...awkward.map(saveOf),
    { _tag: "RaiseStatus", uidNext: 0, highestModSeq: modSeq(95n), firstRecentUid: 8 },
  ]);
  await apply(store, OTHER, [
    saveOf({
      uid: 3,
      guid: hexGuid(103),
      pop3Uidl: "uidl-3",
      pop3Order: 9,
      savedAt: 1_500_000_000,
    }),
    saveOf({ uid: 4, guid: hexGuid(104), pop3Uidl: "uidl-4" }),
    saveOf({ uid: 9, copies: 2, guid: SHARED }),
    { _tag: "RaiseStatus", uidNext: 50, highestModSeq: modSeq(7n), firstRecentUid: 50 },
  ]);
  await apply(store, THIRD, [
    // The same mail as in the other mailbox: one record for both.
    saveOf({ uid: 9, copies: 2, guid: SHARED }),
  ]);
};

judged("an mdbox that Dovecot left is read as Dovecot reads it", async (dovecot) => {
  await assertSame(dovecot, await goldenAccount(dovecot, "mdbox"));
});

judged(
  "a used mdbox is read as Dovecot reads it, also after altmove and purge",
  async (dovecot) => {
    const location = "mdbox:~/mdbox:ALT=~/alt";
    const account = await filledAccount(dovecot, location, { seed: 7, mails: 150 });
    const options = { alt: `${account.home}/alt` };
    // Dovecot warns when it finds ALT= changed, and in the copy that is looked at it is.
    const forgetAlt = () => Deno.remove(`${account.home}/mdbox/dbox-alt-root`);
    await forgetAlt();
    await assertSame(dovecot, account, options);
    await dovecot.quietly(account, ["altmove", "seen"]);
    await dovecot.quietly(account, ["purge"]);
    assert([...Deno.readDirSync(`${account.home}/alt/storage`)].length > 1);
    await forgetAlt();
    await assertSame(dovecot, account, options);
  },
);

judged("an mdbox of ours is read by Dovecot as meant, and stands its trials", async (dovecot) => {
  const account = await dovecot.account("mdbox:~/mdbox");
  await withStore(dovecot, account, fill);
  const seen = await assertSame(dovecot, account);
  assert.deepEqual(seen.subscriptions, ["Entwürfe/日本語"]);
  const inbox = seen.mailboxes.get("INBOX")!;
  assert.equal(inbox.highestModSeq, 95n);
  assert.deepEqual(
    [...inbox.mails.values()].map((mail) => Number(mail.modSeq)),
    awkward.map((spec) => spec.modSeq),
  );
  const drafts = seen.mailboxes.get("Entwürfe/日本語")!;
  assert.equal(drafts.uidNext, 50);
  assert.deepEqual([...drafts.mails.values()].map((m) => [m.uidl, m.order]), [
    ["uidl-3", "9"],
    ["uidl-4", ""],
    ["", ""],
  ]);
  const counts = await dovecot.quietly(
    account,
    ["-f", "flow", "fetch", "refcount", "uid", "9", "mailbox", "Entwürfe/日本語"],
  );
  assert.match(counts, /refcount=2/);
  assert.deepEqual(await trials(dovecot, account, seen), []);
});

judged("Dovecot goes on with an mdbox of ours, and we with Dovecot's", async (dovecot) => {
  const account = await dovecot.account("mdbox:~/mdbox");
  await withStore(dovecot, account, fill);
  {
    await using imap = await dovecot.imap(account);
    await imap.select("INBOX");
    await imap.append("INBOX", new TextEncoder().encode("Subject: new\r\n\r\nnew\r\n"), ["Work"]);
    await imap.ok("UID STORE 1 +FLAGS (\\Deleted Fresh)");
    await imap.ok('UID COPY 2,3 "dot.name/with space &- amp"');
    await imap.ok('UID MOVE 7 "dot.name/with space &- amp"');
    await imap.ok("EXPUNGE");
    assert.equal(await imap.close(), "");
  }
  await assertSame(dovecot, account);
  await withStore(dovecot, account, async (store) => {
    await apply(store, THIRD, [
      { _tag: "Expunge", uid: uid(9), guid: guid(SHARED) },
      saveOf({ uid: 100, keywords: ["later"] }),
      saveOf({ uid: 101, bytes: "x".repeat(3_000_000), pieces: 70_000 }),
    ]);
    await apply(store, BOX, [{
      _tag: "UpdateFlags",
      uid: uid(8),
      guid: guid(hexGuid(8)),
      add: flags(SEEN),
      remove: flags(0),
      addKeywords: ["Fresh"],
      removeKeywords: [],
      modSeq: modSeq(5000n),
    }]);
  });
  const after = await assertSame(dovecot, account);
  assert.equal(after.mailboxes.get("INBOX")!.mails.get(8)!.modSeq, 5000n);
  assert.deepEqual(await trials(dovecot, account, after), []);
  await dovecot.quietly(account, ["purge"]);
  await dovecot.quietly(account, ["expunge", "mailbox", "INBOX", "uid", "2:9"]);
  await dovecot.quietly(account, ["copy", "INBOX", "mailbox", "Entwürfe/日本語", "uid", "3"]);
  await dovecot.quietly(account, ["purge"]);
  await assertSame(dovecot, account);
});

judged("a session that has rotated the map's log finds what we add there", async (dovecot) => {
  const account = await dovecot.account("mdbox:~/mdbox");
  await withStore(dovecot, account, (store) => create(store, "INBOX", BOX, 1_700_000_001));
  const mail = new TextEncoder().encode("Subject: one of many\r\n\r\n.\r\n");
  {
    // Dovecot rotates a log of 32 KiB.
    await using imap = await dovecot.imap(account);
    for (let i = 0; i < 300; i++) await imap.append("INBOX", mail, []);
    assert.equal(await imap.close(), "");
  }
  ageMapLog(account.home);
  await using imap = await dovecot.imap(account);
  await imap.select("INBOX");
  await imap.append("INBOX", mail, []);
  await imap.ok("NOOP");
  assert.ok((await Deno.stat(`${account.home}/mdbox/storage/dovecot.map.index.log.2`)).isFile);
  await withStore(
    dovecot,
    account,
    (store) => apply(store, BOX, [saveOf({ uid: 1000, guid: hexGuid(1000) })]),
  );
  await imap.append("INBOX", mail, []);
  await imap.ok("UID EXPUNGE 1:2");
  assert.equal(await imap.close(), "");
  const seen = await assertSame(dovecot, account);
  assert.ok(seen.mailboxes.get("INBOX")!.mails.has(1000));
  assert.deepEqual(await trials(dovecot, account, seen), []);
});

judged(
  "mailboxes renamed, deleted and given another identity are so for Dovecot",
  async (dovecot) => {
    for (const location of ["mdbox:~/mdbox", "mdbox:~/mdbox:INDEX=~/idx:CONTROL=~/ctl"]) {
      const account = await dovecot.account(location);
      const { home } = account;
      const options = location.includes("INDEX")
        ? { index: `${home}/idx`, control: `${home}/ctl` }
        : {};
      await withStore(dovecot, account, fill, options);
      await dovecot.quietly(account, ["mailbox", "list"]);
      await withStore(dovecot, account, async (store) => {
        const drafts = mailboxName("Entwürfe/日本語");
        const named = mailboxName("New/Place");
        const spaced = mailboxName("dot.name/with space & amp");
        await run(
          store.applyTree({ _tag: "RenameMailbox", name: drafts, guid: OTHER, newName: named }),
        );
        await run(store.applyTree({
          _tag: "ReidentifyMailbox",
          name: named,
          guid: OTHER,
          newGuid: FOURTH,
          newUidValidity: 1_800_000_000,
        }));
        await run(store.applyTree({ _tag: "DeleteMailbox", name: spaced, guid: THIRD }));
        await run(
          store.applyTree({ _tag: "DeleteDirectory", name: mailboxName("dot.name") }),
        );
      }, options);
      const seen = await assertSame(dovecot, account, options);
      assert.deepEqual([...seen.names], ["Entwürfe", "INBOX", "New", "New/Place"]);
      const moved = seen.mailboxes.get("New/Place")!;
      assert.equal(moved.uidValidity, 1_800_000_000);
      assert.deepEqual(await trials(dovecot, account, seen), []);
      const counts = await dovecot.quietly(
        account,
        ["-f", "flow", "fetch", "refcount", "uid", "9", "mailbox", "New/Place"],
      );
      assert.match(counts, /refcount=1/);
    }
  },
);

judged(
  "replaceMailbox leaves a session with a reset mailbox, and the new mails",
  async (dovecot) => {
    for (const location of ["mdbox:~/mdbox", "mdbox:~/mdbox:INDEX=~/idx"]) {
      const account = await dovecot.account(location);
      const options = location.includes("INDEX") ? { index: `${account.home}/idx` } : {};
      await withStore(dovecot, account, fill, options);
      await using imap = await dovecot.imap(account);
      await imap.select("INBOX");
      await imap.ok("UID STORE 1 -FLAGS (\\Seen)");
      await withStore(dovecot, account, async (store) => {
        const identity = { name: INBOX, guid: FOURTH, uidValidity: 1_900_000_000 };
        await run(store.replaceMailbox(identity, (mailbox) =>
          collect(mailbox.apply(fromArray([
            saveOf({ uid: 5, bytes: "Subject: replaced\n\nnew\n", modSeq: 3 }),
            { _tag: "RaiseStatus", uidNext: 9, highestModSeq: modSeq(9n), firstRecentUid: 9 },
          ])))));
      }, options);
      // The mailbox that the session has open is no more: it must say so, and must not harm the new one.
      await assert.rejects(async () => {
        const { status, text } = await imap.send("NOOP");
        await imap.send("UID STORE 1 +FLAGS (\\Seen)");
        throw new Error(`${status} ${text}`);
      });
      const seen = await assertSame(dovecot, account, options);
      const inbox = seen.mailboxes.get("INBOX")!;
      assert.deepEqual([...inbox.mails.keys()], [5]);
      assert.equal(inbox.highestModSeq, 9n);
      assert.deepEqual(await trials(dovecot, account, seen), []);
    }
  },
);
