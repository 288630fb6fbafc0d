/**
 * The map of a storage: which record of which file m.N each map UID is, and how many mailbox entries name it.
 *
 * Its records are written external: they have happened, so no tail has to be moved behind them and a crash between two
 * writes never makes Dovecot rebuild the storage. What a crash can leave then, a refcount that is too high, is what the
 * journal is for. But each log needs a tail before the first of them: a Dovecot that has rotated the log, or had the one
 * before it open, takes the tail of the new one for 0 until a record says otherwise (log_file_track_sync), so nothing
 * external moves it on there, and at its next lock it finds an "Inconsistency in map index" and rebuilds the storage.
 *
 * @module
 */
import {
  addToExtension,
  appendMails,
  setExtensionHeader,
  setExtensionRecords,
  setHeader,
} from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import { DONE, type LogRecord } from "../../codec/index_record.ts";
import type { IndexView } from "../../codec/index_view.ts";
import {
  decodeMapHeader,
  decodeMapRecord,
  encodeMapHeader,
  encodeMapRecord,
  encodeRefcount,
  MAP,
  type MapRecord,
  REF,
} from "../../codec/mdbox_index.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import { failStream } from "../../stream/chunks.ts";
import { createIndex } from "../index/index_create.ts";
import {
  type IndexFile,
  type IndexWriter,
  openIndex,
  readIndexHeaders,
} from "../index/index_file.ts";
import { tornEnd } from "../index/torn_end.ts";
import { fileIdOf, type Layout, MAP_INDEX } from "./layout.ts";

/** Dovecot refuses to copy a mail from here on, far below what two bytes hold. */
export const MAX_REFCOUNT = 32767;

/** A stored mail as the map knows it. */
export interface Mapped {
  /** Where it is. */
  readonly record: MapRecord;
  /** How many mailbox entries name it; 0: waiting for a purge. */
  readonly refcount: number;
}

/** How much refcounts change: map UID to difference. */
export type References = ReadonlyMap<number, number>;

/** Counts map UIDs, `by` for each. */
export const countReferences = (mapUids: Iterable<number>, by: number): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const mapUid of mapUids) counts.set(mapUid, (counts.get(mapUid) ?? 0) + by);
  return counts;
};

const damaged = (path: string, what: string): SyncError =>
  syncError("Damaged", "store", { path }, what);

const mappedAt = (view: IndexView, row: number): Mapped | null => {
  const map = view.extension(MAP.name);
  const record = map === undefined ? null : decodeMapRecord(map.bytes(row), 0);
  return record === null ? null : { record, refcount: view.extension(REF.name)?.u16(row, 0) ?? 0 };
};

/** UIDVALIDITY of a map, of which only headers are read; null where there is none. Throws `StreamFailure<SyncError>`. */
export const readMapUidValidity = (os: Os, layout: Layout): number | null =>
  readIndexHeaders(os, layout.map, MAP_INDEX)?.view.uidValidity ?? null;

/** The map of one storage, as it was last read. Throws `StreamFailure<SyncError>`. */
export class StorageMap {
  readonly #os: Os;
  readonly #file: IndexFile;
  /** Sequence of the log that has a tail from us. */
  #tailIn = 0;

  private constructor(os: Os, file: IndexFile) {
    this.#os = os;
    this.#file = file;
  }

  /** Opens the map; null where there is none. */
  static open(os: Os, layout: Layout): StorageMap | null {
    const file = openIndex(os, layout.map, MAP_INDEX);
    return file === null ? null : new StorageMap(os, file);
  }

  /**
   * Makes the map of a storage that has no mails. Refused where there are files m.N: they would be lost to all
   * mailboxes, and only Dovecot's force-resync finds out what they are.
   */
  static create(os: Os, layout: Layout, mode: number): StorageMap {
    const files = os.files.list(layout.storage) ?? [];
    const found = files.find(({ name }) => fileIdOf(name) !== null);
    if (found !== undefined) {
      const path = `${layout.storage}/${found.name}`;
      failStream(damaged(path, "there are mails, but their map is gone (doveadm force-resync)"));
    }
    const file = createIndex(os, layout.map, MAP_INDEX, (appender) => {
      const uidValidity = Math.floor(os.now() / 1000);
      appender.append([
        setHeader([[HEADER_AT.uidValidity, uidValidity]]),
        ...setExtensionHeader(MAP, encodeMapHeader({ highestFileId: 0, rebuildCount: 0 })),
      ], DONE);
      // From a tail on, wherever it is, records that are external move it on by themselves.
      appender.appendTail();
    }, { mode });
    return new StorageMap(os, file);
  }

  /** UIDVALIDITY of the map: what each mailbox says its map UIDs belong to. */
  get uidValidity(): number {
    return this.#file.view.uidValidity;
  }

  /** The map UID that the next record gets. */
  get uidNext(): number {
    return this.#file.view.uidNext;
  }

  /** The highest N that a file m.N ever had. */
  get highestFileId(): number {
    const header = this.#file.view.extension(MAP.name)?.header ?? new Uint8Array();
    return decodeMapHeader(header).highestFileId;
  }

