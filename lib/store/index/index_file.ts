/**
 * One Dovecot index on disk (`dovecot.index`, `dovecot.map.index`, `dovecot.list.index`): read it, follow it, append to
 * its log under Dovecot's own lock.
 *
 * ```ts ignore
 * const file = openIndex(os, directory, "dovecot.index");   // null: there is none
 * file.view.uids;                                           // the state as last read
 * file.refresh();                                           // reads what was added since
 * await file.withLock((writer) => {                         // waits; view is up to date inside
 *   writer.append([appendMails(uids, flags), ...records], SYNC_DONE);   // one group, one write
 *   writer.sync();                                          // fdatasync
 * });
 * file.changes();                                           // what the logs know of the past
 * file.close();
 * ```
 *
 * A new one is made by `createIndex` (index_create.ts). Everything here throws `StreamFailure<SyncError>`; the scope is
 * "mailbox", the place has the file and the byte offset.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { foldChanges, foldSaves, type LogPosition } from "../../codec/index_changes.ts";
import { decodeLog, isBrokenOff, type LogEntry } from "../../codec/index_log.ts";
import { DONE, type LogRecord, RECORD_TYPE, type RecordMarks } from "../../codec/index_record.ts";
import { setTail } from "../../codec/index_build.ts";
import type { IndexView } from "../../codec/index_view.ts";
import type { LogChange } from "../../model/change.ts";
import type { Uid } from "../../model/ids.ts";
import type { Fd, Held, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { orFail } from "../account/or_fail.ts";
import {
  historyIsComplete,
  type LoadedIndex,
  loadIndex,
  loadIndexHeaders,
  readHistory,
  readStateBefore,
} from "./index_loader.ts";
import { fail, groupBytes, type IndexPaths, indexPaths, LogFile, sameFile } from "./log_file.ts";
import { isWorthSnapshot, writeSnapshot } from "./snapshot_file.ts";

/** Dovecot waits so long for a log: 3 minutes. */
const LOCK_TIMEOUT_MS = 180_000;

/** Nobody is to wait long for what is not needed. */
const SHORTEN_TIMEOUT_MS = 2_000;

/** What is incomplete is looked at again so much later, before it is cut off. */
const CUT_PAUSE_MS = 20;

/** Appends to a log. */
export interface IndexAppender {
  /** The state with all that was appended. Another object after a failed append. */
  readonly view: IndexView;
  /** Where the next append goes: sequence of the log, byte offset. */
  readonly position: { readonly seq: number; readonly offset: number };
  /**
   * Appends records that readers apply together or not at all. Records that the view refuses are not written
   * (`Damaged`); after a failed write the file is as it was.
   */
  readonly append: (records: readonly LogRecord[], marks: RecordMarks) => void;
  /** Says that all requests in the log have been carried out. Only for whoever has done so. */
  readonly appendTail: () => void;
}

/** Appends to the log of an index that is locked. Of no use after the lock is let go. */
export interface IndexWriter extends IndexAppender {
  /** fdatasync of the log. */
  readonly sync: () => void;
  /** Shows that the owner of the lock still works. */
  readonly touch: () => void;
}

/** Opens an index; null where there is none. Throws `Damaged` where it cannot be read. */
export const openIndex = (os: Os, directory: string, base: string): IndexFile | null => {
  const paths = indexPaths(directory, base);
  const loaded = loadIndex(os, paths);
  return loaded === null ? null : new IndexFile(os, paths, loaded);
};

/**
 * What an index says of its mailbox as a whole, and where its log is; null: there is none. Errors as
 * {@linkcode openIndex}.
 */
export const readIndexHeaders = (
  os: Os,
  directory: string,
  base: string,
): { readonly view: IndexView; readonly path: string } | null => {
  const paths = indexPaths(directory, base);
  const view = loadIndexHeaders(os, paths);
  return view === null ? null : { view, path: paths.log };
};

/** An index that is open. */
export class IndexFile {
  readonly #os: Os;
  readonly #paths: IndexPaths;
  #loaded: LoadedIndex;

  /** For {@linkcode openIndex}. */
  constructor(os: Os, paths: IndexPaths, loaded: LoadedIndex) {
    this.#os = os;
    this.#paths = paths;
    this.#loaded = loaded;
  }

