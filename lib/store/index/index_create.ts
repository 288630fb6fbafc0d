/**
 * Makes a new index: a log alone, as Dovecot does, or a snapshot with an empty log, which is read faster when the
 * mailbox is large.
 *
 * @module
 */
import { setTail } from "../../codec/index_build.ts";
import { encodeLogHeader, LOG_HEADER_SIZE, type LogHeader } from "../../codec/index_header.ts";
import { decodeLog, logStart } from "../../codec/index_log.ts";
import { DONE } from "../../codec/index_record.ts";
import { IndexView } from "../../codec/index_view.ts";
import type { Os } from "../../port/os.ts";
import { orFail } from "../account/or_fail.ts";
import { type IndexAppender, IndexFile, openIndex } from "./index_file.ts";
import { fail, groupBytes, type IndexPaths, indexPaths, LogFile } from "./log_file.ts";
import { writeSnapshot } from "./snapshot_file.ts";

/** How a new index is made. */
export interface NewIndex {
  /** Permission bits of its files (default 0600). */
  readonly mode?: number;
  /** "log" (default): one log with all records. "snapshot": their outcome, with an empty log. */
  readonly form?: "log" | "snapshot";
  /**
   * The highest modseq before the first record (default 1). 0: modseqs are not counted before the "modseq" extension is
   * introduced, and then from 1 on.
   */
  readonly initialModSeq?: 0n | 1n;
  /**
   * Id and sequence of the log (default: the time, and 2). An index that is to take the place of another must have that
   * one's id and a higher sequence: to a session that has the old one open the new one is then the old one reset. With
   * another id Dovecot calls the *new* log corrupted, and throws it away.
   */
  readonly after?: { readonly indexId: number; readonly fileSeq: number };
}

/** Dovecot's first log has this sequence. */
const FIRST_SEQ = 2;
/** A lock for making a log that nobody touched for so long is nobody's (Dovecot: 3 minutes). */
const STALE_MS = 180_000;

/**
 * Makes an index with the records that `fill` appends, durable when this returns, and opens it. The directory exists.
 * Throws `Changed` when somebody else makes one, or has made one. A process that dies meanwhile leaves no index; with
 * a snapshot it may leave one without its log, so that form is for a directory that nobody else knows of yet.
 */
export const createIndex = (
  os: Os,
  directory: string,
  base: string,
  fill: (appender: IndexAppender) => void,
  options: NewIndex = {},
): IndexFile => {
  const paths = indexPaths(directory, base);
  const { mode = 0o600, form = "log", initialModSeq = 1n } = options;
  refuseIfThere(os, paths);
  const now = Math.floor(os.now() / 1000);
  const { indexId, fileSeq } = options.after ?? { indexId: now, fileSeq: FIRST_SEQ };
  const header: LogHeader = {
    minorVersion: 3,
    headerSize: LOG_HEADER_SIZE,
    indexId,
    fileSeq,
    prevFileSeq: 0,
    prevFileOffset: 0,
    createStamp: now,
    initialModSeq,
  };
  const appender = new MemoryAppender(header, paths.log);
  fill(appender);
  removeDeadDraft(os, directory, base);
  dropStaleLock(os, paths);
  const behind = form === "snapshot" ? afterSnapshot(header, appender.view) : null;
  const content = behind === null
    ? [encodeLogHeader(header), ...appender.pieces]
    : [encodeLogHeader(behind)];
  const draft = lockWithDraft(os, paths, content, mode);
  try {
    refuseIfThere(os, paths);
    if (behind !== null) {
      const start = { seq: behind.fileSeq, offset: LOG_HEADER_SIZE };
      writeSnapshot(os, paths, appender.view.encode(start), mode);
    }
    os.disk.rename(paths.newLog, paths.log);
  } catch (thrown) {
    os.disk.unlink(paths.newLog);
    throw thrown;
  } finally {
    draft.remove();
  }
  os.disk.syncDir(directory);
  return (behind === null ? openNew(os, paths, header, appender.view) : null) ??
    openIndex(os, directory, base) ??
    fail("Changed", "mailbox", { path: paths.log }, "the new index is gone again");
};

