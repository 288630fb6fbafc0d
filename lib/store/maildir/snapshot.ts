/**
 * One look at all sources of a Maildir.
 *
 * @module
 */
import type { KeywordLetters } from "../../codec/maildir_keywords.ts";
import type { Uidlist } from "../../codec/maildir_uidlist.ts";
import type { SyncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import { type Stamp, stampOf } from "../account/stamp.ts";
import type { IndexFile } from "../index/index_file.ts";
import type { MailboxPaths } from "./layout.ts";
import { Listing, listMailFiles } from "./listing.ts";
import { type Merged, mergeMaildir, NOTHING_PENDING, type Pending, pendingOf } from "./merge.ts";
import { readKeywordLetters, readUidlist } from "./uidlist_file.ts";

/** What was read. */
export interface Snapshot {
  /** dovecot-uidlist, or null. */
  readonly uidlist: Uidlist | null;
  /** dovecot-keywords. */
  readonly letters: KeywordLetters;
  /** All of it together. */
  readonly merged: Merged;
  /** Whether the index belongs to another UIDVALIDITY than dovecot-uidlist and was passed over. */
  readonly staleIndex: boolean;
  /** What is no mail. */
  readonly problems: readonly SyncError[];
  /** How the files stood just before they were read. */
  readonly stamp: Stamp;
}

/** What every change of a mailbox touches; the index log tells its own changes. */
export const touchedPaths = ({ control, mail }: MailboxPaths): readonly string[] => [
  `${control}/dovecot-uidlist`,
  `${control}/dovecot-keywords`,
  `${mail}/cur`,
  `${mail}/new`,
];

const pendingIn = (index: IndexFile): Pending =>
  index.view.tailOffset >= index.view.position.offset
    ? NOTHING_PENDING
    : pendingOf(index.requests());

const isStale = (uidlist: Uidlist | null, index: IndexFile | null): boolean =>
  uidlist !== null && index !== null && index.view.uidValidity !== 0 &&
  index.view.uidValidity !== uidlist.uidValidity;

/**
 * Reads all sources: the index as it stands in memory, then dovecot-uidlist, then the directories, so that a mail that
 * is saved meanwhile looks new and one that is expunged meanwhile looks gone. Throws `StreamFailure`.
 */
export const takeSnapshot = (os: Os, paths: MailboxPaths, index: IndexFile | null): Snapshot => {
  const stamp = stampOf(os, touchedPaths(paths));
  const uidlist = readUidlist(os, paths.control);
  const letters = readKeywordLetters(os, paths.control);
  const staleIndex = isStale(uidlist, index);
  const pending = index === null ? NOTHING_PENDING : pendingIn(index);
  const merge = (listing: Listing): Merged =>
    mergeMaildir({
      uidlist,
      letters,
      files: listing,
      index: staleIndex ? null : index?.view ?? null,
      pending,
    });
  let listing = listMailFiles(os, paths.mail, new Listing(uidlist?.entries));
  let merged = merge(listing);
  // While another program renames files, one reading of a directory can miss some. A mail that is in either of two
  // counts as there; if it is gone indeed, whoever opens it will see.
  const seemsGone = index === null || staleIndex
    ? merged.lost.size > 0
    : merged.discord.expunged.length > 0;
  if (seemsGone) {
    listing = listing.with(listMailFiles(os, paths.mail, listing.again()));
    merged = merge(listing);
  }
  return { uidlist, letters, merged, staleIndex, problems: listing.problems, stamp };
};
