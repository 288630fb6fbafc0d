/**
 * Reads an index from its files beside a running Dovecot: the snapshot, and the logs replayed on it. Readers take no
 * lock, so a rotation may happen between two reads; then all is read again.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { LogPosition } from "../../codec/index_changes.ts";
import { decodeIndexHeader, decodeLogHeader, type LogHeader } from "../../codec/index_header.ts";
import {
  decodeLog,
  isOfTheMailbox,
  type LogCursor,
  type LogEntry,
  logStart,
  type LogStretch,
} from "../../codec/index_log.ts";
import { MODSEQ_EXTENSION } from "../../codec/index_modseq.ts";
import {
  decodeSnapshot,
  decodeSnapshotHeaders,
  type Snapshot,
} from "../../codec/index_snapshot.ts";
import { IndexView } from "../../codec/index_view.ts";
import type { Os } from "../../port/os.ts";
import { orFail } from "../account/or_fail.ts";
import { readBeginning } from "../account/read_beginning.ts";
import { fail, type IndexPaths, LogFile } from "./log_file.ts";
import { LogParts, PART } from "./log_parts.ts";

/** An index that was read, with its log still open. */
export interface LoadedIndex {
  /** The log. The one who has this closes it. */
  readonly log: LogFile;
  /** Its header. */
  readonly header: LogHeader;
  /** The state after the last complete record of the log. */
  readonly view: IndexView;
  /** Where the snapshot stands in the logs; null: there is none. */
  readonly snapshot: LogPosition | null;
}

/** Milliseconds to wait before all is read again; somebody who rotates may himself be made to wait for the processor. */
const PAUSES = [0, 0, 1, 2, 4, 8, 16, 32, 64] as const;

/** The files say different things: one of them was replaced between two reads, or the index is broken. */
interface Mismatch {
  readonly path: string;
  readonly what: string;
}

/**
 * Reads an index; null where there is none. Throws `Damaged` where the state cannot be had from what is there,
 * `Unsupported` for another format version. Linear in the sizes of the files.
 */
export const loadIndex = (os: Os, paths: IndexPaths): LoadedIndex | null => load(os, paths, true);

/**
 * What an index says of its mailbox as a whole: headers, the base one and those of extensions. What it says of mails is
 * not looked at, and is not in the view. Errors and null as {@linkcode loadIndex}, for a fifth of its cost.
 */
export const loadIndexHeaders = (os: Os, paths: IndexPaths): IndexView | null => {
  const loaded = load(os, paths, false);
  loaded?.log.close();
  return loaded?.view ?? null;
};

/** `isWhole` false: of the log only what is of the mailbox as a whole is looked at. */
const load = (os: Os, paths: IndexPaths, isWhole: boolean): LoadedIndex | null => {
  for (let attempt = 0;; attempt++) {
    // Before the log: a snapshot never knows more than the log that is there after it.
    const snapshot = isWhole ? readSnapshot(os, paths) : readSnapshotHeaders(os, paths);
    const log = LogFile.open(os, paths.log);
    if (log === null && snapshot === null) return null;
    const loaded = log === null
      ? { path: paths.index, what: "the index has lost its log" }
      : closeUnlessUsed(log, () => assemble(os, paths, log, snapshot, isWhole));
    if ("view" in loaded) return loaded;
    const pause = PAUSES[attempt];
    if (pause === undefined) {
      return fail("Damaged", "mailbox", { path: loaded.path }, loaded.what);
    }
    if (pause > 0) os.pause(pause);
  }
};

const closeUnlessUsed = (
  log: LogFile,
  use: () => LoadedIndex | Mismatch,
): LoadedIndex | Mismatch => {
  let used = false;
  try {
    const loaded = use();
    used = "view" in loaded;
    return loaded;
  } finally {
    if (!used) log.close();
  }
};

const assemble = (
  os: Os,
  paths: IndexPaths,
  log: LogFile,
  snapshot: Snapshot | null,
  isWhole: boolean,
): LoadedIndex | Mismatch => {
  const last = LogParts.of(paths.log, log);
  const { header } = last;
  const chain = findChain(os, paths, last, snapshot);
  if ("what" in chain) return chain;
  const { view } = chain;
  for (const { log: one, start } of chain.parts) {
    const { offset } = replay(view, one, start ?? logStart(one.header), isWhole);
    if (one !== last && offset !== header.prevFileOffset) {
      return { path: one.path, what: `it ends at ${offset}, not ${header.prevFileOffset}` };
    }
  }
  const head = snapshot?.header;
  return {
    log,
    header,
    view,
    snapshot: head === undefined ? null : { seq: head.logSeq, offset: head.logHeadOffset },
  };
};

