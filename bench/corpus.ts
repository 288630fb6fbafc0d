/**
 * The mail that speed is measured with: the same bytes on every machine, made by the generator of the tests.
 *
 * @module
 */
import { type Bulk, bulkAccount } from "../tests/sample/bulk.ts";
import { writeMaildir, type Written } from "../tests/sample/maildir.ts";
import { WORK, type WorkName } from "./names.ts";

/** A named amount of mail, and what is measured with it. */
export interface Corpus extends Bulk {
  /** For the table of results. */
  readonly name: string;
  /** What `deno task bench` measures, in ten minutes together. */
  readonly quick: readonly WorkName[];
  /** What `--long` measures besides: so that no target is left out, in an hour. */
  readonly long?: readonly WorkName[];
  /** What `deno task bench:full` measures. */
  readonly full: readonly WorkName[];
  /** What `--long` measures of dsync alone, as the others would take too long: its growth can be seen then. */
  readonly alone?: readonly WorkName[];
  /** What is measured with cold caches, too. */
  readonly cold: readonly WorkName[];
}

const EVERYTHING: readonly WorkName[] = Object.values(WORK).filter((work) => work !== WORK.startUp);
const FIRST: readonly WorkName[] = [WORK.toMdbox, WORK.toMaildir];
const AGAIN: readonly WorkName[] = [WORK.nothing, WORK.ten];
/** How its cost grows with the number of mails is shown. */
export const GROWING: readonly WorkName[] = [...FIRST, WORK.nothing];

const plain = (name: string, mails: number): Bulk & { readonly name: string } => ({
  name: `${name} mails`,
  seed: 1,
  mails,
  mailboxes: 4,
  bytes: 5_700,
});

/** A hundred mails: two small stores. */
export const TINY = plain("100", 100);
/** Where the curve begins. */
export const THOUSAND = plain("1,000", 1_000);
/** What growth is measured against. */
export const TEN_THOUSAND = plain("10,000", 10_000);
/** What most targets are for. */
export const HUNDRED_THOUSAND = plain("100,000", 100_000);
/** A large account. */
export const MILLION = plain("1,000,000", 1_000_000);
/** Small mails, for pipes. */
export const SMALL = {
  name: "20,000 mails of 4 kB",
  seed: 1,
  mails: 20_000,
  mailboxes: 10,
  bytes: 4_000,
};

/** What is measured: how cost grows with the number of mails, and what a mail, a byte and a mailbox cost. */
export const CORPORA: readonly Corpus[] = [
  {
    ...TINY,
    quick: [WORK.startUp, WORK.nothing, WORK.nothingOverPipe],
    full: [WORK.startUp, WORK.nothing, WORK.nothingOverPipe],
    cold: [WORK.startUp, WORK.nothing],
  },
  { ...THOUSAND, quick: GROWING, full: GROWING, cold: [] },
  { ...TEN_THOUSAND, quick: [...FIRST, ...AGAIN], full: EVERYTHING, cold: AGAIN },
  {
    ...SMALL,
    quick: [WORK.firstOverPipe, WORK.tenOverPipe],
    full: EVERYTHING,
    cold: [],
  },
  {
    name: "1 mailbox of 10,000 mails",
    seed: 4,
    mails: 10_000,
    mailboxes: 1,
    bytes: 5_700,
    quick: [],
    full: [...FIRST, ...AGAIN, WORK.fresh, WORK.expunged],
    cold: [],
  },
  {
    name: "300 mailboxes of 10 mails",
    seed: 3,
    mails: 3_000,
    mailboxes: 300,
    bytes: 2_000,
    quick: [WORK.nothing],
    full: EVERYTHING,
    cold: [],
  },
  {
    name: "500 mails of 1 MB",
    seed: 2,
    mails: 500,
    mailboxes: 5,
    bytes: 1_000_000,
    quick: [],
    full: EVERYTHING,
    cold: [],
  },
  {
    ...HUNDRED_THOUSAND,
    quick: [WORK.toMdbox, ...AGAIN],
    long: [WORK.toMaildir],
    full: EVERYTHING.filter((work) => work !== WORK.firstOverPipe),
    cold: [...FIRST, ...AGAIN],
  },
  {
    ...MILLION,
    quick: [],
    long: [WORK.toMdbox, WORK.nothing],
    alone: [WORK.toMaildir],
    full: [...FIRST, ...AGAIN],
    cold: [WORK.toMdbox, WORK.nothing],
  },
];

/** Writes a corpus as a Maildir++ into `root`, which must not exist. */
export const writeCorpus = (corpus: Corpus, root: string): Written =>
  writeMaildir(bulkAccount(corpus), root, { layout: "maildir++", dovecotFiles: "full" });
