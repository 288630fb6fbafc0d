/** Accounts for recipes to work on. */
import { backup, eachMailbox, openStore, run, thisMachine } from "@dsync/dsync";
import { mailboxGuid, mailboxName, type MailRecord, modSeq } from "@dsync/dsync/model";
import { collect } from "@dsync/dsync/stages";
import { emptyState, memoryStore, newMailbox, type StoredMailbox } from "@dsync/dsync/stores";
import { mailOf, type MailSpec, recordOf } from "@dsync/dsync/testing";

/** The mails of an account by the names of their mailboxes. */
export type Account = Readonly<Record<string, readonly MailSpec[]>>;

const boxOf = (name: string, specs: readonly MailSpec[], n: number): StoredMailbox => ({
  ...newMailbox(mailboxName(name), mailboxGuid(`${n}`.padStart(32, "b")), 1_700_000_000),
  uidNext: Math.max(0, ...specs.map(({ uid }) => uid)) + 1,
  highestModSeq: modSeq(10n),
  mails: specs.map((spec) => ({ record: recordOf(spec), mail: mailOf(spec) })),
});

/** Makes the place be like the account. */
export const fill = async (place: string, account: Account): Promise<void> => {
  const mailboxes = Object.entries(account).map(([name, specs], n) => boxOf(name, specs, n));
  await using store = await run(openStore(thisMachine(), place, { create: true }));
  await run(backup(memoryStore({ ...emptyState(), mailboxes }), store));
};

/** The mails of each mailbox of a place, as text of UID, flags and keywords. */
export const contentOf = async (place: string): Promise<Readonly<Record<string, string>>> => {
  await using store = await run(openStore(thisMachine(), place));
  const textOf = ({ uid, flags, keywords }: MailRecord): string =>
    [uid, ...(flags === 0 ? [] : [`f${flags}`]), ...keywords].join(":");
  const found = await run(eachMailbox(store, async (mailbox) => {
    const records = await run(collect(mailbox.records()));
    return [mailbox.name, records.map(textOf).join(" ")] as const;
  }));
  return Object.fromEntries(found);
};
