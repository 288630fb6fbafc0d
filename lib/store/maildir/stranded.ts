/**
 * Mails that were on their way from tmp/ into a mailbox when a run was killed.
 *
 * A save is durable in tmp/, under the name that it shall have in cur/, before its line is in dovecot-uidlist, and goes
 * to cur/ after it. So a line without a file whose mail lies in tmp/ is a mail that has been saved: whoever opens the
 * mailbox next moves it on. Without a line it has not been saved. Neither way it comes twice.
 *
 * @module
 */
import { baseName } from "../../codec/maildir_name.ts";
import type { Uidlist } from "../../codec/maildir_uidlist.ts";
import type { Os } from "../../port/os.ts";
import type { MailFile } from "./listing.ts";
import { INCOMING_PREFIX } from "./incoming.ts";

/** The path in tmp/ of a mail that has its final name. */
export const stagedPath = (mailDirectory: string, file: MailFile): string =>
  `${mailDirectory}/tmp/${INCOMING_PREFIX}${file.name}`;

/** The files in tmp/ that lines without a file wait for. Lists tmp/ only where there is such a line. */
export const strandedMails = (
  os: Os,
  mailDirectory: string,
  uidlist: Uidlist | null,
  lost: ReadonlySet<string>,
  uidNextOfIndex: number,
): readonly MailFile[] => {
  // The index knows of no mail from its UIDNEXT on; one below it would reappear to Dovecot, which gives it a new UID.
  const waiting = new Set(
    [...lost].filter((name) => {
      const row = uidlist?.entries.rowOf(name) ?? -1;
      return row >= 0 && uidlist!.entries.uidAt(row) >= uidNextOfIndex;
    }),
  );
  if (waiting.size === 0) return [];
  return (os.files.list(`${mailDirectory}/tmp`) ?? [])
    .filter(({ kind, name }) => kind === "file" && name.startsWith(INCOMING_PREFIX))
    .map(({ name }): MailFile => ({ name: name.slice(INCOMING_PREFIX.length), isNew: false }))
    .filter(({ name }) => name.includes(":2,") && waiting.has(baseName(name)));
};
