/**
 * The reference store: mailboxes in memory, by the simplest code that keeps the port's promises.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { sameGuid } from "../../codec/guid.ts";
import type { LogChange } from "../../model/change.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { type Flags, keywords, keywordsWithout, sameKeywords } from "../../model/flags.ts";
import { type MailboxGuid, type ModSeq, modSeq, type Uid } from "../../model/ids.ts";
import type { Mail, MailRecord } from "../../model/mail.ts";
import {
  INBOX,
  type MailboxLogRecord,
  type MailboxName,
  type MailboxNode,
  nameKey,
  parentName,
} from "../../model/mailbox.ts";
import type {
  Expunge,
  MailOperation,
  Outcome,
  RaiseStatus,
  RenumberMail,
  SaveMail,
  TreeOperation,
  UpdateFlags,
} from "../../model/operation.ts";
import type { Fetched, Mailbox, Store, StoreCaps } from "../../port/store.ts";
import { type Chunks, fromArray } from "../../stream/chunks.ts";

/** A mail in memory. */
export interface StoredMail {
  /** What a scan shows. */
  record: MailRecord;
  /** What a fetch gives; the body is an array. */
  mail: Mail;
}

/** A mailbox in memory. Its fields may be read and written freely between calls: it is what tests build. */
export interface StoredMailbox {
  /** Its name. */
  name: MailboxName;
  /** Its identity. */
  guid: MailboxGuid;
  /** UIDVALIDITY. */
  uidValidity: number;
  /** UIDNEXT. */
  uidNext: number;
  /** UIDs from here on are \Recent. */
  firstRecentUid: number;
  /** HIGHESTMODSEQ. */
  highestModSeq: ModSeq;
  /** Ascending by UID. */
  mails: StoredMail[];
  /** What its index log knows, one net change for each mail. */
  changes: LogChange[];
  /** Whether that reaches back to the first day. */
  historyComplete: boolean;
}

/** All that a memory store holds. */
export interface MemoryState {
  /** All mailboxes, in no order. */
  mailboxes: StoredMailbox[];
  /** \NoSelect names; the parents of mailboxes need not be among them. */
  directories: Set<MailboxName>;
  /** Subscribed names. */
  subscriptions: Set<MailboxName>;
  /** The log of the tree, oldest first. */
  log: MailboxLogRecord[];
}

/** A state with nothing in it. */
export const emptyState = (): MemoryState => ({
  mailboxes: [],
  directories: new Set(),
  subscriptions: new Set(),
  log: [],
});

const CAPS: StoreCaps = { format: "memory", savedDates: true, emptyDirectories: true };

const collectBody = async (mail: Mail): Promise<Mail> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of mail.body) pieces.push(piece.slice());
  return { ...mail, body: pieces };
};

const missing = (guid: MailboxGuid): SyncError =>
  syncError("Missing", "mailbox", {}, `no mailbox has the GUID ${guid}`);

const refuse = (
  operation: MailOperation,
  tag: "Changed" | "Unfit",
  uid: Uid,
  what: string,
): Outcome => ({
  _tag: "Refused",
  operation,
  error: syncError(tag, "message", { uid }, what),
});

const GONE = "the mail is gone";
const OTHER = "the UID belongs to another mail";

/** Carries out operations on one mailbox. */
class Applier {
  readonly #box: StoredMailbox;

  constructor(box: StoredMailbox) {
    this.#box = box;
  }

