/**
 * Puts in order what writers left that are dead, see journal.ts. All of it is done under the lock of the map, and each
 * step only where nothing else can be meant: a file is removed or cut only where the map knows nothing of it, and a
 * refcount is lowered only to the number of mailbox entries that were counted.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { decodeFileHeader, walkRecords } from "../../codec/mdbox_file.ts";
import type { MapRecord } from "../../codec/mdbox_index.ts";
import { attempt } from "../account/or_fail.ts";
import { allIndexDirectories } from "./hierarchy.ts";
import { removeDeadDraft } from "../index/index_create.ts";
import { ifThere } from "../account/if_there.ts";
import {
  type DeadJournal,
  deadJournals,
  inRanges,
  JOURNAL_PREFIX,
  NEW_FILE_PREFIX,
  type TempFile,
} from "./journal.ts";
import { fileIdOf, MAP_INDEX, storageFile } from "./layout.ts";
import { mapUidsOf, openMailboxIndex } from "./mailbox_index.ts";
import type { LockedMap, StorageMap } from "./map.ts";
import { leaveStagingArea, listStaged, removeStaged, type Staged } from "./staging.ts";
import type { Storage } from "./storage.ts";

/** The most that is read to find out what lies between two known records. */
const MAX_GAP = 16 << 20;

/** Recovers from all journals and staged mailboxes of dead owners. Costs two readings of directories when there are none. */
export const recover = async (storage: Storage, map: StorageMap): Promise<void> => {
  removeDeadDraft(storage.os, storage.layout.map, MAP_INDEX);
  const journals = deadJournals(storage.os, storage.layout);
  try {
    const isDead = ownerIsDead(storage, journals);
    const staged = listStaged(storage.os, storage.layout).filter(({ owner }) => isDead(owner));
    if (journals.length > 0 || staged.length > 0) {
      await map.withLock((locked) => new Recovery(storage, locked).run(journals, staged));
    }
    dropUnnumbered(storage, isDead);
    if (storage.os.files.stat(storage.layout.staging) !== null) {
      // Refused while another writer has something there.
      leaveStagingArea(storage.os, storage.layout);
    }
  } finally {
    for (const { leave } of journals) leave();
  }
};

const ownerIsDead = (
  { os, layout }: Storage,
  journals: readonly DeadJournal[],
): (owner: string) => boolean => {
  const dead = new Set(journals.map(({ id }) => id));
  return (owner) =>
    dead.has(owner) || os.files.stat(`${layout.storage}/${JOURNAL_PREFIX}${owner}`) === null;
};

/** New files that have no number are nobody's when their owner is dead: the journal may not even name them. */
const dropUnnumbered = ({ os, layout }: Storage, isDead: (owner: string) => boolean): void => {
  for (const { name } of os.files.list(layout.storage) ?? []) {
    if (!name.startsWith(NEW_FILE_PREFIX)) continue;
    const [owner = ""] = name.slice(NEW_FILE_PREFIX.length).split(".", 1);
    if (isDead(owner)) os.disk.unlink(`${layout.storage}/${name}`);
  }
};

class Recovery {
  readonly #storage: Storage;
  readonly #locked: LockedMap;
  readonly #suspects = new Set<number>();

  constructor(storage: Storage, locked: LockedMap) {
    this.#storage = storage;
    this.#locked = locked;
  }

  run(journals: readonly DeadJournal[], staged: readonly Staged[]): void {
    let done = true;
    for (const { unfinished: { temps, appends, suspects } } of journals) {
      for (const temp of temps) this.#dropNumbered(temp);
      for (const { fileId, oldSize } of appends) done = this.#cutBack(fileId, oldSize) && done;
      const isSuspect = inRanges(suspects);
      for (const [mapUid] of suspects.length > 0 ? this.#locked.map.records() : []) {
        if (isSuspect(mapUid)) this.#suspects.add(mapUid);
      }
    }
    for (const { path } of staged) this.#suspectStaged(path);
    done = attempt(() => this.#recount(staged), () => false) && done;
    // What could not be judged now is left for the next time.
    if (!done) return;
    for (const { path } of staged) removeStaged(this.#storage.os, this.#storage.layout, path);
    for (const { remove } of journals) remove();
  }

  /** A new file that was numbered: in the map or not. */
  #dropNumbered({ name, dev, ino }: TempFile): void {
    const { os, layout } = this.#storage;
    const isIt = (path: string) => {
      const info = os.files.stat(path);
      return info !== null && info.dev === dev && info.ino === ino;
    };
    if (isIt(`${layout.storage}/${name}`)) return;
    for (const entry of os.files.list(layout.storage) ?? []) {
      const fileId = fileIdOf(entry.name);
      const path = `${layout.storage}/${entry.name}`;
      if (fileId === null || !isIt(path)) continue;
      const known = this.#suspectFile(fileId, 0);
      if (known === null) os.disk.unlink(path);
    }
  }

  /** Suspects what the map has in a file from an offset on; gives the offset of the first of it, or null. */
  #suspectFile(fileId: number, from: number): number | null {
    let first: number | null = null;
    for (const [mapUid, { record }] of this.#locked.map.records()) {
      if (record.fileId !== fileId || record.offset < from) continue;
      this.#suspects.add(mapUid);
      first = Math.min(first ?? record.offset, record.offset);
    }
    return first;
  }

