/** Comparisons find each planted difference by its name, and nothing where there is none. */
import assert from "node:assert/strict";
import { flags } from "../model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import type { Store } from "../port/store.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import {
  emptyState,
  type MemoryState,
  type StoredMail,
  type StoredMailbox,
} from "../store/memory/memory_state.ts";
import { BOX, OTHER, run } from "../testing/content.ts";
import { hexGuid, mailOf, type MailSpec, recordOf } from "../testing/mails.ts";
import { compareStores, isEqual } from "./compare.ts";

const INBOX = mailboxName("INBOX");
const WORK = mailboxName("Work/Entwürfe");

const stored = (spec: MailSpec): StoredMail => ({ record: recordOf(spec), mail: mailOf(spec) });

const boxOf = (name: typeof INBOX, id: typeof BOX, count: number): StoredMailbox => ({
  name,
  guid: id,
  uidValidity: 1_600_000_000,
  uidNext: 10_000,
  firstRecentUid: 1,
  highestModSeq: modSeq(9n),
  mails: Array.from(
    { length: count },
    (_, i) => stored({ uid: 2 * i + 1, flags: i % 32, keywords: i % 3 === 0 ? ["Work"] : [] }),
  ),
  changes: [],
  historyComplete: true,
  attributes: [{
    scope: "private",
    key: "comment",
    value: "mine",
    changedAt: 1,
    modSeq: modSeq(2n),
  }],
});

/** More than one chunk in the first mailbox. */
const account = (): MemoryState => ({
  ...emptyState(),
  mailboxes: [boxOf(INBOX, BOX, 1500), boxOf(WORK, OTHER, 3)],
  directories: new Set([mailboxName("Empty")]),
  subscriptions: new Set([INBOX, WORK]),
});

const mailIn = (state: MemoryState): StoredMail => state.mailboxes[0]!.mails[1200]!;

type Plant = (state: MemoryState, inbox: StoredMailbox, work: StoredMailbox) => void;

/** What is done to the right side, and the findings as `mailbox uid field`. */
const PLANTS: Readonly<Record<string, readonly [plant: Plant, ...found: string[]]>> = {
  "one flag more": [(state) => {
    const mail = mailIn(state);
    mail.record = { ...mail.record, flags: flags(mail.record.flags ^ 1) };
  }, "INBOX 2401 flags"],
  "a keyword more": [(state) => {
    mailIn(state).record = { ...mailIn(state).record, keywords: ["New", "Work"] };
  }, "INBOX 2401 keywords"],
  "no keyword": [(state) => {
    mailIn(state).record = { ...mailIn(state).record, keywords: [] };
  }, "INBOX 2401 keywords"],
  "a keyword's case": [(state) => {
    mailIn(state).record = { ...mailIn(state).record, keywords: ["work"] };
  }, "INBOX 2401 keywords"],
  "another GUID": [(state) => {
    mailIn(state).record = { ...mailIn(state).record, guid: guid(hexGuid(77_777)) };
    mailIn(state).mail = { ...mailIn(state).mail, guid: guid(hexGuid(77_777)) };
  }, "INBOX 2401 guid"],
  "a mail less, in the middle": [(_, inbox) => void inbox.mails.splice(1200, 1), "INBOX 2401 mail"],
  "the first mail less": [(_, inbox) => void inbox.mails.shift(), "INBOX 1 mail"],
  "the last mail less": [(_, inbox) => void inbox.mails.pop(), "INBOX 2999 mail"],
  "a mail more": [
    (_, inbox) => void inbox.mails.push(stored({ uid: 5000 })),
    "INBOX 5000 mail",
  ],
  "another UID": [
    (_, inbox) => void inbox.mails.splice(1200, 1, stored({ uid: 2402 })),
    "INBOX 2401 mail",
    "INBOX 2402 mail",
  ],
  "all mails less": [
    (_, __, work) => void work.mails.splice(0),
    "Work/Entwürfe 1 mail",
    "Work/Entwürfe 3 mail",
    "Work/Entwürfe 5 mail",
  ],
  "two mails changed": [
    (_, inbox) => {
      for (const at of [3, 1400]) {
        const mail = inbox.mails[at]!;
        mail.record = { ...mail.record, flags: flags(mail.record.flags ^ 8) };
      }
    },
    "INBOX 7 flags",
    "INBOX 2801 flags",
  ],
  "UIDVALIDITY": [(_, inbox) => void inbox.uidValidity++, "INBOX - uidvalidity"],
  "UIDNEXT": [(_, inbox) => void inbox.uidNext++, "INBOX - uidnext"],
  "a mailbox's GUID": [
    (_, inbox) => void (inbox.guid = mailboxGuid("00".repeat(16))),
    "INBOX - guid",
  ],
  "an attribute's value": [
    (_, inbox) => void (inbox.attributes = [{ ...inbox.attributes![0]!, value: "yours" }]),
    "INBOX - attribute private/comment",
  ],
  "an attribute less": [
    (_, inbox) => void (inbox.attributes = []),
    "INBOX - attribute private/comment",
  ],
  "an attribute of everybody's": [
    (_, inbox) => void (inbox.attributes = [{ ...inbox.attributes![0]!, scope: "shared" }]),
    "INBOX - attribute private/comment",
    "INBOX - attribute shared/comment",
  ],
  "a mailbox less": [
    (state) => void state.mailboxes.pop(),
    "Work - directory",
    "Work/Entwürfe - name",
  ],
  "a mailbox more": [
    (state) =>
      void state.mailboxes.push(boxOf(mailboxName("New"), mailboxGuid("11".repeat(16)), 0)),
    "New - name",
  ],
  "a mailbox renamed": [
    (_, __, work) => void (work.name = mailboxName("Work/Other")),
    "Work/Entwürfe - name",
  ],
  "a name's case": [
    (_, __, work) => void (work.name = mailboxName("work/Entwürfe")),
    // The parent is a name of its own.
    "Work - directory",
    "Work/Entwürfe - name",
    "work - directory",
  ],
  "a directory less": [(state) => void state.directories.clear(), "Empty - directory"],
  "a directory more": [
    (state) => void state.directories.add(mailboxName("Void")),
    "Void - directory",
  ],
  "a mailbox that is none on the other side": [(state) => {
    state.mailboxes.pop();
    state.directories.add(WORK);
  }, "Work/Entwürfe - name"],
  "a subscription less": [(state) => void state.subscriptions.delete(WORK), "- - subscription"],
  "a subscription more": [
    (state) => void state.subscriptions.add(mailboxName("Gone")),
    "- - subscription",
  ],
};

