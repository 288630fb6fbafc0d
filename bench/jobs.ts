/**
 * The pieces of work that are measured, each with the ways to do it.
 *
 * @module
 */
import { join } from "node:path";
import { absolute, type Account } from "../tests/interop/dovecot.ts";
import {
  type Bench,
  doveadm,
  dsyncCommand,
  hasMbsync,
  mbsync,
  served,
  servedByDoveadm,
  type Way,
} from "./commands.ts";
import { measure } from "./measure.ts";

/** A piece of work. */
export interface Job {
  readonly name: string;
  readonly ways: readonly Way[];
}

/** Runs with an account that is made for it, and removed: a bench would fill the disk otherwise. */
const within = async <A>(account: Account, run: (account: Account) => Promise<A>): Promise<A> => {
  try {
    return await run(account);
  } finally {
    await Deno.remove(account.home, { recursive: true });
  }
};

const plainCopy = ({ dovecot }: Bench, from: string): Way => ({
  name: "cp -r, sync (the floor)",
  run: async () => {
    const home = await dovecot.machine.directory("copy");
    const script = 'cp -r "$1" "$2" && sync -f "$2"';
    const args = ["-c", script, "sh", from, home];
    return await within(
      { home, location: "" },
      () => measure(dovecot.machine.command("/bin/sh", args, { home })),
    );
  },
});

/** First conversions into an empty store of `location`; doveadm by the better of its directions. */
const firstConversion = (
  bench: Bench,
  from: Account,
  location: string,
  directory: string,
): readonly Way[] => {
  const { dovecot, dsync } = bench;
  const into = async (command: (to: Account) => Deno.Command) =>
    await within(await dovecot.account(location), (to) => measure(command(to)));
  return [
    {
      name: "dsync backup",
      run: () => into((to) => dsyncCommand(dsync, from, "backup", [absolute(to)])),
    },
    {
      name: "doveadm backup -R",
      run: () => into((to) => doveadm(dovecot, to, ["backup", "-R", absolute(from)])),
    },
    plainCopy(bench, join(from.home, directory)),
  ];
};

/** A pair of equal sides for each tool, and what is done to the first of them before each run. */
const afterChanges = (
  { dovecot, dsync }: Bench,
  pairs: readonly (readonly [Account, Account])[],
  change: (account: Account, round: number) => Promise<void>,
): readonly Way[] => {
  const ways = [
    (one: Account, two: Account) => dsyncCommand(dsync, one, "mirror", [absolute(two)]),
    (one: Account, two: Account) => doveadm(dovecot, one, ["sync", absolute(two)]),
  ];
  return ["dsync mirror", "doveadm sync"].map((name, i): Way => {
    let round = 0;
    return {
      name,
      run: async () => {
        const [one, two] = pairs[i]!;
        await change(one, ++round);
        return await measure(ways[i]!(one, two));
      },
    };
  });
};

/** Flags of so many mails of the INBOX, turned with each round. */
const turnFlags =
  ({ dovecot }: Bench, count: number) => async (account: Account, round: number) => {
    const verb = round % 2 === 1 ? "add" : "remove";
    await dovecot.quietly(account, [
      "flags",
      verb,
      "\\Flagged",
      "mailbox",
      "INBOX",
      "uid",
      `1:${count}`,
    ]);
  };

/** So many new mails in the INBOX: copies of old ones. */
const copyMails =
  ({ dovecot }: Bench, count: number) => async (account: Account, round: number) => {
    const first = round * count + 1;
    const uids = `${first}:${first + count - 1}`;
    await dovecot.quietly(account, ["copy", "INBOX", "mailbox", "INBOX", "uid", uids]);
  };

/** So many mails of the INBOX gone. */
const expungeMails =
  ({ dovecot }: Bench, count: number) => async (account: Account, round: number) => {
    const first = round * count + 1;
    const uids = `${first}:${first + count - 1}`;
    await dovecot.quietly(account, ["expunge", "mailbox", "INBOX", "uid", uids]);
  };

