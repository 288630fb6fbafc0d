/**
 * The command lines that are measured.
 *
 * @module
 */
import { join } from "node:path";
import { absolute, type Account, type Dovecot } from "../tests/interop/dovecot.ts";
import type { Dsync } from "../tests/interop/dsync.ts";
import { FOR_BENCH, missing } from "../tests/interop/present.ts";

/** A process of the test user that is to be started. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  /** HOME. */
  readonly home: string;
  /** What else is in its environment. */
  readonly env?: Record<string, string>;
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
): CommandLine => ({
  program: "/usr/bin/doveadm",
  args: [...doveadmWords(dovecot, account), ...args],
  home: account.home,
});

/** dsync with these arguments. */
export const dsyncRun = (
  dsync: Dsync,
  args: readonly string[],
  home: string,
): CommandLine => ({
  program: dsync.program,
  args: dsync.args(["-c", "/dev/null", ...args]),
  home,
  env: dsync.env,
});

/** dsync from an account to the words of a second side. No configuration of the machine's own Dovecot is asked for. */
export const dsyncCommand = (
  dsync: Dsync,
  from: Account,
  verb: "mirror" | "backup",
  to: readonly string[],
): CommandLine => dsyncRun(dsync, [...locationOf(from), verb, ...to], from.home);

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
export const hasMbsync = (): boolean => !missing(FOR_BENCH).includes("isync");

/** mbsync between two Maildirs; its configuration and its memory are in the second one's home. */
export const mbsync = async (
  { machine }: Dovecot,
  from: Account,
  to: Account,
): Promise<CommandLine> => {
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
  return { program: MBSYNC, args: ["-q", "-c", config, "all"], home: to.home };
};
