/**
 * Whether a map is as old as the storage and the mailboxes that it is for. An older one, out of a backup or without what
 * a power cut took from its log, would give map UIDs again that mailboxes have for other mails.
 *
 * @module
 */
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import { attempt } from "../account/or_fail.ts";
import { allIndexDirectories } from "./hierarchy.ts";
import { JOURNAL_PREFIX } from "./journal.ts";
import { highestFileIdIn, type Layout, storageFile } from "./layout.ts";
import { highestMapUid, mdboxHeaderOf, openMailboxIndex } from "./mailbox_index.ts";
import { StorageMap } from "./map.ts";

const older = (path: string, why: string): SyncError => {
  const what = `the map is older than the storage: ${why} (doveadm force-resync rebuilds it)`;
  return syncError("Damaged", "store", { path }, what);
};

/** Why a mailbox cannot be of this map, as it is now; null: it can. `highest`: the highest map UID that it names. */
export const newerThanMap = (
  { uidNext }: StorageMap,
  path: string,
  highest: number,
): SyncError | null =>
  highest < uidNext ? null : older(
    path,
    `the mailbox names the map UID ${highest}, and the next to be given is ${uidNext}`,
  );

/** The highest map UID of the mailbox in a directory; 0: none, or of another map, or it cannot be read: others tell that. */
const highestIn = (os: Os, map: StorageMap, directory: string): number =>
  attempt(() => {
    const index = openMailboxIndex(os, directory);
    if (index === null) return 0;
    try {
      const { mapUidValidity } = mdboxHeaderOf(index.view, index.path);
      return mapUidValidity === map.uidValidity ? highestMapUid(index.view) : 0;
    } finally {
      index.close();
    }
  }, () => 0);

const newerMailbox = (os: Os, layout: Layout, map: StorageMap): SyncError | null => {
  for (const directory of allIndexDirectories(os, layout)) {
    const error = newerThanMap(map, directory, highestIn(os, map, directory));
    if (error !== null) return error;
  }
  return null;
};

/**
 * A file that the map has never heard of. Dovecot numbers a file before it tells the map: one of its processes that was
 * killed just then leaves one, too, and the next that comes to this number rebuilds the storage.
 */
const unknownFile = ({ files }: Os, layout: Layout, map: StorageMap): SyncError | null => {
  const highest = highestFileIdIn(files.list(layout.storage) ?? []);
  return highest <= map.highestFileId
    ? null
    : older(storageFile(layout, highest), `it knows no file beyond m.${map.highestFileId}`);
};

/** Whether the file to append to has more than the map knows: of a killed writer, or of records that the map has lost. */
const hasUnknownEnd = ({ files }: Os, layout: Layout, map: StorageMap): boolean => {
  const last = map.lastFileId();
  const end = last === null ? null : map.endOf(last);
  return end !== null && end < (files.stat(storageFile(layout, last!))?.size ?? 0);
};

/**
 * Why nothing may be written by a map; null: it may. Under its lock, after what killed runs have left was put in order.
 * Cost: a reading of the storage's directory; where something is odd, the indexes of all mailboxes.
 */
export const mapIsOlder = (os: Os, layout: Layout, map: StorageMap): SyncError | null =>
  unknownFile(os, layout, map) ??
    (hasUnknownEnd(os, layout, map) ? newerMailbox(os, layout, map) : null);

/**
 * The same for who only looks; null also where there is no map, or a run was killed, after which the next one puts things
 * in order. Cost: the indexes of all mailboxes. Throws `StreamFailure<SyncError>` where the map cannot be read.
 */
export const examineMap = (os: Os, layout: Layout): SyncError | null => {
  const names = (os.files.list(layout.storage) ?? []).map(({ name }) => name);
  if (names.some((name) => name.startsWith(JOURNAL_PREFIX))) return null;
  const map = StorageMap.open(os, layout);
  if (map === null) return null;
  try {
    return map.tornEnd() ?? unknownFile(os, layout, map) ?? newerMailbox(os, layout, map);
  } finally {
    map.close();
  }
};