  /** Takes back an append that the map does not know of. False: the file is in use, another time. */
  #cutBack(fileId: number, oldSize: number): boolean {
    const { disk, files, locks } = this.#storage.os;
    const path = storageFile(this.#storage.layout, fileId);
    const known = this.#suspectFile(fileId, oldSize);
    if (known === oldSize) return true;
    const fd = ifThere(() => files.open(path, "r+"));
    if (fd === null) return true;
    const lock = locks.tryFlock(fd, path);
    try {
      const { size } = files.fstat(fd);
      if (size <= oldSize) return true;
      if (lock === null) return false;
      if (known !== null) {
        this.#adopt(fd, fileId, oldSize, known);
      } else {
        disk.truncate(fd, oldSize);
        disk.sync(fd);
      }
      return true;
    } finally {
      lock?.release();
      files.close(fd);
    }
  }

  /**
   * Another writer has built upon an append that was never ended. Its records, if they are whole, get into the map
   * with refcount 0, so that a purge finds the file to be as the map says.
   */
  #adopt(fd: number, fileId: number, from: number, to: number): void {
    const { files } = this.#storage.os;
    if (to - from > MAX_GAP) return;
    const start = new Uint8Array(512);
    const header = decodeFileHeader(start.subarray(0, files.read(fd, start, 0)));
    if (E.isLeft(header)) return;
    const gap = new Uint8Array(to - from);
    const { records, error } = walkRecords(
      header.right,
      gap.subarray(0, files.read(fd, gap, from)),
      from,
    );
    if (error !== null) return;
    const adopted = records.map(({ offset, size }): MapRecord => ({ fileId, offset, size }));
    this.#locked.add(adopted, adopted.map(() => 0), new Map());
  }

  #suspectStaged(path: string): void {
    for (const mapUid of this.#mapUidsIn(path) ?? []) this.#suspects.add(mapUid);
  }

  /** Lowers the refcounts of the suspects to the entries counted. False: they cannot be counted now. */
  #recount(dead: readonly Staged[]): boolean {
    if (this.#suspects.size === 0) return true;
    const { os, layout } = this.#storage;
    const before = allIndexDirectories(os, layout);
    const deadPaths = new Set(dead.map(({ path }) => path));
    const staged = listStaged(os, layout).map(({ path }) => path);
    const counted = new Map<number, number>();
    for (const path of [...before, ...staged.filter((one) => !deadPaths.has(one))]) {
      const mapUids = this.#mapUidsIn(path);
      if (mapUids === null) return false;
      for (const mapUid of mapUids) counted.set(mapUid, (counted.get(mapUid) ?? 0) + 1);
    }
    // A mailbox that was renamed meanwhile may not have been seen at all.
    const after = allIndexDirectories(os, layout);
    if (before.length !== after.length || before.some((path, i) => path !== after[i])) return false;
    const tooMany = new Map<number, number>();
    for (const mapUid of this.#suspects) {
      const refcount = this.#locked.map.find(mapUid)?.refcount ?? 0;
      const entries = counted.get(mapUid) ?? 0;
      if (refcount > entries) tooMany.set(mapUid, refcount - entries);
    }
    this.#locked.release(tooMany);
    return true;
  }

  /** The map UIDs of the index in a directory, none where there is no index; null: it cannot be read. */
  #mapUidsIn(path: string): Uint32Array | null {
    return attempt(() => {
      const index = openMailboxIndex(this.#storage.os, path);
      if (index === null) return new Uint32Array();
      try {
        return mapUidsOf(index.view);
      } finally {
        index.close();
      }
    }, () => null);
  }
}