/** Replays a log from a place on, part by part; gives where its last complete record ends. */
const replay = (
  view: IndexView,
  log: LogParts,
  from: LogCursor,
  isWhole: boolean,
): LogCursor => {
  const { header, path, size } = log;
  const isWanted = isWhole ? undefined : isOfTheMailbox;
  let at = from;
  // The first part is in memory.
  for (let to = at.offset < PART ? PART : at.offset + PART, length = PART;;) {
    const end = Math.min(size, to);
    const part = log.read(at.offset, end);
    const stretch = orFail(decodeLog(part, at.offset, at, header, isWanted), { path });
    orFail(view.apply(stretch, isWhole), { path });
    if (end === size) return stretch.end;
    // A record, or a group of them, that is longer than the part.
    length = stretch.end.offset === at.offset ? 2 * length : PART;
    at = stretch.end;
    to = at.offset + length;
  }
};

/** A state and the logs to replay on it; `start` null: from the first record. */
interface Chain {
  readonly view: IndexView;
  readonly parts: readonly { readonly log: LogParts; readonly start: LogCursor | null }[];
}

const readSnapshot = (os: Os, paths: IndexPaths): Snapshot | null => {
  const bytes = os.files.readFile(paths.index);
  return bytes === null ? null : orFail(decodeSnapshot(bytes), { path: paths.index });
};

/** As much of a snapshot as its headers take as a rule. */
const HEADERS_LENGTH = 16 * 1024;

const readSnapshotHeaders = (os: Os, paths: IndexPaths): Snapshot | null => {
  const bytes = readBeginning(os, paths.index, HEADERS_LENGTH);
  if (bytes === null) return null;
  const { headerSize } = orFail(decodeIndexHeader(bytes), { path: paths.index });
  const whole = headerSize > bytes.length ? os.files.readFile(paths.index) : bytes;
  return whole === null ? null : orFail(decodeSnapshotHeaders(whole), { path: paths.index });
};

/** The log before; null: it is not there, or another one, or no log at all, as an empty file. */
const readOldLog = (os: Os, paths: IndexPaths, header: LogHeader): LogParts | null => {
  const bytes = os.files.readFile(paths.oldLog);
  if (bytes === null || E.isLeft(decodeLogHeader(bytes))) return null;
  const old = LogParts.ofBytes(paths.oldLog, bytes);
  return old.header.fileSeq === header.prevFileSeq && old.header.indexId === header.indexId
    ? old
    : null;
};

/** All records of a log that is in memory. */
const recordsOf = (old: LogParts) =>
  decodeLog(old.read(0, old.size), 0, logStart(old.header), old.header);

const fromScratch = (logs: readonly LogParts[]): Chain => {
  const { header } = logs[0]!;
  return {
    view: IndexView.empty(header.indexId, logStart(header)),
    parts: logs.map((log) => ({ log, start: null })),
  };
};

/** Which state the logs continue (Dovecot: mail_transaction_log_view_set). */
const findChain = (
  os: Os,
  paths: IndexPaths,
  last: LogParts,
  snapshot: Snapshot | null,
): Chain | Mismatch => {
  const { header } = last;
  const head = snapshot?.header;
  if (head !== undefined && head.indexId !== header.indexId) {
    return { path: paths.index, what: `index id ${head.indexId}, but the log's ${header.indexId}` };
  }
  if (snapshot !== null && head !== undefined && head.logSeq === header.fileSeq) {
    // A log that starts from nothing makes a snapshot of its very beginning void.
    if (header.prevFileSeq === 0 && head.logHeadOffset === header.headerSize) {
      return fromScratch([last]);
    }
    return continueFrom(paths, snapshot, [last]);
  }
  if (head !== undefined && head.logSeq > header.fileSeq) {
    return { path: paths.log, what: `log ${header.fileSeq}, but the index names ${head.logSeq}` };
  }
  if (header.prevFileSeq === 0) return fromScratch([last]);
  if (
    snapshot !== null && head !== undefined &&
    head.logSeq === header.prevFileSeq && head.logHeadOffset === header.prevFileOffset
  ) {
    const at = orFail(IndexView.of(snapshot, logStart(header)), { path: paths.index });
    return { view: at, parts: [{ log: last, start: null }] };
  }
  const old = readOldLog(os, paths, header);
  if (old !== null && snapshot !== null && head?.logSeq === old.header.fileSeq) {
    const void_ = old.header.prevFileSeq === 0 && head.logHeadOffset === old.header.headerSize;
    return void_ ? fromScratch([old, last]) : continueFrom(paths, snapshot, [old, last]);
  }
  if (old !== null && old.header.prevFileSeq === 0) return fromScratch([old, last]);
  return {
    path: paths.log,
    what: `log ${header.fileSeq} continues log ${header.prevFileSeq}, which is lost`,
  };
};

