/**
 * One open mailbox of an mdbox.
 *
 * @module
 */
import type { SyncError } from "../../model/error.ts";
import { syncError } from "../../model/error.ts";
import type { Uid } from "../../model/ids.ts";
import type { MailboxName, MailboxStatus } from "../../model/mailbox.ts";
import type { MailOperation } from "../../model/operation.ts";
import type { Mailbox } from "../../port/store.ts";
import { type Chunks, failStream, fromArray } from "../../stream/chunks.ts";
import type { IndexFile } from "../index/index_file.ts";
import { mailboxAttributes } from "../index/mailbox_attributes.ts";
import { tornEnd } from "../index/torn_end.ts";
import type { RecentIndexes } from "../index/recent_indexes.ts";
import { applyOperations, type WritingContext } from "./apply.ts";
import { Commit } from "./commit.ts";
import { fetchMails, type ReadingContext, scan, unclearRows } from "./fetch.ts";
import type { MailboxPaths } from "./layout.ts";
import { highestPop3Uid, identityOf, mdboxHeaderOf, openMailboxIndex } from "./mailbox_index.ts";
import type { SharedMails } from "./shared_mails.ts";
import type { Storage } from "./storage.ts";
import { WantedModSeqs } from "./wanted_modseqs.ts";

/** A mailbox, and what its opener has to do at the end. */
export interface OpenMailbox {
  /** The mailbox. */
  readonly mailbox: Mailbox;
  /** Gives the index what it was not given yet. Not after a failure. */
  readonly finish: () => Promise<void>;
  /** Lets go of the files. */
  readonly close: () => void;
}

const statusOf = (index: IndexFile): MailboxStatus => {
  const { view } = index;
  return {
    ...identityOf(view, index.path),
    uidNext: view.uidNext,
    messages: view.count,
    firstRecentUid: view.firstRecentUid,
    highestModSeq: view.highestModSeq,
    modSeqTracked: view.modSeqTracked,
  };
};

/** The mails of a mailbox belong to one map; after a loss of the map there is another one. */
const checkMap = (storage: Storage, index: IndexFile): void => {
  if (index.view.count === 0) return;
  const { mapUidValidity } = mdboxHeaderOf(index.view, index.path);
  const is = storage.mapUidValidity;
  if (is === mapUidValidity) return;
  const what = is === null
    ? "the map of the storage is gone (doveadm force-resync)"
    : `the mailbox belongs to the map ${mapUidValidity}, but the storage has the map ${is}`;
  failStream(syncError("Damaged", "mailbox", { path: index.path }, what));
};

/** What the mailboxes of a store have in common. */
export interface MailboxSurroundings {
  /** The storage. */
  readonly storage: Storage;
  /** The mails that several of them name. */
  readonly shared: SharedMails;
  /** Their indexes that were open just now; absent: none is kept. */
  readonly recent?: RecentIndexes;
  /** The file that has the attributes of all; absent: none are kept. */
  readonly attributes?: string;
}

/**
 * Opens a mailbox whose index is in `paths.index`; null where there is none. Throws `StreamFailure<SyncError>`:
 * `Damaged` where the mailbox as a whole cannot be read.
 */
export const openMailbox = (
  around: MailboxSurroundings,
  name: MailboxName,
  paths: MailboxPaths,
): OpenMailbox | null => {
  const { storage, recent } = around;
  const index = recent?.take(paths.index) ?? openMailboxIndex(storage.os, paths.index);
  if (index === null) return null;
  try {
    checkMap(storage, index);
    return new MdboxMailbox(around, name, paths, index);
  } catch (thrown) {
    index.close();
    throw thrown;
  }
};

class MdboxMailbox implements OpenMailbox {
  readonly mailbox: Mailbox;
  readonly #around: MailboxSurroundings;
  readonly #paths: MailboxPaths;
  /** As it was at opening, and as long as it is open. */
  readonly #shown: IndexFile;
  /** A second one for changes, so that what is shown stays. */
  #writing: WritingContext | null = null;

  constructor(
    around: MailboxSurroundings,
    name: MailboxName,
    paths: MailboxPaths,
    shown: IndexFile,
  ) {
    const { storage, attributes } = around;
    this.#around = around;
    this.#paths = paths;
    this.#shown = shown;
    // First: what can be read by now is shown.
    const torn = tornEnd(storage.os, shown);
    const { view, path } = shown;
    const reading: ReadingContext = {
      storage,
      name,
      directory: paths.index,
      view,
      pop3Flags: mdboxHeaderOf(view, path).flags,
      highestPop3Uid: highestPop3Uid(view),
    };
    const unclear = unclearRows(reading);
    const without = new Set<number>(unclear.map(({ uid }) => uid));
    this.mailbox = {
      name,
      status: statusOf(shown),
      problems: [...torn === null ? [] : [torn], ...unclear.map(({ error }) => error)],
      ...(torn === null ? {} : { isIncomplete: true }),
      historyComplete: shown.historyComplete,
      records: () => scan(reading, without),
      changes: (since) => fromArray(shown.changes(since)),
      saves: (since) => fromArray(shown.saves(since)),
      moment: shown.moment,
      fetch: (wanted: Chunks<Uid, SyncError>) => fetchMails(reading, wanted),
      apply: (operations: Chunks<MailOperation, SyncError>) =>
        applyOperations(this.#openForWriting(name), operations),
      ...(attributes === undefined ? {} : {
        attributes: mailboxAttributes(
          storage.os,
          { path: attributes, guid: identityOf(view, path).guid },
          () => shown.history(),
        ),
      }),
    };
  }

  readonly finish = async (): Promise<void> => {
    const writing = this.#writing;
    if (writing === null) return;
    if (writing.modSeqs.isPending) await new Commit(writing, [], null).run(true);
    await writing.index.shorten();
  };

  readonly close = (): void => {
    const { recent } = this.#around;
    if (recent === undefined) this.#shown.close();
    else recent.keep(this.#paths.index, this.#shown);
    this.#writing?.index.close();
    this.#writing = null;
  };

  #openForWriting(name: MailboxName): WritingContext {
    const { storage, shared } = this.#around;
    this.#writing ??= {
      storage,
      name,
      paths: this.#paths,
      index: this.#shown.copy(),
      shared,
      modSeqs: new WantedModSeqs(),
    };
    return this.#writing;
  }
}