const firstOverPipe = ({ dovecot, dsync, source }: Bench): readonly Way[] => {
  const into = async (command: (to: Account) => Deno.Command) =>
    await within(await dovecot.account("mdbox:~/mdbox"), (to) => measure(command(to)));
  const byDoveadm = (account: Account) => servedByDoveadm(dovecot, account);
  return [
    {
      name: "dsync, pushing",
      run: () => into((to) => dsyncCommand(dsync, source, "mirror", served(dsync, to))),
    },
    {
      name: "doveadm sync, pushing",
      run: () => into((to) => doveadm(dovecot, source, ["sync", ...byDoveadm(to)])),
    },
    {
      name: "dsync, pulling",
      run: () => into((to) => dsyncCommand(dsync, to, "mirror", served(dsync, source))),
    },
    {
      name: "doveadm sync, pulling",
      run: () => into((to) => doveadm(dovecot, to, ["sync", ...byDoveadm(source)])),
    },
    {
      name: "dsync to a doveadm server",
      run: () =>
        into((to) => dsyncCommand(dsync, source, "mirror", [...byDoveadm(to), "dsync-server"])),
    },
  ];
};

const maildirToMaildir = ({ dovecot, dsync, source }: Bench): readonly Way[] => {
  const into = async (command: (to: Account) => Deno.Command | Promise<Deno.Command>) =>
    await within(
      await dovecot.account("maildir:~/Maildir"),
      async (to) => await measure(await command(to)),
    );
  return [
    {
      name: "dsync mirror",
      run: () => into((to) => dsyncCommand(dsync, source, "mirror", [absolute(to)])),
    },
    {
      name: "mbsync",
      run: async () =>
        await within(
          await dovecot.copy(source),
          (from) => into((to) => mbsync(dovecot, from, to)),
        ),
    },
  ];
};

/** Copies of the source, with an equal mdbox each: what one tool changes the other does not see. */
const pairsOf = async (
  { dovecot, dsync, source }: Bench,
): Promise<readonly (readonly [Account, Account])[]> => {
  const pairs: (readonly [Account, Account])[] = [];
  for (const tool of ["dsync", "doveadm"]) {
    const [one, two] = [await dovecot.copy(source), await dovecot.account("mdbox:~/mdbox")];
    await measure(dsyncCommand(dsync, one, "mirror", [absolute(two)]));
    // Both have seen it before, as on any other day.
    if (tool === "doveadm") await measure(doveadm(dovecot, one, ["sync", absolute(two)]));
    await measure(dsyncCommand(dsync, one, "mirror", [absolute(two)]));
    pairs.push([one, two]);
  }
  return pairs;
};

/** All work on a corpus of so many mails, in order; each is prepared when it is asked for. */
export const jobsOf = async function* (
  bench: Bench,
  mails: number,
  isWanted: (name: string) => boolean,
): AsyncGenerator<Job> {
  const { dovecot, dsync, source } = bench;
  const job = async function* (name: string, ways: () => Promise<readonly Way[]> | readonly Way[]) {
    if (isWanted(name)) yield { name, ways: await ways() };
  };
  yield* job(
    "Maildir -> mdbox, first time",
    () => firstConversion(bench, source, "mdbox:~/mdbox", "Maildir"),
  );
  yield* job("mdbox -> Maildir, first time", async () => {
    const mdbox = await dovecot.account("mdbox:~/mdbox");
    await measure(dsyncCommand(dsync, source, "backup", [absolute(mdbox)]));
    return firstConversion(bench, mdbox, "maildir:~/Maildir", "mdbox");
  });
  if (hasMbsync()) yield* job("Maildir -> Maildir, first time", () => maildirToMaildir(bench));
  const pairs = await pairsOf(bench);
  const percent = Math.max(1, Math.round(mails / 100));
  const changes = (change: (account: Account, round: number) => Promise<void>) => () =>
    afterChanges(bench, pairs, change);
  yield* job("mirror, nothing new", changes(() => Promise.resolve()));
  yield* job("mirror, 10 changes", changes(turnFlags(bench, 10)));
  yield* job("mirror, 1 % flags", changes(turnFlags(bench, percent)));
  yield* job("mirror, 1 % new", changes(copyMails(bench, percent)));
  yield* job("mirror, 1 % expunged", changes(expungeMails(bench, percent)));
  yield* job("first mirror over a pipe", () => firstOverPipe(bench));
};
