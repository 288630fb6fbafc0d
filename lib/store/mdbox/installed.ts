/**
 * Puts the index of a new mailbox, made out of sight, to where the mailbox shall be, and takes mailboxes away again.
 *
 * @module
 */
import type { MailboxIdentity } from "../../model/mailbox.ts";
import { setExtensionHeader } from "../../codec/index_build.ts";
import type { IndexView } from "../../codec/index_view.ts";
import { DONE, type LogRecord, SYNC_DONE } from "../../codec/index_record.ts";
import { syncError } from "../../model/error.ts";
import { failStream } from "../../stream/chunks.ts";
import type { IndexFile } from "../index/index_file.ts";
import { indexPaths } from "../index/log_file.ts";
import { syncUpTo } from "./hierarchy.ts";
import { sortedSet } from "./journal.ts";
import { MAILBOX_INDEX, type MailboxPaths } from "./layout.ts";
import { createMailboxIndex, mapUidsOf, openMailboxIndex } from "./mailbox_index.ts";
import { countReferences } from "./map.ts";
import { leaveStagingArea, newStagedPath, removeStaged } from "./staging.ts";
import type { Storage } from "./storage.ts";

/** How far the sequence of a log that takes another's place is above it: Dovecot may rotate the old one meanwhile. */
const SEQUENCE_GAP = 1000;

/**
 * Makes the index of an empty mailbox in the staging area and gives its directory. `old`: the index that it shall take
 * the place of, see createIndex.
 */
export const stageMailbox = async (
  storage: Storage,
  identity: MailboxIdentity,
  old: IndexFile | null,
): Promise<string> => {
  const { os, layout, journal, modes } = storage;
  const map = await storage.beginWriting();
  // Nothing of what is to be a new mailbox counts before it is in its place.
  const durable = old !== null;
  const path = newStagedPath(os, layout, journal, modes.directory, durable);
  os.disk.mkdir(path, modes.directory, durable);
  const after = old === null ? {} : {
    after: { indexId: old.view.indexId, fileSeq: old.view.position.seq + SEQUENCE_GAP },
  };
  createMailboxIndex(os, path, identity, map.uidValidity, { mode: modes.file, ...after }).close();
  return path;
};

/** Puts a staged index where there is no mailbox yet; durable when it returns. */
export const installNew = (storage: Storage, staged: string, paths: MailboxPaths): void => {
  const { os: { disk, files }, layout, modes } = storage;
  disk.mkdir(paths.directory, modes.directory);
  if (paths.index === paths.mails && files.stat(paths.mails) === null) {
    // The mailbox comes to be in one step, with its index in it.
    disk.rename(staged, paths.mails);
    leaveStagingArea(storage.os, layout);
  } else {
    disk.mkdir(paths.index, modes.directory);
    const log = indexPaths(paths.index, MAILBOX_INDEX).log;
    if (files.stat(log) !== null) {
      failStream(syncError("Changed", "mailbox", { path: log }, "the mailbox was made meanwhile"));
    }
    disk.rename(indexPaths(staged, MAILBOX_INDEX).log, log);
    disk.mkdir(paths.mails, modes.directory);
    disk.syncDir(paths.index);
    removeStaged(storage.os, layout, staged);
  }
  if (layout.indexMailboxes !== null) syncUpTo(storage.os, paths.index, layout.indexMailboxes);
  syncUpTo(storage.os, paths.directory, layout.mailboxes);
};

/**
 * Exchanges the index of a mailbox with a staged one, made to take its place. To a session that has the mailbox open
 * it was reset then, and it asks its client to log in again. The mails of the old one are let go. Throws `Changed`
 * where somebody else has put another index there.
 */
export const installOver = async (
  storage: Storage,
  staged: string,
  paths: MailboxPaths,
  old: IndexFile,
): Promise<void> => {
  const { os: { disk }, journal, layout } = storage;
  const map = await storage.beginWriting();
  storage.checkMailbox(map, old);
  const [live, next] = [indexPaths(paths.index, MAILBOX_INDEX), indexPaths(staged, MAILBOX_INDEX)];
  const { indexId, position } = old.view;
  await map.withLock(async (locked) => {
    const mapUids = await old.withLock((writer) => {
      if (
        writer.view.indexId !== indexId || writer.view.position.seq >= position.seq + SEQUENCE_GAP
      ) {
        const what = "somebody else has replaced the mailbox";
        failStream(syncError("Changed", "mailbox", { path: old.path }, what));
      }
      const named = mapUidsOf(writer.view);
      // From here on a crash leaves the old mailbox's refcounts too high.
      journal.suspects(sortedSet(named));
      journal.sync();
      disk.exchange(next.log, live.log);
      disk.syncDir(staged);
      disk.syncDir(paths.index);
      // The snapshot is of the old log; to the new one, which starts from nothing, it says nothing.
      for (const path of [live.index, live.oldLog, `${live.index}.backup`, `${live.index}.cache`]) {
        disk.unlink(path);
      }
      // Wakes sessions that watch the file.
      writer.append([{ _tag: "IndexDeleted" }], SYNC_DONE);
      return named;
    });
    removeStaged(storage.os, layout, staged);
    locked.release(countReferences(mapUids, 1));
  });
  journal.reset();
};