  /** The same index once more, as it stands here; each has its own view. */
  copy(): IndexFile {
    const { log, view, ...rest } = this.#loaded;
    const again = LogFile.open(this.#os, this.#paths.log);
    if (again === null) return this.#gone();
    if (sameFile(again.info, log.info)) {
      return new IndexFile(this.#os, this.#paths, { ...rest, log: again, view: view.copy() });
    }
    again.close();
    return new IndexFile(this.#os, this.#paths, loadIndex(this.#os, this.#paths) ?? this.#gone());
  }

  /** The path of the log, for messages. */
  get path(): string {
    return this.#paths.log;
  }

  /** The state as last read. Another object after a rotation. */
  get view(): IndexView {
    return this.#loaded.view;
  }

  /** Closes the files. */
  close(): void {
    this.#loaded.log.close();
  }

  /**
   * Reads what was added; all again where the log was rotated or replaced. True: the view may have changed. Throws
   * `Missing` where the log is gone: the mailbox was deleted or renamed.
   */
  refresh(): boolean {
    const { log } = this.#loaded;
    const now = this.#os.files.stat(this.#paths.log);
    if (now === null) return this.#gone();
    const { offset } = this.view.position;
    if (!sameFile(now, log.info) || log.size() < offset) {
      this.#reload();
      return true;
    }
    // The header shows whether Dovecot has called the log corrupted meanwhile.
    if (log.header().indexId !== this.#loaded.header.indexId) {
      this.#reload();
      return true;
    }
    return this.#readOn();
  }

  /**
   * What the logs still know of changes, one for each mail, ascending by UID; with an earlier {@linkcode moment} without
   * the changes of flags and keywords until then.
   */
  changes(since?: string): readonly LogChange[] {
    const history = this.history();
    return foldChanges(history, this.view, {
      before: readStateBefore(this.#os, this.#paths, this.#loaded, history),
      since: since === undefined ? null : this.#positionAt(since),
    });
  }

  /** UIDs of mails that the logs have as added since a moment of this index, and not by a sync; also of mails that are gone. */
  saves(since: string): readonly Uid[] {
    const from = this.#positionAt(since);
    return from === null ? [] : foldSaves(this.#addedSince(from), from);
  }

  /** Where the view stands, as text for {@linkcode changes}. */
  get moment(): string {
    const { indexId, position: { seq, offset } } = this.view;
    return `${indexId}.${seq}.${offset}`;
  }

  /** The place of a moment; null where it is none of this index's past. */
  #positionAt(moment: string): LogPosition | null {
    const { indexId, position } = this.view;
    const [, id, seq, offset] = (/^(\d+)\.(\d+)\.(\d+)$/.exec(moment) ?? []).map(Number);
    if (id !== indexId || seq === undefined || offset === undefined) return null;
    const isPast = seq < position.seq || (seq === position.seq && offset <= position.offset);
    return isPast ? { seq, offset } : null;
  }

  /** The records since a position that add mails, perhaps with older ones. */
  #addedSince(from: LogPosition): readonly LogEntry[] {
    const { log, header, view: { position } } = this.#loaded;
    if (from.seq !== position.seq) return this.history();
    const start = { ...from, modSeq: 0n, introRecordSize: -1 };
    const bytes = log.read(from.offset, position.offset);
    const isWanted = (type: number) => type === RECORD_TYPE.Append;
    const stretch = decodeLog(bytes, from.offset, start, header, isWanted);
    // A moment of another index of that very second is no place between two records of this one.
    return E.isRight(stretch) ? stretch.right.entries : this.history();
  }

  /** Every record that the logs still have, oldest first, up to where the view stands. Linear in their sizes. */
  history(): readonly LogEntry[] {
    return readHistory(this.#os, this.#paths, this.#loaded, this.view.position);
  }

  /** Whether {@linkcode history} begins with the index's first day. */
  get historyComplete(): boolean {
    return historyIsComplete(this.#os, this.#paths, this.#loaded);
  }

  /** The records that ask for something that nobody has carried out yet, oldest first. */
  requests(): readonly LogEntry[] {
    const { tailOffset, position } = this.view;
    return this.history().filter(({ external, seq, offset }) =>
      !external && seq === position.seq && offset >= tailOffset
    );
  }

  /**
   * Gives `use` a writer while this process has the lock, with the view read up to the end of the log. An incomplete
   * record or group at the end, left by a writer that died, is cut off first: Dovecot 2.3 gives up the whole log when
   * it finds one. Throws `Busy` after `timeoutMs`, `Missing` where the log is gone.
   */
  async withLock<A>(
    use: (writer: IndexWriter) => A | Promise<A>,
    timeoutMs: number = LOCK_TIMEOUT_MS,
  ): Promise<A> {
    const { fd, held } = await this.#lock(timeoutMs);
    try {
      this.#bringUpToDate(fd);
      return await use(this.#writer(fd, held));
    } finally {
      held.release();
      this.#os.files.close(fd);
    }
  }

  /**
   * Writes `dovecot.index` anew where so much was logged since the last one that reading it is a burden (Dovecot does it
   * much sooner). Durable; only for speed, so that what does not succeed is left to others, and nothing is thrown but
   * defects.
   */
  async shorten(isWorth: typeof isWorthSnapshot = isWorthSnapshot): Promise<void> {
    if (!isWorth(this.view, this.#loaded.snapshot)) return;
    try {
      await this.withLock((writer) => {
        const { view } = this;
        if (!isWorth(view, this.#loaded.snapshot)) return;
        const { seq, offset } = view.position;
        // A snapshot may not know of anything that a power cut could take out of the log.
        writer.sync();
        const pieces = view.encode({ seq, offset }, view.tailOffset);
        const { info } = this.#loaded.log;
        if (writeSnapshot(this.#os, this.#paths, pieces, info.mode, info)) {
          this.#loaded = { ...this.#loaded, snapshot: { seq, offset } };
        }
      }, SHORTEN_TIMEOUT_MS);
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
    }
  }

  async #lock(timeoutMs: number): Promise<{ readonly fd: Fd; readonly held: Held }> {
    const { files, locks, now } = this.#os;
    const { log: path } = this.#paths;
    const end = now() + timeoutMs;
    for (;;) {
      if (files.stat(path) === null) return this.#gone();
      const fd = files.open(path, "a");
      let held: Held | null = null;
      let isHad = false;
      try {
        held = await locks.record(fd, path, Math.max(0, end - now()));
        const current = files.stat(path);
        if (current === null) return this.#gone();
        isHad = sameFile(current, files.fstat(fd));
        if (isHad) return { fd, held };
        // Rotated while we waited: the lock is on the old file.
      } finally {
        if (!isHad) {
          held?.release();
          files.close(fd);
        }
      }
    }
  }

  /**
   * Under the lock: reads on, and cuts off what a dead writer left. What was read is not relied upon for that, all is read
   * again; what somebody still makes longer is no dead writer's, and what may be whole records stays for Dovecot to judge.
   */
  #bringUpToDate(fd: Fd): void {
    this.refresh();
    if (this.#isAtEnd(fd)) return;
    const { size } = this.#os.files.fstat(fd);
    this.#os.pause(CUT_PAUSE_MS);
    this.#reload();
    if (this.#isAtEnd(fd)) return;
    const { log, view: { position: { offset } } } = this.#loaded;
    const now = this.#os.files.fstat(fd);
    if (!sameFile(now, log.info) || now.size !== size) this.#unlocked();
    if (!isBrokenOff(log.read(offset))) {
      const where = { path: this.#paths.log, offset };
      fail("Damaged", "mailbox", where, "no record, and not the beginning of one");
    }
    this.#os.disk.truncate(fd, offset);
  }

  #isAtEnd(fd: Fd): boolean {
    return this.#os.files.fstat(fd).size === this.view.position.offset;
  }

  #unlocked(): never {
    return fail("Changed", "mailbox", { path: this.#paths.log }, "somebody writes without lock");
  }

  #readOn(): boolean {
    const { log, header, view } = this.#loaded;
    const { position } = view;
    const size = log.size();
    if (size <= position.offset) return false;
    const where = { path: this.#paths.log };
    const bytes = log.read(position.offset, size);
    const stretch = orFail(decodeLog(bytes, position.offset, position, header), where);
    if (stretch.entries.length === 0) return false;
    orFail(view.apply(stretch), where);
    return true;
  }

  #reload(): void {
    const loaded = loadIndex(this.#os, this.#paths);
    if (loaded === null) return this.#gone();
    this.#loaded.log.close();
    this.#loaded = loaded;
  }

  #gone(): never {
    return fail("Missing", "mailbox", { path: this.#paths.log }, "the index is gone");
  }

  #writer(fd: Fd, held: Held): IndexWriter {
    const view = () => this.view;
    const append: IndexWriter["append"] = (records, marks) => this.#append(fd, records, marks);
    return {
      get view() {
        return view();
      },
      get position() {
        return view().position;
      },
      append,
      appendTail: () => append([setTail(view().position.offset)], DONE),
      sync: () => this.#os.disk.sync(fd),
      touch: held.touch,
    };
  }

  #append(fd: Fd, records: readonly LogRecord[], marks: RecordMarks): void {
    if (records.length === 0) return;
    const { header, view } = this.#loaded;
    const { position } = view;
    const bytes = groupBytes(records, marks, this.#paths.log);
    try {
      // What is appended elsewhere than where the view ends says something else.
      if (!this.#isAtEnd(fd)) this.#unlocked();
      // Our own reader comes first: nothing goes into the file that it would refuse.
      const stretch = orFail(decodeLog(bytes, position.offset, position, header), {
        path: this.#paths.log,
      });
      orFail(view.apply(stretch), { path: this.#paths.log });
      this.#write(fd, bytes, position.offset);
    } catch (thrown) {
      this.#reload();
      throw thrown;
    }
  }

  #write(fd: Fd, bytes: Uint8Array, offset: number): void {
    try {
      this.#os.disk.write(fd, bytes, null);
    } catch (thrown) {
      // A part of it would cost the whole log at Dovecot's next lock.
      this.#os.disk.truncate(fd, offset);
      throw thrown;
    }
  }
}