/** What only a comparison of the mails themselves finds. */
const INSIDE: typeof PLANTS = {
  "one byte of a body": [(state) => {
    const { mail } = mailIn(state);
    const bytes = (mail.body as readonly Uint8Array[])[0]!.slice();
    bytes[bytes.length - 2]! ^= 1;
    mailIn(state).mail = { ...mail, body: [bytes] };
  }, "INBOX 2401 bytes"],
  "a body cut off": [(state) => {
    const { mail } = mailIn(state);
    const bytes = (mail.body as readonly Uint8Array[])[0]!.subarray(0, 5);
    mailIn(state).mail = { ...mail, size: 5, body: [bytes] };
  }, "INBOX 2401 bytes"],
  "the received date": [(state) => {
    const { mail } = mailIn(state);
    mailIn(state).mail = { ...mail, receivedAt: mail.receivedAt + 1 };
  }, "INBOX 2401 received"],
  "a POP3 UIDL": [(state) => {
    mailIn(state).mail = { ...mailIn(state).mail, pop3Uidl: "x" };
  }, "INBOX 2401 pop3 uidl"],
  "a POP3 order": [(state) => {
    mailIn(state).mail = { ...mailIn(state).mail, pop3Order: 4 };
  }, "INBOX 2401 pop3 order"],
};

const found = async (one: MemoryState, two: MemoryState, bytes: boolean) => {
  const comparison = await run(compareStores(memoryStore(one), memoryStore(two), { bytes }));
  const lines = comparison.findings.map(({ mailbox, uid: at, field }) =>
    `${mailbox ?? "-"} ${at ?? "-"} ${field}`
  );
  return { comparison, lines };
};