/** Takes away a staged mailbox with its mails; nobody else ever saw it. */
export const discardStaged = async (storage: Storage, staged: string): Promise<void> => {
  const { os, journal, layout } = storage;
  const index = openMailboxIndex(os, staged);
  const mapUids = index === null ? new Uint32Array() : mapUidsOf(index.view);
  index?.close();
  if (mapUids.length === 0) return removeStaged(os, layout, staged);
  const map = await storage.beginWriting();
  journal.suspects(sortedSet(mapUids));
  journal.sync();
  await map.withLock((locked) => {
    removeStaged(os, layout, staged);
    locked.release(countReferences(mapUids, 1));
  });
  journal.reset();
};

/**
 * Takes a mailbox away with its mails; its children stay. Gives whether its name is gone, too. `check` fails where it is
 * to stay after all: it sees the state under the lock.
 */
export const removeMailbox = async (
  storage: Storage,
  paths: MailboxPaths,
  index: IndexFile,
  check: (view: IndexView) => void,
): Promise<boolean> => {
  const { os, journal, layout, modes } = storage;
  const { disk } = os;
  const map = await storage.beginWriting();
  storage.checkMailbox(map, index);
  await map.withLock(async (locked) => {
    const staged = newStagedPath(os, layout, journal, modes.directory);
    const mapUids = await index.withLock((writer) => {
      check(writer.view);
      const named = mapUidsOf(writer.view);
      journal.suspects(sortedSet(named));
      journal.sync();
      if (layout.indexMailboxes === null) {
        disk.rename(paths.mails, staged);
        disk.syncDir(paths.directory);
      } else {
        // Without its directory of mails it is no mailbox any more, whatever is left of its index.
        disk.removeTree(paths.mails);
        disk.syncDir(paths.directory);
        removeIndexFiles(storage, paths.index);
      }
      writer.append([{ _tag: "IndexDeleted" }], SYNC_DONE);
      return named;
    });
    removeStaged(os, layout, staged);
    locked.release(countReferences(mapUids, 1));
  });
  journal.reset();
  if (layout.indexMailboxes !== null) disk.rmdir(paths.index);
  return disk.rmdir(paths.directory);
};

const removeIndexFiles = ({ os }: Storage, directory: string): void => {
  for (const { name, kind } of os.files.list(directory) ?? []) {
    if (kind === "file" && name.startsWith(MAILBOX_INDEX)) os.disk.unlink(`${directory}/${name}`);
  }
};

/** What Dovecot notes in a mailbox that was renamed. */
const renameStamp = (at: number): readonly LogRecord[] => {
  const stamp = new Uint8Array(4);
  new DataView(stamp.buffer).setUint32(0, at, true);
  const kind = { name: "last-rename-stamp", headerSize: 4, recordSize: 0, recordAlign: 4 };
  return setExtensionHeader(kind, stamp);
};

/** Moves a mailbox to another name that is free; its children stay. */
export const moveMailbox = async (
  storage: Storage,
  from: MailboxPaths,
  to: MailboxPaths,
  index: IndexFile,
): Promise<void> => {
  const { os: { disk, files }, layout, modes } = storage;
  await index.withLock((writer) => {
    writer.append(renameStamp(Math.floor(storage.os.now() / 1000)), DONE);
    disk.mkdir(to.directory, modes.directory);
    if (layout.indexMailboxes !== null) {
      disk.mkdir(to.index, modes.directory);
      for (const { name, kind } of files.list(from.index) ?? []) {
        if (kind !== "file" || !name.startsWith(MAILBOX_INDEX)) continue;
        disk.rename(`${from.index}/${name}`, `${to.index}/${name}`);
      }
      syncUpTo(storage.os, to.index, layout.indexMailboxes);
      disk.syncDir(from.index);
    }
    disk.rename(from.mails, to.mails);
    syncUpTo(storage.os, to.directory, layout.mailboxes);
    disk.syncDir(from.directory);
  });
  if (layout.indexMailboxes !== null) disk.rmdir(from.index);
  disk.rmdir(from.directory);
};
