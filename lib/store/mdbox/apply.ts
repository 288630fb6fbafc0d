/**
 * Carries out operations on one mailbox, in batches: gathers a batch, writing mails to the storage as they come, and has
 * it committed.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import { MAX_UID } from "../../model/ids.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import {
  type MailOperation,
  type Outcome,
  type SaveMail,
  withoutBytes,
} from "../../model/operation.ts";
import { targetUidOf } from "../../model/target_uid.ts";
import type { Chunks } from "../../stream/chunks.ts";
import type { IndexFile } from "../index/index_file.ts";
import { Commit } from "./commit.ts";
import type { MailboxPaths } from "./layout.ts";
import { type SharedMails, signatureOf } from "./shared_mails.ts";
import type { Storage } from "./storage.ts";
import { StorageWriter } from "./storage_writer.ts";
import type { WantedModSeqs } from "./wanted_modseqs.ts";

/** What changing a mailbox needs. */
export interface WritingContext {
  /** The storage. */
  readonly storage: Storage;
  /** The mailbox's name, for messages. */
  readonly name: MailboxName;
  /** Where the mailbox is, or will be. */
  readonly paths: MailboxPaths;
  /** Its index, followed by nobody else. */
  readonly index: IndexFile;
  /** Mails that can be shared. */
  readonly shared: SharedMails;
  /** MODSEQs that the index was not given yet. */
  readonly modSeqs: WantedModSeqs;
}

/** Where the bytes of a saved mail are. */
export type Source =
  /** A record of this batch. */
  | { readonly _tag: "New"; readonly record: number }
  /** A record that was there. */
  | { readonly _tag: "Shared"; readonly mapUid: number };

/** An operation of a batch. */
export interface Item {
  /** What is asked for. */
  readonly operation: MailOperation;
  /** Of a save: where its bytes are. */
  readonly source: Source | null;
  /** Why it is refused; null: it is not. */
  error: SyncError | null;
}

/** A batch is committed when it has so many operations or so many bytes of mails. */
const BATCH_ITEMS = 4096;
const BATCH_BYTES = 24 << 20;

/** Carries out operations; see `Mailbox.apply`. */
export const applyOperations = async function* (
  context: WritingContext,
  operations: Chunks<MailOperation, SyncError>,
): AsyncGenerator<readonly Outcome[]> {
  let batch = new Batch(context);
  try {
    for await (const chunk of operations) {
      for (const operation of chunk) {
        if (batch.isFull || batch.touches(operation)) {
          yield await batch.commit();
          batch = new Batch(context);
        }
        const adding = batch.add(operation);
        // Most mails need not be waited for, and a promise for each takes longer than all else here.
        if (adding !== null) await adding;
      }
    }
    if (!batch.isEmpty) yield await batch.commit();
  } finally {
    batch.abandon();
  }
};

/** The UIDs that an operation is about. */
const uidsOf = (operation: MailOperation): readonly number[] => {
  switch (operation._tag) {
    case "SaveMail":
      return [operation.copy.uid];
    case "RenumberMail":
      return [operation.uid, operation.newUid];
    case "UpdateFlags":
    case "Expunge":
      return [operation.uid];
    case "RaiseStatus":
      return [];
  }
};

class Batch {
  readonly #context: WritingContext;
  readonly #items: Item[] = [];
  readonly #touched = new Set<number>();
  readonly #records = new Map<string, number>();
  /** How many entries of the batch will name a record that was there. */
  readonly #planned = new Map<number, number>();
  #writer: StorageWriter | null = null;
  #uidNext: number;

  constructor(context: WritingContext) {
    this.#context = context;
    this.#uidNext = context.index.view.uidNext;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isFull(): boolean {
    return this.#items.length >= BATCH_ITEMS || (this.#writer?.bytes ?? 0) >= BATCH_BYTES;
  }

