/** Maildirs: what Dovecot sees and what we see, of the same files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as E from "fp-ts/Either.js";
import { mailboxGuid, modSeq } from "../../lib/model/ids.ts";
import { mailboxName } from "../../lib/model/mailbox.ts";
import type { MailOperation } from "../../lib/model/operation.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { type MaildirOptions, openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../../lib/testing/content.ts";
import { saveOf } from "../../lib/testing/mails.ts";
import { compareViews, type Strictness } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { storeView } from "./store_view.ts";
import { filledAccount, goldenAccount, withManyKeywords, writtenMaildir } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { type View, view } from "./view.ts";

const PLAIN = "maildir:~/Maildir";
const NESTED = "maildir:~/Maildir:LAYOUT=fs";
const APART = "maildir:~/Maildir:CONTROL=~/control:INDEX=~/index:INBOX=~/inbox";

/** The options of a location like the three above. */
const optionsOf = ({ home, location }: Account, create: boolean): MaildirOptions => {
  const [, root, ...rest] = location.replaceAll("~/", `${home}/`).split(":");
  const named = new Map(rest.map((one) => one.split("=") as [string, string]));
  const given = (["INBOX", "INDEX", "CONTROL"] as const).flatMap((key) =>
    named.has(key) ? [[key.toLowerCase(), named.get(key)!]] : []
  );
  return {
    root: root!,
    layout: named.get("LAYOUT") === "fs" ? "fs" : "maildir++",
    create,
    ...Object.fromEntries(given),
  };
};

const open = (account: Account, create = false): Promise<Store> =>
  run(openMaildir(makeOs(), optionsOf(account, create)));

/** What we see, in Dovecot's terms. */
const ours = async (account: Account): Promise<View> => {
  const store = await open(account);
  const seen = await storeView(store);
  await store.close();
  return seen;
};

/** Both look at a copy of their own; the differences. */
const differences = async (dovecot: Dovecot, account: Account, how: Strictness) => {
  const copy = await dovecot.copy(account);
  const found = compareViews(await view(dovecot, account), await ours(copy), how);
  // And after us Dovecot must see the same, without a word.
  await dovecot.machine.own(copy.home);
  const after = compareViews(await view(dovecot, account), await view(dovecot, copy), how);
  return [...found, ...after.map((line) => `after us, ${line}`)];
};

const READ: readonly (readonly [string, (d: Dovecot) => Promise<Account>, Strictness])[] = [
  ["that Dovecot left", (d) => goldenAccount(d, "maildir"), { recent: true }],
  [
    "lived in, with many keywords",
    async (d) => withManyKeywords(d, await filledAccount(d, PLAIN, { seed: 4, mails: 240 })),
    { recent: true },
  ],
  [
    "lived in, LAYOUT=fs",
    (d) => filledAccount(d, NESTED, { seed: 5, mails: 60 }),
    { recent: true },
  ],
  [
    "without an index",
    (d) => writtenMaildir(d, PLAIN, { seed: 6, mails: 60 }),
    { recent: true },
  ],
  [
    "with a stale uidlist",
    (d) => writtenMaildir(d, PLAIN, { seed: 7, mails: 60 }, "stale"),
    { recent: true },
  ],
  [
    "of another program",
    (d) => writtenMaildir(d, PLAIN, { seed: 8, mails: 60 }, "none"),
    { identity: false, recent: true },
  ],
];

for (const [title, make, how] of READ) {
  judged(`Maildir ${title}: we see what Dovecot sees`, async (dovecot) => {
    assert.deepEqual(await differences(dovecot, await make(dovecot), how), []);
  });
}

for (const location of [PLAIN, NESTED, APART]) {
  judged(`${location}: Dovecot sees in a copy what it sees in the source`, async (dovecot) => {
    const source = await withManyKeywords(
      dovecot,
      await filledAccount(dovecot, PLAIN, { seed: 9, mails: 240 }),
    );
    const expected = await view(dovecot, source);
    const copy = await dovecot.account(location);
    const report = await run(backup(await open(source), await open(copy, true)));
    assert.deepEqual(report.problems, []);
    await dovecot.machine.own(copy.home);
    assert.deepEqual(compareViews(expected, await view(dovecot, copy)), []);
    const before = treeOf(copy.home);
    const again = await run(backup(await open(source), await open(copy, true)));
    assert.deepEqual(again.problems, []);
    assert.deepEqual(treeChanges(before, treeOf(copy.home)), []);
  });
}