const continueFrom = (
  paths: IndexPaths,
  snapshot: Snapshot,
  logs: readonly LogParts[],
): Chain | Mismatch => {
  const first = logs[0]!;
  const start = cursorAtHead(snapshot, first);
  if (E.isLeft(start)) return { path: first.path, what: start.left };
  const view = orFail(IndexView.of(snapshot, start.right), { path: paths.index });
  return {
    view,
    parts: logs.map((log) => ({ log, start: log === first ? start.right : null })),
  };
};

/** The cursor where a snapshot stands, its modseq counted as Dovecot does (mail_transaction_log_file_skip_to_head). */
const cursorAtHead = (
  { header: { logHeadOffset: head }, extensions }: Snapshot,
  log: LogParts,
): E.Either<string, LogCursor> => {
  const { header, path, size } = log;
  if (head < header.headerSize || head > size) {
    return E.left(`the index was made at offset ${head} of a log of ${size} bytes`);
  }
  const modSeqHeader = extensions.find(({ name }) => name === MODSEQ_EXTENSION)?.header;
  let start = logStart(header);
  if (modSeqHeader === undefined && header.initialModSeq === 0n) {
    return E.right({ ...start, offset: head });
  }
  if (modSeqHeader !== undefined && modSeqHeader.length >= 16) {
    const view = new DataView(modSeqHeader.buffer, modSeqHeader.byteOffset);
    const offset = view.getUint32(12, true);
    const known = view.getUint32(8, true) === header.fileSeq &&
      offset >= header.headerSize && offset <= head;
    if (known) start = { ...start, offset, modSeq: view.getBigUint64(0, true) };
  }
  const bytes = log.read(start.offset, head);
  const before = orFail(decodeLog(bytes, start.offset, start, header), { path });
  return before.end.offset === head
    ? E.right(before.end)
    : E.left(`the index was made at offset ${head}, which is no end of a record`);
};

/**
 * Every record at hand, oldest first: those of the log before, if it is still there and whole, then those of the log
 * up to `end`. History that is gone is no error.
 */
export const readHistory = (
  os: Os,
  paths: IndexPaths,
  { log, header }: LoadedIndex,
  end: LogCursor,
): readonly LogEntry[] => {
  let entries: readonly LogEntry[] = [];
  const old = header.prevFileSeq === 0 ? null : readOldLog(os, paths, header);
  if (old !== null) {
    const stretch = recordsOf(old);
    if (E.isRight(stretch) && stretch.right.end.offset === header.prevFileOffset) {
      entries = stretch.right.entries;
    }
  }
  const stretch: LogStretch = orFail(
    decodeLog(log.read(0, end.offset), 0, logStart(header), header),
    { path: paths.log },
  );
  return entries.length === 0 ? stretch.entries : entries.concat(stretch.entries);
};

/**
 * The state before the first record of {@linkcode readHistory}, whose entries are given: what the snapshot holds, if it
 * was made just there. Null where it was not, or where the history begins with the index's first day.
 */
export const readStateBefore = (
  os: Os,
  paths: IndexPaths,
  { header }: LoadedIndex,
  [first]: readonly LogEntry[],
): IndexView | null => {
  if (header.prevFileSeq === 0 || first === undefined || first.seq !== header.fileSeq) return null;
  const snapshot = readSnapshot(os, paths);
  if (snapshot === null || snapshot.header.indexId !== header.indexId) return null;
  const { logSeq, logHeadOffset } = snapshot.header;
  const isThere = (logSeq === header.fileSeq && logHeadOffset === header.headerSize) ||
    (logSeq === header.prevFileSeq && logHeadOffset === header.prevFileOffset);
  return isThere ? orFail(IndexView.of(snapshot, logStart(header)), { path: paths.index }) : null;
};

/** Whether {@linkcode readHistory} begins with the index's first day: the oldest log at hand starts from nothing. */
export const historyIsComplete = (os: Os, paths: IndexPaths, { header }: LoadedIndex): boolean => {
  if (header.prevFileSeq === 0) return true;
  const old = readOldLog(os, paths, header);
  if (old === null || old.header.prevFileSeq !== 0) return false;
  const stretch = recordsOf(old);
  return E.isRight(stretch) && stretch.right.end.offset === header.prevFileOffset;
};