  #raise(wanted: ModSeq | null): ModSeq {
    const next = this.#box.highestModSeq + 1n;
    const raised = wanted !== null && wanted > next ? wanted : next;
    this.#box.highestModSeq = modSeq(raised);
    return modSeq(raised);
  }

  /** The higher of a mail's own MODSEQ and the wanted one. */
  #lift(own: ModSeq, wanted: ModSeq | null): ModSeq {
    if (wanted === null || wanted <= own) return own;
    if (wanted > this.#box.highestModSeq) this.#box.highestModSeq = wanted;
    return wanted;
  }

  #find(operation: UpdateFlags | Expunge | RenumberMail): StoredMail | undefined {
    return this.#box.mails.find(({ record }) => record.uid === operation.uid);
  }

  async save(operation: SaveMail): Promise<Outcome> {
    const { uid, from, keepModSeq } = operation.copy;
    if (uid < this.#box.uidNext) {
      return refuse(operation, "Changed", uid, "the UID is below UIDNEXT");
    }
    const mail = { ...(await collectBody(operation.mail)), uid };
    const size = (mail.body as readonly Uint8Array[]).reduce((sum, piece) => sum + piece.length, 0);
    if (size !== mail.size) return refuse(operation, "Changed", uid, "the mail's size changed");
    const given = keepModSeq ? from.modSeq : this.#raise(null);
    if (given > this.#box.highestModSeq) this.#box.highestModSeq = given;
    this.#box.mails.push({ record: { ...from, uid, guid: mail.guid, modSeq: given }, mail });
    this.#box.uidNext = uid + 1;
    return { _tag: "Done", operation };
  }

  renumber(operation: RenumberMail): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return refuse(operation, "Changed", operation.uid, GONE);
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    if (operation.newUid < this.#box.uidNext) {
      return refuse(operation, "Changed", operation.newUid, "the UID is below UIDNEXT");
    }
    this.#remove(found);
    const uid = operation.newUid;
    this.#box.mails.push({
      record: { ...found.record, uid, modSeq: this.#raise(operation.modSeq) },
      mail: { ...found.mail, uid },
    });
    this.#box.uidNext = uid + 1;
    return { _tag: "Done", operation };
  }

  #remove(found: StoredMail): void {
    this.#box.mails = this.#box.mails.filter((mail) => mail !== found);
    this.#box.changes.push({
      _tag: "Expunged",
      uid: found.record.uid,
      guid: found.record.guid,
      modSeq: this.#raise(null),
      bySync: true,
    });
  }

  update(operation: UpdateFlags): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return refuse(operation, "Changed", operation.uid, GONE);
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    const { record } = found;
    const kept = keywordsWithout(record.keywords, operation.removeKeywords);
    const after = {
      flags: ((record.flags & ~operation.remove) | operation.add) as Flags,
      keywords: keywords([...kept, ...operation.addKeywords]),
    };
    const changed = after.flags !== record.flags || !sameKeywords(after.keywords, record.keywords);
    found.record = {
      ...record,
      ...after,
      modSeq: changed ? this.#raise(operation.modSeq) : this.#lift(record.modSeq, operation.modSeq),
    };
    return { _tag: "Done", operation };
  }

  expunge(operation: Expunge): Outcome {
    const found = this.#find(operation);
    if (found === undefined) return { _tag: "Done", operation };
    if (!sameGuid(found.record.guid, operation.guid)) {
      return refuse(operation, "Changed", operation.uid, OTHER);
    }
    this.#remove(found);
    return { _tag: "Done", operation };
  }

  raiseStatus(operation: RaiseStatus): Outcome {
    const box = this.#box;
    box.uidNext = Math.max(box.uidNext, operation.uidNext);
    box.firstRecentUid = Math.max(box.firstRecentUid, operation.firstRecentUid);
    if (operation.highestModSeq > box.highestModSeq) box.highestModSeq = operation.highestModSeq;
    return { _tag: "Done", operation };
  }

  run(operation: MailOperation): Promise<Outcome> | Outcome {
    switch (operation._tag) {
      case "SaveMail":
        return this.save(operation);
      case "RenumberMail":
        return this.renumber(operation);
      case "UpdateFlags":
        return this.update(operation);
      case "Expunge":
        return this.expunge(operation);
      case "RaiseStatus":
        return this.raiseStatus(operation);
    }
  }
}

const openMailbox = (box: StoredMailbox): Mailbox => {
  // The state at opening: later changes are not shown.
  const mails = box.mails.map(({ record, mail }) => ({ record, mail }));
  const changes = [...box.changes];
  const byUid = new Map(mails.map(({ record, mail }) => [record.uid, mail]));
  const lost = (uid: Uid): Fetched => ({
    _tag: "Lost",
    uid,
    error: syncError("Changed", "message", { uid }, GONE),
  });
  return {
    name: box.name,
    status: {
      guid: box.guid,
      uidValidity: box.uidValidity,
      uidNext: box.uidNext,
      messages: mails.length,
      firstRecentUid: box.firstRecentUid,
      highestModSeq: box.highestModSeq,
      modSeqTracked: true,
    },
    problems: [],
    historyComplete: box.historyComplete,
    records: () => fromArray(mails.map(({ record }) => record)),
    changes: () => fromArray(changes),
    fetch: async function* (wanted) {
      const still = new Set(box.mails.map(({ record }) => record.uid));
      for await (const uids of wanted) {
        yield uids.map((uid): Fetched => {
          const mail = byUid.get(uid);
          return mail !== undefined && still.has(uid) ? { _tag: "Mail", mail } : lost(uid);
        });
      }
    },
    apply: async function* (operations: Chunks<MailOperation, SyncError>) {
      const applier = new Applier(box);
      for await (const chunk of operations) {
        const outcomes: Outcome[] = [];
        for (const operation of chunk) outcomes.push(await applier.run(operation));
        yield outcomes;
      }
    },
  };
};

