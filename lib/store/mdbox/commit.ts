/**
 * Makes one batch true: bytes first, then the map, then the mailbox, each durable before the next.
 *
 * A crash at any point leaves bytes that the map does not know, or refcounts that are too high, never one that is too
 * low; the journal knows of both. Locks are taken in Dovecot's order: the file m.N, the map, the mailbox.
 *
 * @module
 */
import { guid128, sameGuid } from "../../codec/guid.ts";
import { SYNC_DONE } from "../../codec/index_record.ts";
import type { IndexView } from "../../codec/index_view.ts";
import { HAVE_POP3_ORDERS, HAVE_POP3_UIDLS, type MapRecord } from "../../codec/mdbox_index.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { compareKeyword, keywordsWithout } from "../../model/flags.ts";
import type { Guid } from "../../model/ids.ts";
import type {
  Expunge,
  RaiseStatus,
  RenumberMail,
  SaveMail,
  UpdateFlags,
} from "../../model/operation.ts";
import type { IndexWriter } from "../index/index_file.ts";
import type { Item, WritingContext } from "./apply.ts";
import { BatchRecords, RAISED } from "./batch_records.ts";
import { sortedSet } from "./journal.ts";
import { highestFileIdIn, storageFile } from "./layout.ts";
import {
  guidBytesOf,
  guidOf,
  identityRecords,
  mapUidOf,
  mdboxHeaderOf,
  savedAtOf,
} from "./mailbox_index.ts";
import { countReferences, type LockedMap, type References, type StorageMap } from "./map.ts";
import { hasRoom, signatureOf } from "./shared_mails.ts";
import type { Placement, StorageWriter, Target } from "./storage_writer.ts";

const NOTHING: Placement = { targets: [], records: [] };

const refusal = (what: string): SyncError => syncError("Changed", "message", {}, what);

/** Commits one batch; refusals are put into its items. */
export class Commit {
  readonly #context: WritingContext;
  readonly #items: readonly Item[];
  readonly #writer: StorageWriter | null;
  /** How many items name a record that was there. */
  readonly #shared: References;
  /** Whether what a failure leaves is for the journal to put in order, and not for the writer to take back. */
  #begun = false;

