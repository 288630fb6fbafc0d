/**
 * The reference store: mailboxes in memory, by the simplest code that keeps the port's promises.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../../model/error.ts";
import { type MailboxGuid, modSeq } from "../../model/ids.ts";
import {
  INBOX,
  type MailboxName,
  type MailboxNode,
  nameKey,
  parentName,
} from "../../model/mailbox.ts";
import { mailCame, type TreeOperation } from "../../model/operation.ts";
import type { Mailbox, Store, StoreCaps } from "../../port/store.ts";
import { openMailbox } from "./memory_mailbox.ts";
import type { MemoryState, StoredMailbox } from "./memory_state.ts";

const CAPS: StoreCaps = {
  format: "memory",
  savedDates: true,
  fullGuids: true,
  naming: null,
  emptyDirectories: true,
};

const missing = (guid: MailboxGuid): SyncError =>
  syncError("Missing", "mailbox", {}, `no mailbox has the GUID ${guid}`);

/** A mailbox without mails. */
export const newMailbox = (
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
      if ((identified(operation.guid)?.uidNext ?? 0) > (operation.uidNext ?? Infinity)) {
        return mailCame(operation.name);
      }
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
 * import { backup } from "@dsync/dsync";
 * import { emptyState, memoryStore } from "@dsync/dsync/stores";
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
