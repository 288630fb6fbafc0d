/**
 * First conversions: an empty store is filled, beside it in one process or over a pipe.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { absolute, type Account } from "../tests/interop/dovecot.ts";
import {
  type CommandLine,
  doveadm,
  dsyncCommand,
  mbsync,
  served,
  servedByDoveadm,
} from "./commands.ts";
import { type Bench, filling, type Way, within } from "./job.ts";
import { WAY } from "./names.ts";

const FLOOR = fileURLToPath(new URL("floor.ts", import.meta.url));

/** The floor as a command: what it has written is on the disk when it ends, as with the others. */
const floorCommand = (
  { dovecot, dsync }: Bench,
  home: string,
  args: readonly string[],
): CommandLine => {
  const program = join(dovecot.machine.root, "floor.ts");
  Deno.copyFileSync(FLOOR, program);
  const script = 'deno=$1 to=$2; shift 2; "$deno" run -A --no-config "$@" && sync -f "$to"';
  return {
    program: "/bin/sh",
    args: ["-c", script, "sh", dsync.program, home, program, ...args],
    home,
    env: dsync.env,
  };
};

const floor = (
  bench: Bench,
  name: string,
  location: string,
  words: (to: string) => readonly string[],
): Way => ({
  name,
  run: async (gauge) =>
    await within(
      await bench.dovecot.account(location),
      ({ home }) => gauge(floorCommand(bench, home, words(home))),
    ),
});

const converting = (bench: Bench, from: Account, location: string): readonly Way[] => [
  filling(
    bench,
    WAY.backup,
    from,
    location,
    (to) => dsyncCommand(bench.dsync, from, "backup", [absolute(to)]),
  ),
  // Pushing, it commits after every mail.
  filling(
    bench,
    WAY.doveadmBackup,
    from,
    location,
    (to) => doveadm(bench.dovecot, to, ["backup", "-R", absolute(from)]),
  ),
];

/** The Maildir becomes an mdbox. */
export const toMdbox = (bench: Bench): readonly Way[] => {
  const from = join(bench.source.home, "Maildir");
  return [
    ...converting(bench, bench.source, "mdbox:~/mdbox"),
    floor(bench, WAY.floorOne, "mdbox:~", (to) => ["gather", from, to, "1"]),
    floor(bench, WAY.floorMany, "mdbox:~", (to) => ["gather", from, to, "16"]),
  ];
};

/** The Maildir as the mdbox that Dovecot makes of it. */
export const mdboxOf = async ({ dovecot, source }: Bench): Promise<Account> => {
  const mdbox = await dovecot.account("mdbox:~/mdbox");
  await dovecot.quietly(mdbox, ["backup", "-R", absolute(source)]);
  return mdbox;
};

/** The mdbox becomes a Maildir. */
export const toMaildir = (bench: Bench, mdbox: Account): readonly Way[] => {
  const storage = join(mdbox.home, "mdbox", "storage");
  return [
    ...converting(bench, mdbox, "maildir:~/Maildir"),
    floor(
      bench,
      WAY.floorScatter,
      "maildir:~",
      (to) => ["scatter", storage, to, `${bench.corpus.mails}`],
    ),
  ];
};

/** The Maildir becomes another. */
export const betweenMaildirs = (bench: Bench): readonly Way[] => {
  const { dovecot, dsync, source } = bench;
  const location = "maildir:~/Maildir";
  return [
    filling(
      bench,
      WAY.mirror,
      source,
      location,
      (to) => dsyncCommand(dsync, source, "mirror", [absolute(to)]),
    ),
    {
      name: WAY.mbsync,
      // It renames the files of both sides.
      run: async (gauge) =>
        await within(
          await dovecot.copy(source),
          (from) =>
            filling(bench, WAY.mbsync, from, location, (to) => mbsync(dovecot, from, to))
              .run(gauge),
        ),
    },
  ];
};

/** The Maildir becomes an mdbox behind a pipe; and the same called from the other end. */
export const firstOverPipe = (bench: Bench): readonly Way[] => {
  const { dovecot, dsync, source } = bench;
  const into = (name: string, command: (to: Account) => CommandLine): Way =>
    filling(bench, name, source, "mdbox:~/mdbox", command);
  const byDoveadm = (account: Account) => servedByDoveadm(dovecot, account);
  const server = (account: Account) => [...byDoveadm(account), "dsync-server"];
  return [
    into(WAY.pushing, (to) => dsyncCommand(dsync, source, "mirror", served(dsync, to))),
    into(WAY.doveadmPushing, (to) => doveadm(dovecot, source, ["sync", ...byDoveadm(to)])),
    into(WAY.pulling, (to) => dsyncCommand(dsync, to, "mirror", served(dsync, source))),
    into(WAY.doveadmPulling, (to) => doveadm(dovecot, to, ["sync", ...byDoveadm(source)])),
    into(WAY.toDoveadm, (to) => dsyncCommand(dsync, source, "mirror", server(to))),
    into(WAY.fromDoveadm, (to) => dsyncCommand(dsync, to, "mirror", server(source))),
  ];
};
