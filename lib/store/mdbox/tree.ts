/**
 * Reads the mailbox tree of an mdbox.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { formatHex } from "../../codec/guid.ts";
import { parseStorageName } from "../../codec/mailbox_path.ts";
import { subscribedNames } from "../../codec/subscriptions.ts";
import { type SyncError, withPlace } from "../../model/error.ts";
import { type MailboxGuid, mailboxGuid } from "../../model/ids.ts";
import {
  INBOX,
  type MailboxIdentity,
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
} from "../../model/mailbox.ts";
import type { GivenIdentities } from "../../port/given_identities.ts";
import { failStream } from "../../stream/chunks.ts";
import { readMailboxLog } from "../account/mailbox_log_file.ts";
import { attempt, orFail, thrownError } from "../account/or_fail.ts";
import { readSubscriptions } from "../account/subscriptions_file.ts";
import { takeUidValidity } from "../account/uid_validity_counter.ts";
import { syncError } from "../../model/error.ts";
import { readIndexHeaders } from "../index/index_file.ts";
import { listNames } from "./hierarchy.ts";
import { MAILBOX_INDEX, type MailboxPaths, pathsOf, pathsOfStored } from "./layout.ts";
import { createMailboxIndex, identityOf } from "./mailbox_index.ts";
import type { Storage } from "./storage.ts";

/** A mailbox and where it is. */
export interface Located {
  /** Its name. */
  readonly name: MailboxName;
  /** Its paths. */
  readonly paths: MailboxPaths;
  /** What makes it the one it is. */
  readonly identity: MailboxIdentity;
}

/**
 * The identity of the mailbox in a directory; null where it has no index yet. Throws `StreamFailure<SyncError>` where
 * it cannot be read.
 */
export const readIdentity = (storage: Storage, paths: MailboxPaths): MailboxIdentity | null => {
  const headers = readIndexHeaders(storage.os, paths.index, MAILBOX_INDEX);
  if (headers === null) return null;
  const { view, path } = headers;
  if (view.deleted) {
    failStream(
      syncError("Damaged", "mailbox", { path }, "the mailbox is deleted, but for its files"),
    );
  }
  return identityOf(view, path);
};

/** A directory made by hand is a mailbox: as Dovecot does at the first opening, it is given an identity. */
const giveIdentity = async (
  storage: Storage,
  name: MailboxName,
  { index, mails }: MailboxPaths,
  identities: GivenIdentities | undefined,
): Promise<MailboxIdentity> => {
  const { os, layout, modes } = storage;
  const map = await storage.beginWriting();
  const identity = identities?.of(name) ?? {
    guid: mailboxGuid(formatHex(os.random(16))),
    uidValidity: takeUidValidity(os, layout.control),
  };
  identities?.note(name, identity);
  for (const directory of [mails, index]) os.disk.mkdir(directory, modes.directory);
  createMailboxIndex(os, index, identity, map.uidValidity, { mode: modes.file }).close();
  return identity;
};

/** The mailboxes that can be read, and the tree of all names. */
export interface ReadTree {
  /** By GUID. */
  readonly mailboxes: ReadonlyMap<MailboxGuid, Located>;
  /** The tree as the port has it. */
  readonly tree: MailboxTree;
}

const inOrder = (a: MailboxNode, b: MailboxNode): number => {
  const [x, y] = [nameKey(a.name), nameKey(b.name)];
  return x < y ? -1 : x > y ? 1 : 0;
};

/** INBOX always exists: an mdbox of other mailboxes alone is given one, as Dovecot does it; null where that cannot be. */
const makeInbox = async (
  storage: Storage,
  identities: GivenIdentities | undefined,
): Promise<Located | null> => {
  const paths = orFail(pathsOf(storage.layout, INBOX));
  try {
    return { name: INBOX, paths, identity: await giveIdentity(storage, INBOX, paths, identities) };
  } catch (thrown) {
    // What may only be read goes without.
    thrownError(thrown);
    return null;
  }
};

/**
 * Reads it. Of each mailbox the headers of its index are read; those without an identity get one, by `identities` where
 * these have a say. Throws `StreamFailure<SyncError>`.
 */
export const readTree = async (
  storage: Storage,
  identities?: GivenIdentities,
): Promise<ReadTree> => {
  const { os, layout } = storage;
  const problems: SyncError[] = [];
  const nodes: MailboxNode[] = [];
  const mailboxes = new Map<MailboxGuid, Located>();
  const onProblem = (error: SyncError) => problems.push({ ...error, scope: "mailbox" });
  for (
    const { stored, isMailbox, isLost } of listNames(os, layout, layout.mailboxes, onProblem)
  ) {
    const paths = pathsOfStored(layout, stored);
    const parsed = parseStorageName(stored, layout.naming);
    if (E.isLeft(parsed)) {
      // Beside the account's own files it may be one of these.
      if (isLost) continue;
      problems.push(withPlace(parsed.left, { path: paths.directory }));
      // Not in another spelling of INBOX: that would keep its name for itself.
      nodes.push({ _tag: "Damaged", name: stored as MailboxName });
      continue;
    }
    const name = parsed.right;
    if (isLost) {
      const where = { mailbox: name, path: paths.directory };
      problems.push(syncError("Damaged", "mailbox", where, "a symlink leads to nothing"));
      nodes.push({ _tag: "Damaged", name });
      continue;
    }
    if (!isMailbox) {
      nodes.push({ _tag: "Directory", name });
      continue;
    }
    try {
      const identity = readIdentity(storage, paths) ??
        await giveIdentity(storage, name, paths, identities);
      nodes.push({ _tag: "Mailbox", name, guid: identity.guid });
      if (!mailboxes.has(identity.guid)) mailboxes.set(identity.guid, { name, paths, identity });
    } catch (thrown) {
      const error = thrownError(thrown);
      problems.push(withPlace({ ...error, scope: "mailbox" }, { mailbox: name }));
      nodes.push({ _tag: "Damaged", name });
    }
  }
  const hasInbox = nodes.some(({ name, _tag }) => name === INBOX && _tag !== "Directory");
  const inbox = mailboxes.size > 0 && !hasInbox ? await makeInbox(storage, identities) : null;
  if (inbox !== null) {
    const { guid } = inbox.identity;
    mailboxes.set(guid, inbox);
    nodes.push({ _tag: "Mailbox", name: INBOX, guid });
  }
  const tree: MailboxTree = {
    nodes: nodes.filter(({ name, _tag }) => name !== INBOX || _tag !== "Directory").sort(inOrder),
    subscriptions: subscribedNames(readSubscriptions(os, layout.control), layout.naming),
    log: attempt(() => readMailboxLog(os, layout.accountIndex), (error) => {
      problems.push(error);
      return [];
    }),
    problems,
  };
  return { mailboxes, tree };
};
