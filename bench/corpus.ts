/**
 * The mail that speed is measured with: the same bytes on every machine, made by the generator of the tests.
 *
 * @module
 */
import { type Bulk, bulkAccount } from "../tests/sample/bulk.ts";
import { writeMaildir, type Written } from "../tests/sample/maildir.ts";

/** A named amount of mail. */
export interface Corpus extends Bulk {
  /** For the table of results. */
  readonly name: string;
  /** Whether only the full set has it. */
  readonly isLong?: boolean;
}

const plain = (name: string, mails: number): Corpus => ({
  name: `${name} mails of 5.7 kB`,
  seed: 1,
  mails,
  mailboxes: 4,
  bytes: 5_700,
});

/** What is measured: how cost grows with the number of mails, and what a mail, a byte and a mailbox cost. */
export const CORPORA: readonly Corpus[] = [
  plain("1,000", 1_000),
  plain("10,000", 10_000),
  plain("100,000", 100_000),
  { ...plain("1,000,000", 1_000_000), isLong: true },
  { name: "20,000 mails of 4 kB", seed: 1, mails: 20_000, mailboxes: 10, bytes: 4_000 },
  { name: "500 mails of 1 MB", seed: 2, mails: 500, mailboxes: 5, bytes: 1_000_000 },
  { name: "300 mailboxes of 10 mails", seed: 3, mails: 3_000, mailboxes: 300, bytes: 2_000 },
];

/** Writes a corpus as a Maildir++ into `root`, which must not exist. */
export const writeCorpus = (corpus: Corpus, root: string): Written =>
  writeMaildir(bulkAccount(corpus), root, { layout: "maildir++", dovecotFiles: "full" });