  /** Whether the batch has changed a mail of this operation already: a group of records says one thing of each. */
  touches(operation: MailOperation): boolean {
    if (operation._tag === "SaveMail") return this.#touched.has(operation.copy.uid);
    return uidsOf(operation).some((uid) => this.#touched.has(uid));
  }

  /** Takes an operation; null: it is done, else it is to be waited for before the next one. */
  add(operation: MailOperation): Promise<void> | null {
    const error = this.#checkUid(operation);
    if (error !== null) {
      this.#items.push({ operation, source: null, error });
      return null;
    }
    if (operation._tag !== "SaveMail") {
      for (const uid of uidsOf(operation)) this.#touched.add(uid);
      this.#items.push({ operation, source: null, error: null });
      return null;
    }
    this.#touched.add(operation.copy.uid);
    const source = this.#writer === null
      ? this.#begin().then((writer) => this.#store(operation, writer))
      : this.#store(operation, this.#writer);
    if (!(source instanceof Promise)) {
      this.#took(operation, source);
      return null;
    }
    return source.then((settled) => this.#took(operation, settled));
  }

  #took(save: SaveMail, source: E.Either<SyncError, Source>): void {
    const operation = withoutBytes(save);
    this.#items.push(
      E.isLeft(source)
        ? { operation, source: null, error: withPlace(source.left, this.#where(operation)) }
        : { operation, source: source.right, error: null },
    );
  }

  /** Commits all; of no use afterwards. */
  async commit(): Promise<readonly Outcome[]> {
    const writer = this.#writer;
    this.#writer = null;
    await new Commit(this.#context, this.#items, writer).run();
    return this.#items.map(({ operation, error }): Outcome =>
      error === null
        ? { _tag: "Done", operation }
        : { _tag: "Refused", operation, error: withPlace(error, this.#where(operation)) }
    );
  }

  /** Takes back what was written and not committed. */
  abandon(): void {
    if (this.#writer === null) return;
    this.#writer.abort();
    this.#writer = null;
    this.#context.storage.journal.reset();
  }

  #where(operation: MailOperation) {
    const [uid] = uidsOf(operation);
    const mailbox = this.#context.name;
    return uid === undefined ? { mailbox } : { mailbox, uid };
  }

  #checkUid(operation: MailOperation): SyncError | null {
    const uid = targetUidOf(operation);
    if (uid === null) return null;
    if (uid > MAX_UID) {
      const where = this.#where(operation);
      return syncError("Unfit", "message", where, `no mail can have the UID ${uid}`);
    }
    if (uid < this.#uidNext) {
      const what = `the UID is below ${this.#uidNext}, the next one that is free`;
      return syncError("Changed", "message", this.#where(operation), what);
    }
    this.#uidNext = uid + 1;
    return null;
  }

  async #begin(): Promise<StorageWriter> {
    const { storage } = this.#context;
    await storage.beginWriting();
    return new StorageWriter(storage.os, storage.layout, storage.journal);
  }

  #store(
    { mail }: SaveMail,
    writer: StorageWriter,
  ): E.Either<SyncError, Source> | Promise<E.Either<SyncError, Source>> {
    const signature = mail.copies > 1 ? signatureOf(mail) : null;
    if (signature !== null) {
      const record = this.#records.get(signature);
      if (record !== undefined) return E.right({ _tag: "New", record });
      const planned = (mapUid: number) => this.#planned.get(mapUid) ?? 0;
      const mapUid = this.#context.shared.find(mail, planned);
      if (mapUid !== null) {
        this.#planned.set(mapUid, planned(mapUid) + 1);
        return E.right({ _tag: "Shared", mapUid });
      }
    }
    this.#writer = writer;
    const { guid, receivedAt, pop3Uidl, pop3Order, size, body } = mail;
    const mailbox = this.#context.paths.stored;
    const stored = E.map((record: number): Source => {
      if (signature !== null) this.#records.set(signature, record);
      return { _tag: "New", record };
    });
    const added = writer.add({ guid, receivedAt, pop3Uidl, pop3Order, mailbox, size, body });
    return added instanceof Promise ? added.then(stored) : stored(added);
  }
}