/** A Maildir with an INBOX of these files (path below it, text), before any Dovecot came. */
const written = (dovecot: Dovecot, files: Readonly<Record<string, string>>): Promise<Account> =>
  dovecot.account(PLAIN, async (home) => {
    const root = join(home, "Maildir");
    for (const one of ["cur", "new", "tmp"]) await Deno.mkdir(join(root, one), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(root, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(root, path), text);
      await Deno.utime(join(root, path), 1_600_000_000, 1_600_000_000);
    }
  });

const MAIL = "Subject: a mail\n\nof two\nlines\n";
const HEADER = "3 V1600000000 N9 G00112233445566778899aabbccddeeff\n";

const STRANGE: readonly (readonly [string, Readonly<Record<string, string>>, Strictness])[] = [
  ["a version 1 uidlist", {
    "dovecot-uidlist": "1 1600000000 9\n3 3.M1P1.host\n5 5.M1P1.host:2,S\n",
    "cur/3.M1P1.host:2,FS": MAIL,
    "cur/5.M1P1.host:2,": MAIL,
    "new/6.M1P1.host": MAIL,
  }, { identity: false }],
  ["flags in new/, letters without names, unknown letters", {
    "dovecot-uidlist": `${HEADER}1 :1.a\n2 :2.b\n4 :4.c\n`,
    "dovecot-keywords": "1 Work\n",
    "cur/1.a:2,PSb": MAIL,
    "cur/2.b:2,abz": MAIL,
    "new/4.c:2,F": MAIL,
    "new/5.d:2,S": MAIL,
    "cur/7.e": MAIL,
  }, {}],
  ["lines without files, and files in no order", {
    "dovecot-uidlist": `${HEADER}1 :1.gone\n2 Gsome-guid P O7 :2.b\n8 Puidl :8.x\n`,
    "cur/2.b:2,": MAIL,
    "cur/8.x:2,": MAIL,
    "cur/20.M9P1.h:2,": `${MAIL}nine`,
    "cur/20.M10P1.h:2,": `${MAIL}ten`,
    "cur/100.x:2,": `${MAIL}hundred`,
    "new/abc": `${MAIL}abc`,
  }, {}],
  ["folders without cur/, parents without a folder, names that are none", {
    "dovecot-uidlist": HEADER,
    ".Empty/maildirfolder": "",
    ".A.B.C/cur/1.a:2,S": MAIL,
    ".A.B.C/new/2.b": MAIL,
    "..DOVECOT-TRASHED/cur/1.a:2,S": MAIL,
    "not-a-folder/cur/1.a:2,S": MAIL,
    "subscriptions": "V\t2\n\nA\tB\tC\nGhost\n",
  }, { identity: false }],
  ["sizes in the list, unknown keys", {
    "dovecot-uidlist": "3 N3 V77 Xother G00112233445566778899aabbccddeeff\n2 S30 W34 :2.b\n",
    "cur/2.b:2,": MAIL,
  }, {}],
];

for (const [title, files, how] of STRANGE) {
  judged(`Maildir, ${title}: we see what Dovecot sees`, async (dovecot) => {
    const found = await differences(dovecot, await written(dovecot, files), how);
    assert.deepEqual(found, []);
  });
}

judged(
  "an index of another UIDVALIDITY: we see what Dovecot sees, and it sees ours",
  async (dovecot) => {
    const account = await filledAccount(dovecot, PLAIN, { seed: 11, mails: 40 });
    const path = join(account.home, "Maildir", "dovecot-uidlist");
    const list = await Deno.readTextFile(path);
    await Deno.writeTextFile(`${path}.x`, list.replace(/ V[0-9]+/, " V1700000000"));
    await Deno.rename(`${path}.x`, path);
    await dovecot.machine.own(account.home);
    const seen = await view(dovecot, account);
    assert.match(seen.complaints.join(), /UIDVALIDITY changed/);
    const expected = { ...seen, complaints: [] };
    const our = await ours(account);
    // The first STATUS still tells the old one.
    assert.equal(our.mailboxes.get("INBOX")!.uidValidity, 1_700_000_000);
    assert.deepEqual(compareViews(expected, our, { modSeq: "ignore", identity: false }), []);
    // Whoever writes resets the index, and then Dovecot has nothing to say.
    const store = await open(account);
    const { nodes } = await run(store.tree);
    const inbox = nodes.find(({ name }) => name === "INBOX");
    assert.ok(inbox?._tag === "Mailbox");
    const { uidNext } = expected.mailboxes.get("INBOX")!;
    await run(
      store.withMailbox(
        inbox.guid,
        (mailbox) => collect(mailbox.apply(fromArray([saveOf({ uid: uidNext })]))),
      ),
    );
    await dovecot.machine.own(account.home);
    const after = await view(dovecot, account);
    assert.deepEqual(after.complaints, []);
    assert.equal(after.mailboxes.get("INBOX")!.uidNext, uidNext + 1);
  },
);

