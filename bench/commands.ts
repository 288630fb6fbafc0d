/**
 * The command lines that are measured.
 *
 * @module
 */
import { join } from "node:path";
import { absolute, type Account, type Dovecot } from "../tests/interop/dovecot.ts";
import type { Dsync } from "../tests/interop/dsync.ts";
import type { Measured } from "./measure.ts";

/** One way to do a piece of work: a fresh place or fresh changes, then a command that is measured. */
export interface Way {
  readonly name: string;
  readonly run: () => Promise<Measured>;
}

/** What every piece of work has at hand. */
export interface Bench {
  readonly dovecot: Dovecot;
  readonly dsync: Dsync;
  /** The mail. */
  readonly source: Account;
}

const locationOf = (account: Account): readonly string[] => [
  "-o",
  `mail_location=${absolute(account)}`,
];

const doveadmWords = (dovecot: Dovecot, account: Account): readonly string[] => [
  "-c",
  dovecot.config,
  ...locationOf(account),
];

/** doveadm on an account. */
export const doveadm = (
  dovecot: Dovecot,
  account: Account,
  args: readonly string[],
): Deno.Command =>
  dovecot.machine.command(
    "/usr/bin/doveadm",
    [...doveadmWords(dovecot, account), ...args],
    account,
  );

/** dsync from an account to the words of a second side. No configuration of the machine's own Dovecot is asked for. */
export const dsyncCommand = (
  dsync: Dsync,
  from: Account,
  verb: "mirror" | "backup",
  to: readonly string[],
): Deno.Command => dsync.command(["-c", "/dev/null", ...locationOf(from), verb, ...to], from.home);

/** The words of a dsync that serves an account. */
export const served = (dsync: Dsync, account: Account): readonly string[] => [
  "env",
  `DENO_DIR=${dsync.cache}`,
  dsync.program,
  ...dsync.args(["-c", "/dev/null", ...locationOf(account), "server"]),
];

/** The words of a doveadm that serves an account, as doveadm itself takes them: it adds "dsync-server". */
export const servedByDoveadm = (dovecot: Dovecot, account: Account): readonly string[] => [
  "/usr/bin/doveadm",
  ...doveadmWords(dovecot, account),
];

const MBSYNC = "/usr/bin/mbsync";

/** Whether there is an mbsync to compare with. */
export const hasMbsync = (): boolean => {
  try {
    return Deno.statSync(MBSYNC).isFile;
  } catch {
    return false;
  }
};

/** mbsync between two Maildirs, by a configuration that is written into the second one's home. */
export const mbsync = async (
  { machine }: Dovecot,
  from: Account,
  to: Account,
): Promise<Deno.Command> => {
  const config = join(to.home, "mbsyncrc");
  const store = (name: string, home: string): string =>
    `MaildirStore ${name}\nInbox ${home}/Maildir\nSubFolders Maildir++\n`;
  Deno.writeTextFileSync(
    config,
    `${store("one", from.home)}\n${store("two", to.home)}\nChannel all\nFar :one:\nNear :two:\n` +
      `Patterns *\nCreate Both\nExpunge Both\nSync All\nSyncState ${to.home}/state/\n`,
  );
  Deno.mkdirSync(join(to.home, "state"), { recursive: true });
  await machine.own(to.home);
  return machine.command(MBSYNC, ["-q", "-c", config, "all"], to);
};
