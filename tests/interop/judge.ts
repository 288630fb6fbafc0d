/**
 * Trials that only a sound store stands: purge, force-resync.
 *
 * @module
 */
import { compareViews } from "./compare.ts";
import type { Account, Dovecot } from "./dovecot.ts";
import { type View, view, type ViewMail } from "./view.ts";

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
 * A view in which mails that share a GUID have no metadata of their own: a resync makes one record of all records with
 * one GUID and size (mdbox-storage-rebuild.c, rebuild_file_mails), so they all come to have those of one of them.
 */
const asResynced = (seen: View): View => {
  const times = new Map<string, number>();
  for (const box of seen.mailboxes.values()) {
    for (const { guid } of box.mails.values()) times.set(guid, (times.get(guid) ?? 0) + 1);
  }
  const alike = (mail: ViewMail): ViewMail =>
    times.get(mail.guid) === 1 ? mail : { ...mail, uidl: "", order: "", received: 0 };
  const mailboxes = [...seen.mailboxes].map(([name, box]) =>
    [name, {
      ...box,
      mails: new Map([...box.mails].map(([uid, mail]) => [uid, alike(mail)])),
    }] as const
  );
  return { ...seen, mailboxes: new Map(mailboxes) };
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
  const changed = compareViews(asResynced(before), asResynced(resync.after), {
    modSeq: "ignore",
  });
  const differences = [...resync.said, ...changed.map((line) => `after force-resync: ${line}`)];
  if (before.format !== "mdbox") return differences;
  const purge = await trial(dovecot, account, ["purge"], null);
  const moved = compareViews(before, purge.after);
  return [...differences, ...purge.said, ...moved.map((line) => `after purge: ${line}`)];
};
