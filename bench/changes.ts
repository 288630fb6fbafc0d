/**
 * What happens between two runs: flags, new mails, expunges, on the first side and through Dovecot or as it delivers.
 *
 * @module
 */
import { join } from "node:path";
import type { Account } from "../tests/interop/dovecot.ts";
import { bulkAccount } from "../tests/sample/bulk.ts";
import type { Bench } from "./job.ts";

/** Makes changes to a Maildir; `round` counts from 1. */
export type Change = (account: Account, round: number) => Promise<void>;

/** Nothing happens. */
export const noChange: Change = () => Promise.resolve();

const numbers = (round: number, count: number): string =>
  `${(round - 1) * count + 1}:${round * count}`;

/** So many mails of the INBOX are flagged, and no longer with the next round; by number, since mbsync changes UIDs. */
export const turnFlags = ({ dovecot }: Bench, count: number): Change => async (account, round) => {
  const verb = round % 2 === 1 ? "add" : "remove";
  const which = ["mailbox", "INBOX", `1:${count}`];
  await dovecot.quietly(account, ["flags", verb, "\\Flagged", ...which]);
};

/** So many mails are delivered into the INBOX. */
export const deliver =
  ({ dovecot, corpus }: Bench, count: number): Change => async ({ home }, round) => {
    const inbox = join(home, "Maildir", "new");
    const seed = corpus.seed + round;
    const { mailboxes } = bulkAccount({ seed, mails: count, mailboxes: 1, bytes: corpus.bytes });
    for (const { uid, received, bytes } of mailboxes[0]!.mails) {
      await Deno.writeFile(join(inbox, `${received}.M${uid}P${round}.new`), bytes());
    }
    await dovecot.machine.own(inbox);
  };

/** So many mails of the INBOX go. */
export const expunge = ({ dovecot }: Bench, count: number): Change => async (account, round) => {
  await dovecot.quietly(account, ["expunge", "mailbox", "INBOX", "uid", numbers(round, count)]);
};
