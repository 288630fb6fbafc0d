/** Maildirs: what Dovecot sees and what we see, of the same files. */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { flagNames } from "../../lib/model/flags.ts";
import { makeOs } from "../../lib/os/os.ts";
import type { Mailbox, Store } from "../../lib/port/store.ts";
import { backup } from "../../lib/run/backup.ts";
import { type MaildirOptions, openMaildir } from "../../lib/store/maildir/maildir_store.ts";
import { collect, fromArray } from "../../lib/stream/chunks.ts";
import { run } from "../contract/store_contract.ts";
import { compareViews, type Strictness } from "./compare.ts";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { filledAccount, goldenAccount, withManyKeywords, writtenMaildir } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { lfHash, type View, view, type ViewMail, type ViewMailbox } from "./view.ts";

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

const viewOfMailbox = async (mailbox: Mailbox): Promise<ViewMailbox> => {
  const records = await run(collect(mailbox.records()));
  const mails = new Map<number, ViewMail>();
  const byUid = new Map(records.map((record) => [record.uid, record]));
  let size = 0;
  for await (const chunk of mailbox.fetch(fromArray(records.map(({ uid }) => uid), 100))) {
    for (const fetched of chunk) {
      if (fetched._tag === "Lost") assert.fail(JSON.stringify(fetched.error));
      const { mail } = fetched;
      const record = byUid.get(mail.uid)!;
      const hash = lfHash();
      let bytes = 0;
      let previous = 0;
      for await (const piece of mail.body) {
        hash.update(piece);
        for (const byte of piece) {
          bytes += byte === 10 && previous !== 13 ? 2 : 1;
          previous = byte;
        }
      }
      size += bytes;
      mails.set(mail.uid, {
        guid: mail.guid,
        flags: [...flagNames(record.flags), ...record.keywords]
          .map((name) => name.toLowerCase()).sort().join(" "),
        recent: mail.uid >= mailbox.status.firstRecentUid,
        modSeq: record.modSeq,
        received: mail.receivedAt,
        saved: mail.savedAt ?? 0,
        size: bytes,
        uidl: mail.pop3Uidl ?? "",
        order: mail.pop3Order === null ? "" : String(mail.pop3Order),
        sha256: hash.hex(),
      });
    }
  }
  const all = [...mails.values()];
  const { status } = mailbox;
  return {
    guid: status.guid,
    uidValidity: status.uidValidity,
    uidNext: status.uidNext,
    messages: status.messages,
    recent: all.filter(({ recent }) => recent).length,
    unseen: all.filter(({ flags }) => !flags.split(" ").includes("\\seen")).length,
    size,
    highestModSeq: status.highestModSeq,
    modSeqs: status.modSeqTracked ? "mails" : "mailbox",
    mails,
  };
};

/** What we see, in Dovecot's terms. */
const ours = async (account: Account): Promise<View> => {
  const store = await open(account);
  const { nodes, subscriptions, problems } = await run(store.tree);
  const mailboxes = new Map<string, ViewMailbox>();
  for (const node of nodes) {
    if (node._tag !== "Mailbox") continue;
    await run(store.withMailbox(node.guid, (mailbox) => async () => {
      mailboxes.set(node.name, await viewOfMailbox(mailbox));
      return E.right(undefined);
    }));
  }
  await store.close();
  return {
    format: "maildir",
    names: nodes.map(({ name }) => name as string).sort(),
    subscriptions: [...subscriptions].sort(),
    mailboxes,
    complaints: problems.map((problem) => JSON.stringify(problem)),
  };
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