/** Opens a log whose content is known: it is not read again. null where another has taken its place. */
const openNew = (
  os: Os,
  paths: IndexPaths,
  header: LogHeader,
  view: IndexView,
): IndexFile | null => {
  const log = LogFile.open(os, paths.log);
  if (log === null) return null;
  const { indexId, fileSeq } = log.header();
  if (indexId === header.indexId && fileSeq === header.fileSeq) {
    return new IndexFile(os, paths, { log, header, view, snapshot: null });
  }
  log.close();
  return null;
};

const refuseIfThere = (os: Os, paths: IndexPaths): void => {
  for (const path of [paths.log, paths.index]) {
    if (os.files.stat(path) !== null) {
      fail("Changed", "mailbox", { path }, "somebody else has made the index");
    }
  }
};

const dropStaleLock = (os: Os, paths: IndexPaths): void => {
  const lock = os.files.stat(paths.newLog);
  if (lock === null) return;
  if (os.now() - lock.mtime * 1000 < STALE_MS) {
    fail("Changed", "mailbox", { path: paths.newLog }, "somebody else makes the index");
  }
  os.disk.unlink(paths.newLog);
};

/**
 * Takes Dovecot's lock for making a log: the file LOG.newlock, which is then renamed to LOG. It is a link to LOG.dsync,
 * flocked while its maker lives, so that the lock of a dead one is known as such.
 */
const lockWithDraft = (
  os: Os,
  paths: IndexPaths,
  content: readonly Uint8Array[],
  mode: number,
): { readonly remove: () => void } => {
  const path = draftOf(paths);
  const fd = os.disk.openNew(path, mode);
  const held = os.locks.tryFlock(fd, path);
  if (held === null || os.files.stat(path)?.ino !== os.files.fstat(fd).ino) {
    os.files.close(fd);
    return fail("Changed", "mailbox", { path }, "somebody took it for the draft of a dead process");
  }
  const remove = () => {
    os.disk.unlink(path);
    held.release();
    os.files.close(fd);
  };
  try {
    for (const piece of content) os.disk.write(fd, piece, null);
    os.disk.sync(fd);
    os.disk.link(path, paths.newLog);
  } catch (thrown) {
    remove();
    throw thrown;
  }
  return { remove };
};

const draftOf = (paths: IndexPaths): string => `${paths.log}.dsync`;

/**
 * Removes what somebody has left who was killed while making an index: the draft, and the lock if he had it. Costs one
 * stat where there is nothing.
 */
export const removeDeadDraft = (os: Os, directory: string, base: string): void => {
  const paths = indexPaths(directory, base);
  const path = draftOf(paths);
  const draft = os.files.stat(path);
  if (draft === null) return;
  const fd = os.files.open(path, "r+");
  try {
    if (os.locks.tryFlock(fd, path) === null) {
      fail("Changed", "mailbox", { path }, "somebody else makes the index");
    }
    if (os.files.stat(paths.newLog)?.ino === draft.ino) os.disk.unlink(paths.newLog);
    os.disk.unlink(path);
  } finally {
    os.files.close(fd);
  }
};

/**
 * The header of the log behind a snapshot. It must not say that it starts from nothing: Dovecot would then throw the
 * snapshot away. So it says that it continues an empty log, of which nothing is left.
 */
const afterSnapshot = (first: LogHeader, view: IndexView): LogHeader => ({
  ...first,
  fileSeq: first.fileSeq + 1,
  prevFileSeq: first.fileSeq,
  prevFileOffset: LOG_HEADER_SIZE,
  initialModSeq: view.highestModSeq,
});

/** Collects what will be the first content of a log. */
class MemoryAppender implements IndexAppender {
  readonly pieces: Uint8Array[] = [];
  readonly view: IndexView;
  readonly #header: LogHeader;
  readonly #path: string;

  constructor(header: LogHeader, path: string) {
    this.#header = header;
    this.#path = path;
    this.view = IndexView.empty(header.indexId, logStart(header));
  }

  get position(): IndexAppender["position"] {
    return this.view.position;
  }

  readonly append: IndexAppender["append"] = (records, marks) => {
    if (records.length === 0) return;
    const { position } = this.view;
    const bytes = groupBytes(records, marks, this.#path);
    const where = { path: this.#path };
    const stretch = orFail(decodeLog(bytes, position.offset, position, this.#header), where);
    orFail(this.view.apply(stretch), where);
    this.pieces.push(bytes);
  };

  readonly appendTail = (): void => this.append([setTail(this.position.offset)], DONE);
}