const newMailbox = (
  name: MailboxName,
  guid: MailboxGuid,
  uidValidity: number,
): StoredMailbox => ({
  name,
  guid,
  uidValidity,
  uidNext: 1,
  firstRecentUid: 1,
  highestModSeq: modSeq(1n),
  mails: [],
  changes: [],
  historyComplete: true,
});

const nodesOf = (state: MemoryState): readonly MailboxNode[] => {
  const nodes = new Map<string, MailboxNode>();
  const directory = (name: MailboxName): void => {
    if (!nodes.has(nameKey(name))) nodes.set(nameKey(name), { _tag: "Directory", name });
  };
  for (const { name, guid } of state.mailboxes) {
    nodes.set(nameKey(name), { _tag: "Mailbox", name, guid });
  }
  for (const name of [...state.directories, ...state.mailboxes.map((box) => box.name)]) {
    directory(name);
    for (let p = parentName(name); p !== null; p = parentName(p)) directory(p);
  }
  return [...nodes].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, node]) => node);
};

const applyTree = (state: MemoryState, operation: TreeOperation): SyncError | null => {
  const named = (name: MailboxName) =>
    state.mailboxes.find((box) => nameKey(box.name) === nameKey(name));
  const identified = (guid: MailboxGuid) => state.mailboxes.find((box) => box.guid === guid);
  const unfit = (what: string): SyncError =>
    syncError("Unfit", "mailbox", { mailbox: operation.name }, what);
  switch (operation._tag) {
    case "CreateMailbox": {
      const there = named(operation.name);
      if (there?.guid === operation.guid) return null;
      if (there !== undefined) return unfit("a mailbox of this name exists");
      state.mailboxes.push(newMailbox(operation.name, operation.guid, operation.uidValidity));
      return null;
    }
    case "CreateDirectory":
      state.directories.add(operation.name);
      return null;
    case "DeleteMailbox":
      if (operation.name === INBOX) return unfit("INBOX cannot be deleted");
      state.mailboxes = state.mailboxes.filter((box) => box.guid !== operation.guid);
      return null;
    case "DeleteDirectory":
      state.directories.delete(operation.name);
      return null;
    case "RenameMailbox": {
      const box = identified(operation.guid);
      if (box === undefined) return missing(operation.guid);
      const there = named(operation.newName);
      if (there !== undefined && there !== box) return unfit(`${operation.newName} exists`);
      box.name = operation.newName;
      return null;
    }
    case "ReidentifyMailbox": {
      const box = identified(operation.guid) ?? identified(operation.newGuid);
      if (box === undefined) return missing(operation.guid);
      box.guid = operation.newGuid;
      box.uidValidity = operation.newUidValidity;
      return null;
    }
    case "Subscribe":
      state.subscriptions.add(operation.name);
      return null;
    case "Unsubscribe":
      state.subscriptions.delete(operation.name);
      return null;
  }
};

/**
 * A store over `state`, which stays the caller's: what a run does to the store is seen in it.
 *
 * @example
 * ```ts
 * import { backup, emptyState, memoryStore } from "@dsync/dsync";
 * import * as E from "fp-ts/Either.js";
 *
 * const report = await backup(memoryStore(emptyState()), memoryStore(emptyState()))();
 * if (E.isLeft(report) || report.right.problems.length > 0) throw new Error("nothing to do is no problem");
 * ```
 */
export const memoryStore = (state: MemoryState): Store => ({
  location: "memory:",
  caps: CAPS,
  tree: () =>
    Promise.resolve(E.right({
      nodes: nodesOf(state),
      subscriptions: [...state.subscriptions],
      log: [...state.log],
      problems: [],
    })),
  fitName: (name) => name,
  applyTree: (operation) => () => {
    const error = applyTree(state, operation);
    return Promise.resolve(error === null ? E.right(undefined) : E.left(error));
  },
  withMailbox: <A>(guid: MailboxGuid, use: (mailbox: Mailbox) => TaskEither<SyncError, A>) => {
    const open: TaskEither<SyncError, A> = () => {
      const box = state.mailboxes.find((candidate) => candidate.guid === guid);
      return (box === undefined ? TE.left(missing(guid)) : use(openMailbox(box)))();
    };
    return open;
  },
  replaceMailbox: (identity, use) => async () => {
    const fresh = newMailbox(identity.name, identity.guid, identity.uidValidity);
    const end = await use(openMailbox(fresh))();
    if (E.isRight(end)) {
      state.mailboxes = state.mailboxes.filter((box) =>
        nameKey(box.name) !== nameKey(identity.name) && box.guid !== identity.guid
      );
      state.mailboxes.push(fresh);
    }
    return end;
  },
  close: () => Promise.resolve(),
});
