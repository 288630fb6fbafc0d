/**
 * Trials that only a sound store stands: purge, force-resync.
 *
 * @module
 */
import { compareViews } from "./compare.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import { type View, view } from "./view.ts";

// Dovecot 2.3.19.1 says this of every mdbox that it resyncs, a healthy one too.
const RESYNC_ROUTINE = /rebuilding indexes|fscking index file .*dovecot\.map\.index/i;

const trial = async (
  dovecot: Dovecot,
  account: Account,
  args: readonly string[],
  routine: RegExp | null,
): Promise<{ readonly said: string[]; readonly after: View }> => {
  const copy = await dovecot.copy(account);
  const { code, stderr } = await dovecot.doveadm(copy, args);
  const said = stderr.split("\n").filter((line) => line !== "" && !(routine?.test(line) ?? false));
  if (code !== 0) said.push(`exit ${code}`);
  return { said: said.map((line) => `${args[0]}: ${line}`), after: await view(dovecot, copy) };
};

/**
 * Runs `doveadm purge` (mdbox: the check that the map and the m.N files agree to the byte) and `doveadm force-resync`
 * on copies. Gives what was said and what changed, in words; MODSEQs may change in the resync.
 */
export const trials = async (
  dovecot: Dovecot,
  account: Account,
  before: View,
): Promise<string[]> => {
  const resync = await trial(dovecot, account, ["force-resync", "*"], RESYNC_ROUTINE);
  const changed = compareViews(before, resync.after, { modSeq: "ignore" });
  const differences = [...resync.said, ...changed.map((line) => `after force-resync: ${line}`)];
  if (before.format !== "mdbox") return differences;
  const purge = await trial(dovecot, account, ["purge"], null);
  const moved = compareViews(before, purge.after);
  return [...differences, ...purge.said, ...moved.map((line) => `after purge: ${line}`)];
};
