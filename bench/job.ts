/**
 * What a piece of work to be measured is, and what is at hand to make one.
 *
 * @module
 */
import { absolute, type Account, type Dovecot } from "../tests/interop/dovecot.ts";
import type { Dsync } from "../tests/interop/dsync.ts";
import { type CommandLine, dsyncCommand, served } from "./commands.ts";
import type { Corpus } from "./corpus.ts";
import type { Gauge } from "./gauge.ts";
import { measure, type Measured } from "./measure.ts";
import type { WorkName } from "./names.ts";

/** One way to do a piece of work: a fresh place or fresh changes, then a command that is measured by the gauge. */
export interface Way {
  readonly name: string;
  readonly run: (gauge: Gauge) => Promise<Measured>;
}

/** A piece of work. */
export interface Job {
  readonly name: WorkName;
  readonly ways: readonly Way[];
  /** Run after the last round: throws where the work was not done. */
  readonly check?: () => Promise<void>;
}

/** What every piece of work has at hand. */
export interface Bench {
  readonly dovecot: Dovecot;
  readonly dsync: Dsync;
  /** The mail. */
  readonly source: Account;
  /** What it was made of. */
  readonly corpus: Corpus;
}

/**
 * Removes an account that is not needed any more: a bench would fill the disk otherwise. Not a Maildir, which goes with
 * the machine: for some minutes ext4 gives no inode of a removed file away, but searches past all of them for each new
 * file, and the next runs would be measured with that (find_inode_bit, recently_deleted: fs/ext4/ialloc.c).
 */
export const removeAccount = async ({ home, location }: Account): Promise<void> => {
  if (!location.startsWith("maildir:")) await Deno.remove(home, { recursive: true });
};

/** Runs with an account that is made for it. */
export const within = async <A>(
  account: Account,
  run: (account: Account) => Promise<A>,
): Promise<A> => {
  try {
    return await run(account);
  } finally {
    await removeAccount(account);
  }
};

/** Preparation: dsync makes a second side equal to the first. */
export const fill = async (
  { dovecot, dsync }: Bench,
  one: Account,
  two: Account,
): Promise<void> => {
  await measure(dovecot.machine, dsyncCommand(dsync, one, "mirror", [absolute(two)]));
};

/** Preparation: Deno has compiled the program, at both ends of a pipe, and kept that. It does so once for a user. */
export const warmUp = async (
  { dovecot, dsync }: Pick<Bench, "dovecot" | "dsync">,
): Promise<void> => {
  // Of two sides one has to be there.
  const from = await dovecot.account("maildir:~/Maildir", (home) => {
    for (const one of ["cur", "new", "tmp"]) {
      Deno.mkdirSync(`${home}/Maildir/${one}`, { recursive: true });
    }
  });
  const to = await dovecot.account("mdbox:~/mdbox");
  for (const _ of ["compiled", "read again"]) {
    await measure(dovecot.machine, dsyncCommand(dsync, from, "mirror", served(dsync, to)));
  }
};

/** What Dovecot counts in an account: mails of each mailbox, and those that are flagged. */
const countsOf = async (dovecot: Dovecot, account: Account): Promise<string> => {
  const status = await dovecot.quietly(account, ["mailbox", "status", "messages", "*"]);
  const flagged = await dovecot.quietly(account, ["search", "mailbox", "*", "flagged"]);
  // A mailbox without mails may be a \NoSelect parent, which doveadm makes selectable under Maildir++.
  const counts = status.split("\n").filter((line) => !line.endsWith(" messages=0")).sort()
    .join(", ");
  return `${counts}, flagged: ${flagged.split("\n").length - 1}`;
};

/** A run that leaves the work half done is no measurement: throws where two sides have not the same mails or flags. */
export const mustBeEqual = async (
  dovecot: Dovecot,
  one: Account,
  two: Account,
): Promise<void> => {
  const [here, there] = [await countsOf(dovecot, one), await countsOf(dovecot, two)];
  if (here !== there) throw new Error(`the sides differ after it: ${here} | ${there}`);
};

/** A way that fills an empty account of `location`, removed after it. */
export const filling = (
  bench: Bench,
  name: string,
  from: Account,
  location: string,
  command: (to: Account) => CommandLine | Promise<CommandLine>,
): Way => ({
  name,
  run: async (gauge) =>
    await within(await bench.dovecot.account(location), async (to) => {
      const measured = await gauge(await command(to));
      await mustBeEqual(bench.dovecot, from, to);
      return measured;
    }),
});