  /** `writer`: has the mails of the items, or null when there are none. */
  constructor(context: WritingContext, items: readonly Item[], writer: StorageWriter | null) {
    this.#context = context;
    this.#items = items;
    this.#writer = writer;
    this.#shared = countReferences(
      items.flatMap(({ source }) => source?._tag === "Shared" ? [source.mapUid] : []),
      1,
    );
  }

  /**
   * Does it all. Throws `StreamFailure<SyncError>` when nothing was changed, or when what was cannot be told.
   * `isLast`: nothing more is to come, so that MODSEQs that are still wanted are given.
   */
  async run(isLast: boolean = false): Promise<void> {
    const { storage, index } = this.#context;
    try {
      const needsMap = this.#items.some(({ operation: { _tag }, source }) =>
        source !== null || _tag === "Expunge"
      );
      if (needsMap) {
        const map = await storage.beginWriting();
        storage.checkMailbox(map, index);
        const placement = await this.#place(map);
        this.#tellSuspects();
        await map.withLock((locked) =>
          index.withLock((writer) => this.#commit(writer, locked, placement, isLast))
        );
      } else if (isLast || this.#items.some(({ error }) => error === null)) {
        await index.withLock((writer) => this.#commit(writer, null, NOTHING, isLast));
      }
    } catch (thrown) {
      if (this.#begun) {
        this.#writer?.release();
        storage.leaveUnfinished();
      } else {
        this.#writer?.abort();
        storage.journal.reset();
      }
      throw thrown;
    }
    this.#writer?.release();
    storage.journal.reset();
  }

  async #place(map: StorageMap): Promise<Placement> {
    if (this.#writer === null) return NOTHING;
    map.refresh();
    return await this.#writer.place(map.lastFileId(), (fileId) => {
      map.refresh();
      return map.endOf(fileId);
    });
  }

  /** Refcounts that a crash could leave too high. Those of new records are found by their files. */
  #tellSuspects(): void {
    const { storage: { journal }, index: { view } } = this.#context;
    const suspects: number[] = [];
    for (const { operation, source } of this.#items) {
      if (source?._tag === "Shared") suspects.push(source.mapUid);
      if (operation._tag !== "Expunge") continue;
      const row = view.rowOf(operation.uid);
      if (row >= 0) suspects.push(mapUidOf(view, row));
    }
    journal.suspects(sortedSet(suspects.filter((mapUid) => mapUid !== 0)));
    journal.sync();
  }

  /** Under the locks. */
  #commit(
    writer: IndexWriter,
    locked: LockedMap | null,
    placement: Placement,
    isLast: boolean,
  ): void {
    const { view } = writer;
    for (const item of this.#items) {
      item.error ??= this.#check(item, view, locked);
    }
    const items = this.#items.filter(({ error }) => error === null);
    const firstMapUid = locked === null ? 0 : this.#writeMap(locked, items, placement);
    const records = new BatchRecords();
    const expunged: number[] = [];
    let end: RaiseStatus | null = null;
    for (const item of items) {
      const { operation } = item;
      switch (operation._tag) {
        case "SaveMail":
          this.#save(records, item, operation, firstMapUid);
          break;
        case "RenumberMail":
          this.#renumber(records, operation, view);
          break;
        case "UpdateFlags":
          this.#update(records, operation, view);
          break;
        case "Expunge":
          expunged.push(this.#expunge(records, operation, view));
          break;
        case "RaiseStatus":
          end = operation;
          break;
      }
    }
    if (expunged.length > 0) this.#begun = true;
    this.#append(writer, locked, records, end, isLast);
    // Only now, so that no refcount is ever below what the mailboxes hold.
    locked?.release(countReferences(expunged.filter((mapUid) => mapUid !== 0), 1));
  }

  #check({ operation, source }: Item, view: IndexView, locked: LockedMap | null): SyncError | null {
    switch (operation._tag) {
      case "SaveMail": {
        if (operation.copy.uid < view.uidNext) return refusal("the UID was taken meanwhile");
        if (source?._tag !== "Shared") return null;
        // Several entries of this batch may share it.
        return hasRoom(
            locked?.map.find(source.mapUid) ?? null,
            this.#shared.get(source.mapUid) ?? 1,
          )
          ? null
          : refusal("the mail that was to be shared is gone");
      }
      case "RenumberMail":
        return operation.newUid < view.uidNext
          ? refusal("the UID was taken meanwhile")
          : this.#checkMail(operation, view);
      case "UpdateFlags":
        return this.#checkMail(operation, view);
      case "Expunge":
        // Done already is fine.
        return view.rowOf(operation.uid) < 0 ? null : this.#checkMail(operation, view);
      case "RaiseStatus":
        return null;
    }
  }

  #checkMail(
    { uid, guid }: { readonly uid: number; readonly guid: Guid },
    view: IndexView,
  ): SyncError | null {
    const row = view.rowOf(uid);
    if (row < 0) return refusal("the mail is gone");
    const known = guidOf(view, row);
    return known === null || sameGuid(known, guid)
      ? null
      : refusal("the UID belongs to another mail");
  }

  /** Numbers new files and puts all records and new references into the map. Gives the first new map UID. */
  #writeMap(locked: LockedMap, items: readonly Item[], placement: Placement): number {
    const refcounts = placement.records.map(() => 0);
    const shared: number[] = [];
    for (const { source } of items) {
      if (source?._tag === "New") refcounts[source.record]! += 1;
      else if (source?._tag === "Shared") shared.push(source.mapUid);
    }
    if (placement.records.length === 0 && shared.length === 0) return 0;
    this.#begun = true;
    const fileIds = this.#numberFiles(locked, placement.targets);
    // A record whose operation was refused is in the map all the same, for a purge to find what it expects.
    const records = placement.records.map(({ target, offset, size }): MapRecord => ({
      fileId: fileIds[target]!,
      offset,
      size,
    }));
    const first = locked.add(records, refcounts, countReferences(shared, 1));
    for (const { operation, source } of items) {
      if (source?._tag === "New" && operation._tag === "SaveMail" && operation.mail.copies > 1) {
        this.#context.shared.remember(signatureOf(operation.mail), first + source.record);
      }
    }
    return first;
  }

  #numberFiles(locked: LockedMap, targets: readonly Target[]): number[] {
    const { os, layout } = this.#context.storage;
    const fresh = targets.filter(({ fileId }) => fileId === null).length;
    if (fresh === 0) return targets.map(({ fileId }) => fileId!);
    const highest = highestFileIdIn(os.files.list(layout.storage) ?? []);
    let next = Math.max(highest, locked.map.highestFileId) + 1;
    // The number is taken before the file has it: Dovecot rebuilds everything when it finds m.N under its next number.
    locked.raiseHighestFileId(next + fresh - 1);
    const ids = targets.map(({ fileId, path }) => {
      if (fileId !== null) return fileId;
      os.disk.rename(path, storageFile(layout, next));
      return next++;
    });
    os.disk.syncDir(layout.storage);
    return ids;
  }

  #save(records: BatchRecords, { source }: Item, { copy, mail }: SaveMail, first: number): void {
    const { storage, modSeqs } = this.#context;
    const mapUid = source?._tag === "New" ? first + source.record : source!.mapUid;
    records.append({
      uid: copy.uid,
      flags: copy.from.flags,
      keywords: copy.from.keywords,
      mapUid,
      savedAt: mail.savedAt ?? Math.floor(storage.os.now() / 1000),
      guid: guid128(mail.guid),
      pop3: (mail.pop3Uidl === null ? 0 : HAVE_POP3_UIDLS) |
        (mail.pop3Order === null ? 0 : HAVE_POP3_ORDERS),
    });
    if (copy.keepModSeq) modSeqs.want(copy.uid, copy.from.modSeq);
  }

  #renumber(records: BatchRecords, { uid, newUid, modSeq }: RenumberMail, view: IndexView): void {
    const row = view.rowOf(uid);
    const guid = guidBytesOf(view, row)?.slice() ?? new Uint8Array(16);
    records.append({
      uid: newUid,
      flags: view.rawFlagsOf(row),
      keywords: view.keywordsOf(row),
      mapUid: mapUidOf(view, row),
      savedAt: savedAtOf(view, row),
      guid,
      pop3: mdboxHeaderOf(view, this.#context.index.path).flags,
    });
    records.expunge(uid, guid);
    if (modSeq !== null) this.#context.modSeqs.want(newUid, modSeq);
  }

  #update(records: BatchRecords, operation: UpdateFlags, view: IndexView): void {
    const { uid, add, remove, addKeywords, removeKeywords, modSeq } = operation;
    const row = view.rowOf(uid);
    const flags = view.flagsOf(row);
    const keywords = view.keywordsOf(row);
    const has = (name: string) => keywords.some((one) => compareKeyword(one, name) === 0);
    records.update(
      uid,
      add & ~flags,
      remove & ~add & flags,
      keywordsWithout(addKeywords, keywords),
      keywordsWithout(removeKeywords, addKeywords).filter(has),
    );
    if (modSeq !== null) this.#context.modSeqs.want(uid, modSeq);
  }

  /** Gives the map UID that loses an entry; 0: none does. */
  #expunge(records: BatchRecords, { uid }: Expunge, view: IndexView): number {
    const row = view.rowOf(uid);
    if (row < 0) return 0;
    records.expunge(uid, guidBytesOf(view, row)?.slice() ?? new Uint8Array(16));
    return mapUidOf(view, row);
  }

  #append(
    writer: IndexWriter,
    locked: LockedMap | null,
    records: BatchRecords,
    end: RaiseStatus | null,
    isLast: boolean,
  ): void {
    const { index, modSeqs } = this.#context;
    const { view } = writer;
    if (end !== null) {
      const uidNext = Math.max(view.uidNext, ...this.#newUids());
      if (end.uidNext > uidNext) records.setHeader(RAISED.uidNext, end.uidNext);
      const recent = Math.min(end.firstRecentUid, Math.max(uidNext, end.uidNext));
      if (recent > view.firstRecentUid) records.setHeader(RAISED.firstRecentUid, recent);
    }
    const header = mdboxHeaderOf(view, index.path);
    const before = records.records(header.flags);
    const uidValidity = locked?.map.uidValidity ?? header.mapUidValidity;
    // An empty mailbox may still name the map that was there before a rebuild.
    const identity =
      view.count === 0 && header.mapUidValidity !== uidValidity && header.guid !== null
        ? identityRecords(
          { guid: header.guid, uidValidity: view.uidValidity },
          uidValidity,
          header.flags,
        )
        : [];
    const group = modSeqs.complete(
      writer,
      [...identity, ...before],
      isLast || end !== null,
      end?.highestModSeq ?? null,
    );
    if (group.length === 0) return;
    writer.append(group, SYNC_DONE);
    writer.sync();
  }

  #newUids(): number[] {
    const last = this.#items.findLast(({ operation: { _tag }, error }) =>
      error === null && (_tag === "SaveMail" || _tag === "RenumberMail")
    )?.operation;
    return last?._tag === "SaveMail"
      ? [last.copy.uid + 1]
      : last?._tag === "RenumberMail"
      ? [last.newUid + 1]
      : [];
  }
}
