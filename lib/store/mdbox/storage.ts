/**
 * What all mailboxes of one mdbox share: the map, the files m.N, the journal.
 *
 * @module
 */
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import { failStream, StreamFailure } from "../../stream/chunks.ts";
import { type Modes, modesOf } from "../account/modes.ts";
import type { IndexFile } from "../index/index_file.ts";
import { Journal } from "./journal.ts";
import { type Layout, storageFile } from "./layout.ts";
import { highestMapUid } from "./mailbox_index.ts";
import { type Mapped, readMapUidValidity, StorageMap } from "./map.ts";
import { mapIsOlder, newerThanMap } from "./map_check.ts";
import { recover } from "./recover.ts";
import { StorageReader, type StoredRecord } from "./storage_reader.ts";

/** A mail out of the storage, with what the map says of it. */
export interface Found {
  /** Its record. */
  readonly stored: StoredRecord;
  /** Where it begins in its file. */
  readonly offset: number;
  /** How many mailbox entries name it. */
  readonly refcount: number;
}

/** The storage of one mdbox. Everything throws `StreamFailure<SyncError>`. */
export class Storage {
  /** The operating system. */
  readonly os: Os;
  /** Where things are. */
  readonly layout: Layout;
  /** What was begun and not yet ended. */
  readonly journal: Journal;
  /** Reads mails. */
  readonly reader: StorageReader;
  readonly #create: boolean;
  #map: StorageMap | null = null;
  #mapUidValidity: number | null = null;
  #writes = false;
  readonly #checked = new WeakSet<IndexFile>();
  /** Why the map may not know of all records, where that was asked. */
  #torn: SyncError | null = null;

  /** Opens nothing yet. `create`: whether a storage that is not there may be made. */
  constructor(os: Os, layout: Layout, create: boolean) {
    this.os = os;
    this.layout = layout;
    this.#create = create;
    this.journal = new Journal(os, layout);
    this.reader = new StorageReader(os, layout);
  }

  /** The map; null where there is none yet. */
  get map(): StorageMap | null {
    this.#map ??= StorageMap.open(this.os, this.layout);
    return this.#map;
  }

  /** UIDVALIDITY of the map, which need not be read whole for it; null where there is none yet. */
  get mapUidValidity(): number | null {
    if (this.#map !== null) return this.#map.uidValidity;
    this.#mapUidValidity ??= readMapUidValidity(this.os, this.layout);
    return this.#mapUidValidity;
  }

  /** Permissions of what is made: those of the root. */
  get modes(): Modes {
    return modesOf(this.os, this.layout.root);
  }

  /**
   * The map, for a writer: made with its storage where there is none. The first call also puts in order what writers
   * left that are dead.
   */
  async beginWriting(): Promise<StorageMap> {
    const map = this.map ?? this.#createMap();
    if (!this.#writes) {
      await recover(this, map);
      const torn = map.tornEnd();
      if (torn !== null) failStream(torn);
      const older = await map.withLock(() => mapIsOlder(this.os, this.layout, map));
      if (older !== null) failStream(older);
    }
    this.#writes = true;
    return map;
  }

  /** Throws where a mailbox whose mails shall change names mails that the map is yet to give. Each index is looked at once. */
  checkMailbox(map: StorageMap, index: IndexFile): void {
    if (this.#checked.has(index)) return;
    const highest = highestMapUid(index.view);
    // It may have been given since the map was read.
    if (highest >= map.uidNext) map.refresh();
    const error = newerThanMap(map, index.path, highest);
    if (error !== null) failStream(error);
    this.#checked.add(index);
  }

  /** What a map UID is; the map is read again when it does not know it. */
  find(mapUid: number): Mapped | null {
    const { map } = this;
    const known = map?.find(mapUid) ?? null;
    if (known !== null || map === null) return known;
    map.refresh();
    return map.find(mapUid);
  }

  /**
   * Reads a mail. A purge may move it at any time: when it is not where the map said, and the map says another place
   * now, it is read there. Throws `Damaged`.
   */
  read(mapUid: number): Found {
    let mapped = this.find(mapUid);
    for (let opened = false;;) {
      if (mapped === null) {
        return this.#unknown(mapUid);
      }
      const { record, refcount } = mapped;
      let failure: StreamFailure<unknown> | null = null;
      try {
        const stored = this.reader.read(record);
        if (stored !== null) return { stored, offset: record.offset, refcount };
      } catch (thrown) {
        if (!(thrown instanceof StreamFailure)) throw thrown;
        failure = thrown;
      }
      this.map?.refresh();
      mapped = this.map?.find(mapUid) ?? null;
      const moved = mapped?.record.fileId !== record.fileId ||
        mapped.record.offset !== record.offset || mapped.record.size !== record.size;
      if (moved) continue;
      if (failure !== null && !opened) {
        // A repair puts another file in the place of one that we may have open.
        this.reader.close();
        opened = true;
        continue;
      }
      if (failure !== null) throw failure;
      const path = storageFile(this.layout, record.fileId);
      failStream(syncError("Damaged", "message", { path }, "the file of the mail is gone"));
    }
  }

  #unknown(mapUid: number): never {
    // Waited for once: others may be unknown for the same reason.
    this.#torn ??= this.map?.tornEnd() ?? null;
    const { where = { path: this.layout.map }, what = "" } = this.#torn ?? {};
    const why = `the map does not know the map UID ${mapUid}${what && `: ${what}`}`;
    return failStream(syncError("Damaged", "message", where, why));
  }

  /** After a failure in the middle: the journal stays for the next writer, which may be this one. */
  leaveUnfinished(): void {
    this.journal.abandon();
    this.#writes = false;
  }

  /** Lets go of everything; what was begun and not ended is left to the journal. */
  close(): void {
    this.journal.close();
    this.reader.close();
    this.#map?.close();
    this.#map = null;
  }

  #createMap(): StorageMap {
    const { os, layout, modes } = this;
    if (!this.#create && os.files.stat(layout.storage) === null) {
      failStream(syncError("Missing", "store", { path: layout.storage }, "there is no mdbox"));
    }
    for (const path of [layout.root, layout.mailboxes, layout.storage, layout.map]) {
      os.disk.mkdir(path, modes.directory);
    }
    os.disk.syncDir(layout.root);
    this.#map = StorageMap.create(os, layout, modes.file);
    return this.#map;
  }
}
