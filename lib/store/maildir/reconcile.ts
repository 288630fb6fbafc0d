/**
 * What is to be written so that dovecot-uidlist and index say what the files of a Maildir say. Pure.
 *
 * @module
 */
import { setHeader } from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import type { LogRecord } from "../../codec/index_record.ts";
import type { IndexView } from "../../codec/index_view.ts";
import type { Uidlist, UidlistContent } from "../../codec/maildir_uidlist.ts";
import type { UidlistEntry } from "../../codec/maildir_uidlist_lines.ts";
import { type MailboxGuid, MAX_UID, type Uid } from "../../model/ids.ts";
import { addedMails, expungedMails, raisedCounters, turnedFlags, turnTo } from "./index_records.ts";
import type { MailTable } from "./mail_table.ts";
import type { Snapshot } from "./snapshot.ts";

/** Whether dovecot-uidlist has to be written again, or added to when files shall get UIDs. */
export const listLacks = ({ uidlist, merged }: Snapshot, giveUids: boolean): boolean => {
  const { unlisted, revenants } = merged.discord;
  if (!uidlist?.guid || uidlist.version !== 3 || uidlist.flaw !== null) return true;
  return giveUids && unlisted.length + revenants.length > 0;
};

/** Whether mails have no UID, or the mailbox no identity: without writing it cannot be shown. */
export const cannotBeShown = ({ uidlist, merged }: Snapshot): boolean => {
  const { unlisted, revenants } = merged.discord;
  return !uidlist?.guid || unlisted.length + revenants.length > 0;
};

/** Whether an index is not what the files say. */
export const indexLacks = ({ staleIndex, merged }: Snapshot): boolean => {
  const { unindexed, changed, expunged } = merged.discord;
  return staleIndex || unindexed.length + changed.length + expunged.length > 0;
};

/** How dovecot-uidlist comes to be in order. */
export interface ListChange {
  /** Lines to append, or null where the whole list is written. */
  readonly append: readonly UidlistEntry[] | null;
  /** The whole list. */
  readonly list: UidlistContent;
  /** The first UID that a file was given just now, or that it has in a list that is new; null: none. */
  readonly firstNewUid: number | null;
}

/** Identity for a mailbox that has none. */
export interface NewIdentity {
  /** UIDVALIDITY, asked for where no source has one. */
  readonly uidValidity: () => number;
  /** A GUID, asked for where there is none. */
  readonly guid: () => MailboxGuid;
}

/** Lines of a list that are kept, then others. */
const listOf = (
  uidlist: Uidlist | null,
  isKept: (entry: UidlistEntry) => boolean,
  added: readonly UidlistEntry[],
): Iterable<UidlistEntry> => ({
  *[Symbol.iterator]() {
    for (const entry of uidlist?.entries ?? []) if (isKept(entry)) yield entry;
    yield* added;
  },
});

/**
 * Brings dovecot-uidlist in order, and gives UIDs to files if that is wanted: those that come back under a UID that the
 * index calls expunged, then those that have none, as Dovecot orders them. null where the UIDs are at their end. A list
 * that is written as a whole drops the lines of files that are gone.
 */
export const reconcileList = (
  { uidlist, merged }: Snapshot,
  giveUids: boolean,
  identity: NewIdentity,
): ListChange | null => {
  const { unlisted, revenants } = merged.discord;
  const names = giveUids ? [...revenants.map(({ name }) => name), ...unlisted] : [];
  const first = merged.uidNext;
  if (first + names.length - 1 > MAX_UID) return null;
  const keysOf = new Map(revenants.map((entry) => [entry.name, entry.keys]));
  const added = names.map((name, i): UidlistEntry => ({
    uid: (first + i) as Uid,
    keys: keysOf.get(name) ?? "",
    name,
  }));
  const again = new Set(names);
  const isKept = ({ name }: UidlistEntry) => !again.has(name) && !merged.lost.has(name);
  const isSound = uidlist !== null && uidlist.version === 3 && uidlist.guid !== null &&
    uidlist.flaw === null;
  return {
    append: isSound && (!giveUids || revenants.length === 0) ? added : null,
    list: {
      uidValidity: uidlist?.uidValidity ?? identity.uidValidity(),
      uidNext: first + added.length,
      guid: uidlist?.guid ?? identity.guid(),
      otherKeys: uidlist?.otherKeys ?? "",
      entries: listOf(uidlist, isKept, added),
    },
    firstNewUid: added.length > 0 || uidlist === null ? first : null,
  };
};

/** The first \Recent UID: mails that lay in cur/ with a UID before we came have been seen by somebody. */
const recentFrom = (
  mails: MailTable,
  known: number,
  firstNewUid: number | null,
): number => {
  const seen = mails.findLast(({ uid, ending }) =>
    !ending.isNew && uid < (firstNewUid ?? Infinity)
  );
  return Math.max(known, (seen?.uid ?? 0) + 1);
};

/**
 * Records that tell an index what it does not know. Mails with UIDs from `firstNewUid` on have just been found, and so
 * are \Recent.
 */
export const reconcileIndex = (
  view: IndexView,
  { merged, uidlist }: Snapshot,
  firstNewUid: number | null,
): readonly LogRecord[] => {
  const { unindexed, changed, expunged } = merged.discord;
  const turns = changed.map((mail) => turnTo(view, view.rowOf(mail.uid), mail));
  const uidNext = Math.max(view.uidNext, unindexed.lastUid + 1);
  const firstRecentUid = recentFrom(unindexed, view.firstRecentUid, firstNewUid);
  return [
    ...(view.uidValidity === 0 && uidlist !== null
      ? [setHeader([[HEADER_AT.uidValidity, uidlist.uidValidity]])]
      : []),
    ...addedMails(unindexed),
    ...turnedFlags(turns),
    ...expungedMails(expunged),
    ...raisedCounters({ uidNext, firstRecentUid: view.firstRecentUid }, {
      uidNext: merged.uidNext,
      firstRecentUid,
    }),
  ];
};

/** The first content of an index for mails that are there; the list is in order. */
export const indexContent = (
  { merged, uidlist }: Snapshot,
  firstNewUid: number | null,
): readonly LogRecord[] => {
  const { mails } = merged;
  const uidNext = mails.lastUid + 1;
  return [
    setHeader([[HEADER_AT.uidValidity, uidlist!.uidValidity]]),
    ...addedMails(mails),
    ...raisedCounters({ uidNext, firstRecentUid: 1 }, {
      uidNext: merged.uidNext,
      firstRecentUid: recentFrom(mails, 1, firstNewUid),
    }),
  ];
};
