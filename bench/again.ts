/**
 * Two sides that were equal, changes on one of them, and a run that makes them equal again.
 *
 * @module
 */
import { absolute, type Account } from "../tests/interop/dovecot.ts";
import type { Change } from "./changes.ts";
import {
  type CommandLine,
  doveadm,
  dsyncCommand,
  mbsync,
  served,
  servedByDoveadm,
} from "./commands.ts";
import { type Bench, fill, mustBeEqual, removeAccount, type Way } from "./job.ts";
import { measure } from "./measure.ts";
import { WAY } from "./names.ts";

/** A tool that makes two accounts equal. */
export interface Tool {
  readonly name: string;
  /** Tools of one family work on one pair: what the others change they do not see. */
  readonly family: string;
  readonly command: (
    bench: Bench,
    one: Account,
    two: Account,
  ) => CommandLine | Promise<CommandLine>;
}

const DSYNC: Tool = {
  name: WAY.mirror,
  family: "dsync",
  command: ({ dsync }, one, two) => dsyncCommand(dsync, one, "mirror", [absolute(two)]),
};

const DOVEADM: Tool = {
  name: WAY.doveadmSync,
  family: "doveadm",
  command: ({ dovecot }, one, two) => doveadm(dovecot, one, ["sync", absolute(two)]),
};

/** Compares every mail, as dsync always does. */
const DOVEADM_FULL: Tool = {
  name: WAY.doveadmFullSync,
  family: "doveadm",
  command: ({ dovecot }, one, two) => doveadm(dovecot, one, ["sync", "-f", absolute(two)]),
};

const MBSYNC: Tool = {
  name: WAY.mbsync,
  family: "mbsync",
  command: ({ dovecot }, one, two) => mbsync(dovecot, one, two),
};

const PUSHING: Tool = {
  name: WAY.pushing,
  family: "dsync",
  command: ({ dsync }, one, two) => dsyncCommand(dsync, one, "mirror", served(dsync, two)),
};

const DOVEADM_PUSHING: Tool = {
  name: WAY.doveadmPushing,
  family: "doveadm",
  command: ({ dovecot }, one, two) =>
    doveadm(dovecot, one, ["sync", ...servedByDoveadm(dovecot, two)]),
};

const DOVEADM_PULLING: Tool = {
  name: WAY.doveadmPulling,
  family: "doveadm",
  command: ({ dovecot }, one, two) =>
    doveadm(dovecot, two, ["sync", ...servedByDoveadm(dovecot, one)]),
};

const TO_DOVEADM: Tool = {
  name: WAY.toDoveadm,
  family: "dsync to doveadm",
  command: ({ dovecot, dsync }, one, two) =>
    dsyncCommand(dsync, one, "mirror", [...servedByDoveadm(dovecot, two), "dsync-server"]),
};

/** In one process, or as doveadm does it. */
export const HERE: readonly Tool[] = [DSYNC, DOVEADM];
/** The same, and doveadm comparing everything. */
export const HERE_WITH_FULL: readonly Tool[] = [DSYNC, DOVEADM, DOVEADM_FULL];
/** Between two Maildirs. */
export const BETWEEN_MAILDIRS: readonly Tool[] = [DSYNC, MBSYNC, DOVEADM];
/** Over a pipe. */
export const OVER_PIPE: readonly Tool[] = [PUSHING, DOVEADM_PUSHING, DOVEADM_PULLING, TO_DOVEADM];

type Pair = readonly [Account, Account];

/** Pairs of equal sides, a copy of the source and a store of `location`; each is made when it is first asked for. */
export class Pairs {
  readonly #made = new Map<string, Pair>();

  constructor(readonly bench: Bench, readonly location: string) {}

  async of(tool: Tool): Promise<Pair> {
    const { dovecot, source } = this.bench;
    const made = this.#made.get(tool.family);
    if (made !== undefined) return made;
    const pair: Pair = [await dovecot.copy(source), await dovecot.account(this.location)];
    // mbsync takes mails that it has not copied itself for new ones, on both sides.
    if (tool === MBSYNC) await measure(dovecot.machine, await tool.command(this.bench, ...pair));
    else await fill(this.bench, ...pair);
    this.#made.set(tool.family, pair);
    return pair;
  }

  /** Throws where a pair is not equal. Not between runs: Dovecot looking at mailboxes is not nothing new. */
  async mustBeEqual(): Promise<void> {
    for (const pair of this.#made.values()) await mustBeEqual(this.bench.dovecot, ...pair);
  }

  /** Removes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const account of [...this.#made.values()].flat()) await removeAccount(account);
    this.#made.clear();
  }
}

/** What is done to the first side before each run, and the tools that bring it to the second. */
export const afterChanges = (
  pairs: Pairs,
  tools: readonly Tool[],
  change: Change,
): readonly Way[] => {
  const rounds = new Map<Pair, number>();
  return tools.map((tool): Way => ({
    name: tool.name,
    run: async (gauge) => {
      const pair = await pairs.of(tool);
      const round = (rounds.get(pair) ?? 0) + 1;
      rounds.set(pair, round);
      await change(pair[0], round);
      return await gauge(await tool.command(pairs.bench, ...pair));
    },
  }));
};