  /** Why it may not know of all records: the end of its log is lost. Null: it does. */
  tornEnd(): SyncError | null {
    const torn = tornEnd(this.#os, this.#file);
    return torn === null ? null : { ...torn, scope: "store" };
  }

  /** Reads what was added. */
  refresh(): void {
    this.#file.refresh();
  }

  /** What a map UID is; null where the map does not have it. */
  find(mapUid: number): Mapped | null {
    const { view } = this.#file;
    const row = view.rowOf(mapUid);
    return row < 0 ? null : mappedAt(view, row);
  }

  /** The file of the newest record: the one to append to; null where the map is empty. */
  lastFileId(): number | null {
    const { view } = this.#file;
    return view.count === 0 ? null : mappedAt(view, view.count - 1)?.record.fileId ?? null;
  }

  /** All records with their map UIDs, ascending. */
  *records(): Generator<readonly [mapUid: number, mapped: Mapped]> {
    const { view } = this.#file;
    for (let row = 0; row < view.count; row++) {
      const mapped = mappedAt(view, row);
      if (mapped !== null) yield [view.uidOf(row), mapped];
    }
  }

  /** Where the last known record of a file ends; null where none is known, or one of 4 GiB and more is in it. */
  endOf(fileId: number): number | null {
    const { view } = this.#file;
    const map = view.extension(MAP.name);
    let end = 0;
    for (let row = 0; map !== undefined && row < view.count; row++) {
      if (map.u32(row, 0) !== fileId) continue;
      const size = map.u32(row, 8);
      if (size === 0) return null;
      end = Math.max(end, map.u32(row, 4) + size);
    }
    return end === 0 ? null : end;
  }

  /** Gives `use` the map under its lock, read to its end. Taken before the lock of any mailbox. */
  withLock<A>(use: (map: LockedMap) => A | Promise<A>): Promise<A> {
    return this.#file.withLock((writer) => {
      const { view } = writer;
      // What is not external waits for its writer to say that all of it is done: a crash in the middle of it.
      if (view.tailOffset < view.position.offset) {
        const what = "a change of the map was never ended (doveadm force-resync)";
        failStream({ ...damaged(this.#file.path, what), _tag: "Unsafe" });
      }
      return use(new LockedMap(this, writer, (group) => this.#write(writer, group)));
    });
  }

  #write(writer: IndexWriter, group: readonly LogRecord[]): void {
    const { seq } = writer.position;
    if (this.#tailIn !== seq) writer.appendTail();
    this.#tailIn = seq;
    writer.append(group, DONE);
    writer.sync();
  }

  /** Closes the files. */
  close(): void {
    this.#file.close();
  }
}

/** The map while this process has its lock. */
export class LockedMap {
  /** The map, as it is now. */
  readonly map: StorageMap;
  readonly #writer: IndexWriter;
  readonly #write: (group: readonly LogRecord[]) => void;

  /** For {@linkcode StorageMap.withLock}. `write` appends a group of records and makes it durable. */
  constructor(
    map: StorageMap,
    writer: IndexWriter,
    write: (group: readonly LogRecord[]) => void,
  ) {
    this.map = map;
    this.#writer = writer;
    this.#write = write;
  }

  /** Notes that numbers up to this one are taken; durable when it returns. */
  raiseHighestFileId(fileId: number): void {
    const data = encodeMapHeader({ highestFileId: fileId, rebuildCount: 0 }).subarray(0, 4);
    this.#write(setExtensionHeader(MAP, data));
  }

  /**
   * Adds records with these refcounts, and references to records that are there, in one step; durable when it
   * returns. Gives the map UID of the first new record, the others follow it.
   */
  add(records: readonly MapRecord[], refcounts: readonly number[], more: References): number {
    const first = this.#writer.view.uidNext;
    const group: LogRecord[] = [];
    if (records.length > 0) {
      const uids = Uint32Array.from(records, (_, i) => first + i);
      const places = new Uint8Array(MAP.recordSize * records.length);
      records.forEach((record, i) => encodeMapRecord(places, i * MAP.recordSize, record));
      const counts = new Uint8Array(REF.recordSize * records.length);
      refcounts.forEach((count, i) => encodeRefcount(counts, i * REF.recordSize, count));
      group.push(
        appendMails(uids, new Uint8Array(uids.length)),
        ...setExtensionRecords(MAP, uids, places),
        ...setExtensionRecords(REF, uids, counts),
      );
    }
    group.push(...changeReferences(more));
    if (group.length > 0) this.#write(group);
    return first;
  }

  /**
   * Takes references away; durable when it returns. Map UIDs that are gone are passed over, and no refcount goes below
   * 0: another's count must not make ours fail.
   */
  release(references: References): void {
    const possible = new Map<number, number>();
    for (const [mapUid, count] of references) {
      const there = this.map.find(mapUid)?.refcount ?? 0;
      const less = Math.min(count, there);
      if (less > 0) possible.set(mapUid, -less);
    }
    const group = changeReferences(possible);
    if (group.length > 0) this.#write(group);
  }
}

const changeReferences = (references: References): readonly LogRecord[] => {
  if (references.size === 0) return [];
  const mapUids = Uint32Array.from(references.keys()).sort();
  return addToExtension(REF, mapUids, Int32Array.from(mapUids, (one) => references.get(one)!));
};
