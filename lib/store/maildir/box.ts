/**
 * One Maildir on disk: opened, brought in order, locked.
 *
 * @module
 */
import { formatHex } from "../../codec/guid.ts";
import { setHeader } from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import { DONE } from "../../codec/index_record.ts";
import type { KeywordLetters } from "../../codec/maildir_keywords.ts";
import type { Uidlist } from "../../codec/maildir_uidlist.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { type MailboxGuid, mailboxGuid } from "../../model/ids.ts";
import type { MailboxIdentity, MailboxName } from "../../model/mailbox.ts";
import type { Held, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { attempt, thrownError } from "../account/or_fail.ts";
import { stampOf } from "../account/stamp.ts";
import { raiseUidValidity, takeUidValidity } from "../account/uid_validity_counter.ts";
import { createIndex, removeDeadDraft } from "../index/index_create.ts";
import {
  type IndexAppender,
  type IndexFile,
  type IndexWriter,
  openIndex,
} from "../index/index_file.ts";
import { tornEnd } from "../index/torn_end.ts";
import { inMailbox } from "./in_mailbox.ts";
import type { MailboxPaths } from "./layout.ts";
import { makeMailDirectories } from "./mail_directories.ts";
import { type MailFile, pathOf } from "./listing.ts";
import {
  cannotBeShown,
  indexContent,
  indexLacks,
  listLacks,
  reconcileIndex,
  reconcileList,
} from "./reconcile.ts";
import { isStill, type Look, lookAt } from "./look.ts";
import { type Snapshot, takeSnapshot, touchedPaths } from "./snapshot.ts";
import { stagedPath, strandedMails } from "./stranded.ts";
import {
  appendUidlist,
  lockUidlist,
  readUidlist,
  writeKeywordLetters,
  writeUidlist,
} from "./uidlist_file.ts";

/** The base of a mailbox's index files. */
export const INDEX_BASE = "dovecot.index";

/** Id and sequence of a log by which a new index takes the place of another. */
export type IndexAfter = { readonly indexId: number; readonly fileSeq: number };

/** How far ahead of the old log's sequence that of a new index begins: Dovecot may turn its log over meanwhile. */
const SEQUENCE_AHEAD = 100;

/** Id and sequence for an index that shall take the place of this one: sessions see it as the old one, reset. */
export const afterIndex = ({ view }: IndexFile): IndexAfter => ({
  indexId: view.indexId,
  fileSeq: view.position.seq + SEQUENCE_AHEAD,
});

/** What a box needs to know besides its place. */
export interface BoxOptions {
  /** For errors. */
  readonly name: MailboxName;
  /** Where its parts lie. */
  readonly paths: MailboxPaths;
  /** The account's control directory, with the UIDVALIDITY counter. */
  readonly controlRoot: string;
  /** The index whose place a new one shall be able to take. */
  readonly indexAfter?: IndexAfter;
  /** The identity that it gets if it has none; null: a new one. */
  readonly identity?: MailboxIdentity | null;
  /** An earlier look, which counts again where nothing has changed since. */
  readonly lastLook?: Look | null;
}

/** What was done under the locks, and how the mailbox stands there. */
export interface Locked {
  /** The index's writer; null while there is no index. */
  readonly writer: IndexWriter | null;
  /** Shows that the owner of the locks still works. */
  readonly touch: () => void;
}

/** A Maildir that is open. */
export class MaildirBox {
  readonly os: Os;
  readonly name: MailboxName;
  readonly paths: MailboxPaths;
  readonly #options: BoxOptions;
  #index: IndexFile | null = null;
  /** Why the index cannot be read. The mails can. */
  #indexError: SyncError | null = null;
  /** Why it may be an older one than it was: flags and MODSEQs may be, which mails there are the files say. */
  readonly #tornEnd: SyncError | null;
  #snapshot: Snapshot;
  #letters: KeywordLetters;
  #stamp = "";
  /** What it held when it was opened. */
  readonly firstLook: Look;

  private constructor(os: Os, options: BoxOptions) {
    this.os = os;
    this.name = options.name;
    this.paths = options.paths;
    this.#options = options;
    this.#openIndex();
    // Before the look, which has to be of what the index shows: this may read on.
    this.#tornEnd = this.#index === null ? null : tornEnd(os, this.#index);
    const last = options.lastLook ?? null;
    this.#snapshot = last !== null && isStill(os, this.paths, last, this.#index)
      ? last.snapshot
      : this.#look();
    this.#stamp = this.#snapshot.stamp.text;
    this.#letters = this.#snapshot.letters;
    this.firstLook = lookAt(this.#snapshot, this.#index);
  }

  /**
   * Opens a mailbox. Files without a UID get one, and a mailbox without identity an identity; otherwise nothing is
   * written, and what the index does not know is told to it by whoever writes next. Throws `StreamFailure`; with `Damaged`
   * for a broken dovecot-uidlist, which stays as it is.
   */
  static async open(os: Os, options: BoxOptions): Promise<MaildirBox> {
    return await inMailbox(options.name, async () => {
      const box = new MaildirBox(os, options);
      let opened = false;
      try {
        await box.#settle();
        opened = true;
        return box;
      } finally {
        if (!opened) box.close();
      }
    });
  }

  /** The state as last read; another object whenever somebody else has changed the mailbox. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** The keywords that have letters. */
  get letters(): KeywordLetters {
    return this.#letters;
  }

  /** dovecot-uidlist, which every open mailbox has. */
  get uidlist(): Uidlist {
    return this.#snapshot.uidlist!;
  }

  /** The index, or null. */
  get index(): IndexFile | null {
    return this.#index;
  }

  /** What could not be read, though the mails can. */
  get problems(): readonly SyncError[] {
    const ofIndex = [this.#indexError, this.#tornEnd].filter((error) => error !== null);
    return [...this.#snapshot.problems, ...ofIndex];
  }

  /** Lets go of the files. */
  close(): void {
    this.#index?.close();
    this.#index = null;
  }

  #openIndex(): void {
    this.#indexError = null;
    this.#index = attempt(
      () => openIndex(this.os, this.paths.index, INDEX_BASE),
      (error) => {
        this.#indexError = { ...error, scope: "mailbox" };
        return null;
      },
    );
  }

  #look(): Snapshot {
    const snapshot = takeSnapshot(this.os, this.paths, this.#index);
    this.#stamp = snapshot.stamp.text;
    this.#letters = snapshot.letters;
    return snapshot;
  }

  /**
   * Gives `use` the locks: dovecot-uidlist.lock, then that of the index log. Inside, the state is that of this moment
   * and everything in it is in the index; files without a UID are left alone.
   */
  async withLocks<A>(use: (locked: Locked) => A): Promise<A> {
    return await inMailbox(this.name, () =>
      this.#withBothLocks((locked) => {
        if (this.#stampNow() !== this.#stamp || locked.changed) this.#snapshot = this.#look();
        // What the index lacked when the mailbox was opened has not been written yet.
        this.#writeDown(locked.writer, false);
        if (this.#indexError !== null) throw new StreamFailure(this.#indexError);
        try {
          return use(locked);
        } finally {
          this.#stamp = this.#stampNow();
        }
      }));
  }

  /** Whoever takes the locks next does not rely on what was read. */
  lookAgain(): void {
    this.#stamp = "";
  }

  /** Makes the index that is missing; `fill` appends what belongs into it. The caller holds the locks. */
  createIndex(
    fill: (appender: IndexAppender) => void,
    initialModSeq: 0n | 1n = 1n,
    after: IndexAfter | undefined = this.#options.indexAfter,
  ): void {
    const { os, paths } = this;
    const modes = modesOf(os, paths.mail);
    os.disk.mkdir(paths.index, modes.directory);
    this.#index = createIndex(os, paths.index, INDEX_BASE, fill, {
      mode: modes.file,
      initialModSeq,
      ...(after === undefined ? {} : { after }),
    });
  }

  #stampNow(): string {
    return stampOf(this.os, touchedPaths(this.paths)).text;
  }

  async #withBothLocks<A>(use: (locked: Locked & { readonly changed: boolean }) => A): Promise<A> {
    const held: Held = await lockUidlist(this.os, this.paths.control);
    try {
      removeDeadDraft(this.os, this.paths.index, INDEX_BASE);
      // Somebody may have made the index since.
      const made = this.#index === null && this.#indexError === null;
      if (made) this.#openIndex();
      if (this.#index === null) {
        return use({ writer: null, touch: held.touch, changed: false });
      }
      const { offset, seq } = this.#index.view.position;
      return await this.#index.withLock((writer) => {
        const moved = writer.position.offset !== offset || writer.position.seq !== seq;
        const touch = () => {
          held.touch();
          writer.touch();
        };
        return use({ writer, touch, changed: made || moved });
      });
    } finally {
      held.release();
    }
  }

  /** Gives UIDs to files that have none, and ends the saves of a killed run. All else can wait for who writes. */
  async #settle(): Promise<void> {
    const mustWrite = cannotBeShown(this.#snapshot);
    if (!mustWrite && this.#stranded.length === 0) return;
    if (this.#indexError !== null) {
      // Without the index nobody knows which UIDs have been used.
      if (mustWrite) throw new StreamFailure(this.#indexError);
      return;
    }
    try {
      await this.#withBothLocks(({ writer }) => {
        this.#snapshot = this.#look();
        this.#moveStranded();
        this.#writeDown(writer, true);
      });
    } catch (thrown) {
      // What may only be read is shown as it is, if it can be.
      if (thrownError(thrown)._tag !== "Denied" || cannotBeShown(this.#snapshot)) throw thrown;
    }
  }

  get #stranded(): readonly MailFile[] {
    const { uidlist, merged: { lost } } = this.#snapshot;
    const uidNext = this.#index?.view.uidNext ?? 1;
    return strandedMails(this.os, this.paths.mail, uidlist, lost, uidNext);
  }

  #moveStranded(): void {
    const stranded = this.#stranded;
    if (stranded.length === 0) return;
    const { mail } = this.paths;
    for (const file of stranded) this.os.disk.renameNew(stagedPath(mail, file), pathOf(mail, file));
    this.os.disk.syncDir(`${mail}/cur`);
    this.#snapshot = this.#look();
  }

  /** Writes down what the sources do not agree on. The caller holds the locks. */
  #writeDown(writer: IndexWriter | null, giveUids: boolean): void {
    const { merged: { discord: { letters } }, staleIndex, uidlist } = this.#snapshot;
    const listed = !listLacks(this.#snapshot, giveUids);
    // Dovecot makes the index of a new mailbox without UIDVALIDITY, and then no mail can be in it.
    const indexed = this.#index === null ||
      (this.#index.view.uidValidity !== 0 && !indexLacks(this.#snapshot));
    if (listed && indexed && letters === null) return;
    if (letters !== null) writeKeywordLetters(this.os, this.paths.control, letters);
    const firstNewUid = listed ? null : this.#writeList(giveUids || uidlist === null);
    if (letters !== null || !listed) this.#snapshot = this.#look();
    if (staleIndex) this.#remakeIndex(firstNewUid);
    else if (writer !== null) {
      writer.append(reconcileIndex(writer.view, this.#snapshot, firstNewUid), DONE);
    } else if (firstNewUid !== null) this.#makeIndex(firstNewUid);
    this.#snapshot = this.#look();
  }

  /** Brings dovecot-uidlist in order; gives the first new UID, or null. */
  #writeList(giveUids: boolean): number | null {
    const { os, paths: { control, mail } } = this;
    const { controlRoot, identity = null } = this.#options;
    const change = reconcileList(this.#snapshot, giveUids, {
      uidValidity: () => {
        const known = this.#index?.view.uidValidity || 0;
        if (known !== 0) return known;
        if (identity === null) return takeUidValidity(os, controlRoot);
        raiseUidValidity(os, controlRoot, identity.uidValidity);
        return identity.uidValidity;
      },
      guid: () => identity?.guid ?? mailboxGuid(formatHex(os.random(16))),
    });
    if (change === null) {
      const what = "no UIDs are left for new mails";
      throw new StreamFailure<SyncError>(syncError("Unsupported", "mailbox", {}, what));
    }
    if (change.append !== null) appendUidlist(os, control, change.append);
    else {
      makeMailDirectories(os, mail);
      writeUidlist(os, control, change.list);
    }
    return change.firstNewUid;
  }

  #makeIndex(firstNewUid: number | null, after?: IndexAfter): void {
    const content = indexContent(this.#snapshot, firstNewUid);
    this.createIndex((appender) => appender.append(content, DONE), 1n, after);
  }

  /**
   * Ends the filling of a mailbox that is to take another's place: its index is there, and the first line of
   * dovecot-uidlist says UIDNEXT. A session that has the other one open calls a list broken whose first line says less
   * than it has read there before, and removes it.
   */
  async complete(withIndex: boolean): Promise<void> {
    await this.withLocks(() => {
      this.#snapshot = this.#look();
      const { uidlist, merged } = this.#snapshot;
      writeUidlist(this.os, this.paths.control, { ...uidlist!, uidNext: merged.uidNext });
      this.#snapshot = this.#look();
      if (withIndex && this.#index === null) this.#makeIndex(null);
    });
  }

  /** An index of another UIDVALIDITY knows nothing of these mails; Dovecot resets it too. */
  #remakeIndex(firstNewUid: number | null): void {
    const after = afterIndex(this.#index!);
    this.close();
    for (const end of ["", ".log", ".log.2", ".cache", ".backup"]) {
      this.os.disk.unlink(`${this.paths.index}/${INDEX_BASE}${end}`);
    }
    this.#snapshot = this.#look();
    this.#makeIndex(firstNewUid, after);
  }

  /** Gives the mailbox another identity; its mails and UIDs stay. */
  async reidentify(guid: MailboxGuid, uidValidity: number): Promise<void> {
    await this.withLocks(({ writer }) => {
      const list = readUidlist(this.os, this.paths.control)!;
      writeUidlist(this.os, this.paths.control, { ...list, guid, uidValidity });
      if (writer !== null && writer.view.uidValidity !== uidValidity) {
        writer.append([setHeader([[HEADER_AT.uidValidity, uidValidity]])], DONE);
        writer.sync();
      }
      this.#snapshot = this.#look();
    });
  }

  /** Writes dovecot-keywords when the letters have become others; the caller holds the locks. */
  setLetters(letters: KeywordLetters): void {
    if (letters === this.#letters) return;
    writeKeywordLetters(this.os, this.paths.control, letters);
    this.#letters = letters;
  }
}