judged(
  "batches below the highest MODSEQ: Dovecot tells the MODSEQs that were given",
  async (dovecot) => {
    const account = await dovecot.account(PLAIN);
    const store = await open(account, true);
    const guid = mailboxGuid("00112233445566778899aabbccddeeff");
    await run(store.applyTree({
      _tag: "CreateMailbox",
      name: mailboxName("Box"),
      guid,
      uidValidity: 1_600_000_000,
    }));
    const batches: readonly (readonly MailOperation[])[] = [
      [saveOf({ uid: 1, modSeq: 90 }), saveOf({ uid: 2, modSeq: 7, keywords: ["Work"] })],
      [saveOf({ uid: 5, modSeq: 3, keywords: ["Work", "x"] }), saveOf({ uid: 6, modSeq: 500 })],
      [{ _tag: "RaiseStatus", uidNext: 20, highestModSeq: modSeq(501n), firstRecentUid: 6 }],
    ];
    for (const batch of batches) {
      await run(store.withMailbox(guid, (mailbox) => collect(mailbox.apply(fromArray(batch)))));
    }
    await dovecot.machine.own(account.home);
    const seen = (await view(dovecot, account)).mailboxes.get("Box")!;
    assert.deepEqual([...seen.mails].map(([uid, mail]) => [uid, mail.modSeq, mail.recent]), [
      [1, 90n, false],
      [2, 7n, false],
      [5, 3n, false],
      [6, 500n, true],
    ]);
    assert.deepEqual([seen.uidNext, seen.highestModSeq], [20, 501n]);
  },
);

judged(
  "a mail that Dovecot is about to expunge is told as expunged by its user",
  async (dovecot) => {
    const account = await dovecot.account(PLAIN);
    await using imap = await dovecot.imap(account);
    for (const subject of ["one", "two"]) {
      await imap.append("INBOX", new TextEncoder().encode(`Subject: ${subject}\r\n\r\nbody\r\n`));
    }
    await imap.select("INBOX");
    await imap.ok("STORE 1 +FLAGS (\\Deleted)");
    const os = makeOs();
    const look = async () => {
      const store = await open(account);
      const { nodes } = await run(store.tree);
      const inbox = nodes.find(({ name }) => name === "INBOX");
      assert.ok(inbox?._tag === "Mailbox");
      const seen = await run(store.withMailbox(inbox.guid, (mailbox) => async () => {
        const records = await run(collect(mailbox.records()));
        return E.right({ records, changes: await run(collect(mailbox.changes())) });
      }));
      await store.close();
      return seen;
    };
    const before = await look();
    // With its lock taken, Dovecot can ask for the expunge in its log, and not carry it out.
    const held = await os.locks.dotlock(`${account.home}/Maildir/dovecot-uidlist`);
    const expunging = imap.ok("EXPUNGE");
    let during = await look();
    for (const end = os.now() + 30_000; during.records.length > 1 && os.now() < end;) {
      await os.sleep(5);
      during = await look();
    }
    assert.equal((await Array.fromAsync(Deno.readDir(`${account.home}/Maildir/cur`))).length, 2);
    held.release();
    await expunging;
    assert.equal(await imap.close(), "");
    assert.deepEqual(during.records.map(({ uid }) => uid), [2]);
    assert.deepEqual(
      during.changes.flatMap((change) =>
        change._tag === "Expunged" ? [[change.uid, change.guid, change.bySync]] : []
      ),
      [[1, before.records[0]!.guid, false]],
    );
  },
);

judged(
  "a mailbox that Dovecot has made and not opened gets its first mail from us",
  async (dovecot) => {
    const account = await dovecot.account(PLAIN);
    await dovecot.quietly(account, ["mailbox", "create", "Neu"]);
    const store = await open(account);
    const node = (await run(store.tree)).nodes.find(({ name }) => name === "Neu");
    assert(node?._tag === "Mailbox");
    const [outcome] = await run(
      store.withMailbox(node.guid, (box) => collect(box.apply(fromArray([saveOf({ uid: 1 })])))),
    );
    assert.equal(outcome?._tag, "Done");
    await store.close();
    await dovecot.machine.own(account.home);
    const seen = await view(dovecot, account);
    assert.deepEqual(seen.complaints, []);
    assert.deepEqual([...seen.mailboxes.get("Neu")!.mails.keys()], [1]);
    assert.deepEqual(compareViews(await ours(account), await view(dovecot, account)), []);
  },
);