for (const [title, [plant, ...wanted]] of Object.entries({ ...PLANTS, ...INSIDE })) {
  Deno.test(`compareStores finds: ${title}`, async () => {
    const planted = account();
    plant(planted, planted.mailboxes[0]!, planted.mailboxes[1]!);
    const isInside = title in INSIDE;
    for (const bytes of [true, false]) {
      const expected = isInside && !bytes ? [] : wanted;
      const { comparison, lines } = await found(account(), planted, bytes);
      assert.deepEqual(lines, expected);
      assert.equal(isEqual(comparison), expected.length === 0);
      const mirrored = await found(planted, account(), bytes);
      assert.deepEqual(mirrored.lines.toSorted(), sidesSwapped(title, expected));
      // The digests tell apart whatever is in a mailbox; attributes are not in them.
      const differing = new Set(
        comparison.digests.filter(({ left, right }) => left !== right).map(({ mailbox }) =>
          mailbox
        ),
      );
      const within = expected.filter((line) =>
        !/name$|directory$|subscription$|attribute/.test(line)
      )
        .map((line) => line.split(" ")[0]);
      assert.deepEqual([...differing], [...new Set(within)]);
    }
  });
}

/** A rename is told by the left side's name. */
const sidesSwapped = (title: string, lines: readonly string[]): readonly string[] => {
  const swapped: Record<string, readonly string[]> = {
    "a mailbox renamed": ["Work/Other - name"],
    "a name's case": ["Work - directory", "work - directory", "work/Entwürfe - name"],
  };
  return (swapped[title] ?? lines).toSorted();
};

Deno.test("compareStores: equal stores are equal, all is counted, and digests are the same", async () => {
  const { comparison, lines } = await found(account(), account(), true);
  assert.deepEqual(lines, []);
  assert.deepEqual([comparison.mailboxes, comparison.mails], [2, 1503]);
  const size = account().mailboxes.flatMap(({ mails }) => mails).reduce(
    (sum, { mail }) => sum + mail.size,
    0,
  );
  assert.equal(comparison.bytes, size);
  assert.ok(comparison.digests.every(({ left, right }) => left === right && left.length === 64));
  const quick = await found(account(), account(), false);
  assert.deepEqual([quick.lines, quick.comparison.bytes], [[], 0]);
});

Deno.test("compareStores: a saved date counts only where both formats keep one, and the mail has one", async () => {
  const savedIn = (savedAt: number | null, savedDates: boolean): Store => {
    const state = account();
    mailIn(state).mail = { ...mailIn(state).mail, savedAt };
    const store = memoryStore(state);
    return { ...store, caps: { ...store.caps, savedDates } };
  };
  for (
    const [one, two] of [
      [savedIn(5, true), savedIn(9, false)],
      [savedIn(5, false), savedIn(9, true)],
      [savedIn(null, true), savedIn(9, true)],
      [savedIn(5, true), savedIn(5, true)],
    ] as const
  ) {
    assert.deepEqual((await run(compareStores(one, two))).findings, []);
  }
  const { findings } = await run(compareStores(savedIn(5, true), savedIn(9, true)));
  assert.deepEqual(findings.map(({ field, left, right }) => [field, left, right]), [
    ["saved", "5", "9"],
  ]);
});

Deno.test("compareStores: mailboxes leaves the others out", async () => {
  const planted = account();
  planted.mailboxes[0]!.uidValidity++;
  planted.subscriptions.delete(INBOX);
  const { findings } = await run(
    compareStores(memoryStore(account()), memoryStore(planted), {
      mailboxes: (name) => name === WORK,
    }),
  );
  assert.deepEqual(findings, []);
});

Deno.test("compareStores: a mail that cannot be read is told with its UID, and the rest is compared", async () => {
  const state = account();
  state.mailboxes[1]!.mails[2]!.record = {
    ...state.mailboxes[1]!.mails[2]!.record,
    flags: flags(1),
  };
  const store = memoryStore(state);
  const broken: typeof store = {
    ...store,
    withMailbox: (id, use) =>
      store.withMailbox(id, (mailbox) =>
        use({
          ...mailbox,
          fetch: async function* (wanted) {
            for await (const chunk of mailbox.fetch(wanted)) {
              yield chunk.map((one) =>
                one._tag === "Mail" && one.mail.uid === uid(3)
                  ? {
                    _tag: "Lost" as const,
                    uid: one.mail.uid,
                    error: {
                      _tag: "Damaged" as const,
                      scope: "message" as const,
                      where: {},
                      what: "no header",
                    },
                  }
                  : one
              );
            }
          } as typeof mailbox.fetch,
        })),
  };
  const { findings } = await run(compareStores(memoryStore(account()), broken));
  assert.deepEqual(findings.map(({ mailbox, uid: at, field }) => [mailbox, at, field]), [
    [INBOX, 3, "readable"],
    [WORK, 3, "readable"],
    [WORK, 5, "flags"],
  ]);
});
