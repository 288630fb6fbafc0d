/**
 * Carries out changes of the mailbox tree as Dovecot would leave them.
 *
 * @module
 */
import { guid128, mailboxNameHash } from "../../codec/guid.ts";
import { setExtensionHeader, setHeader } from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import { DONE } from "../../codec/index_record.ts";
import type { WritableLogRecord } from "../../codec/mailbox_log.ts";
import { MDBOX_HEADER } from "../../codec/mdbox_index.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import { mailCame, type TreeOperation } from "../../model/operation.ts";
import { failStream } from "../../stream/chunks.ts";
import { appendMailboxLog } from "../account/mailbox_log_file.ts";
import { orFail } from "../account/or_fail.ts";
import { setSubscribed } from "../account/subscriptions_file.ts";
import { raiseUidValidity } from "../account/uid_validity_counter.ts";
import type { IndexFile } from "../index/index_file.ts";
import { refreshListIndex } from "../index/list_refresh.ts";
import { syncUpTo } from "./hierarchy.ts";
import { installNew, moveMailbox, removeMailbox, stageMailbox } from "./installed.ts";
import { type MailboxPaths, pathsOf } from "./layout.ts";
import { openMailboxIndex } from "./mailbox_index.ts";
import type { Storage } from "./storage.ts";
import { type Located, readIdentity } from "./tree.ts";

/** Finds the mailbox with a GUID; null where there is none. */
export type Locate = (guid: MailboxGuid) => Promise<Located | null>;

type Change<Tag extends TreeOperation["_tag"]> = Extract<TreeOperation, { readonly _tag: Tag }>;

const changed = (mailbox: MailboxName, what: string): SyncError =>
  syncError("Changed", "mailbox", { mailbox }, what);

/** The MAILBOX at a name: its identity, null where there is none. */
const identityAt = (storage: Storage, paths: MailboxPaths) =>
  storage.os.files.stat(paths.mails) === null ? null : readIdentity(storage, paths);

const pathsFor = (storage: Storage, name: MailboxName): MailboxPaths =>
  orFail(pathsOf(storage.layout, name), { mailbox: name });

const tell = (storage: Storage, records: readonly WritableLogRecord[]): void =>
  appendMailboxLog(storage.os, storage.layout.accountIndex, records);

const seconds = ({ os }: Storage): number => Math.floor(os.now() / 1000);

const withIndex = async <A>(
  storage: Storage,
  { name, paths }: Located,
  use: (index: IndexFile) => Promise<A>,
): Promise<A> => {
  const index = openMailboxIndex(storage.os, paths.index);
  if (index === null) return failStream(changed(name, "the mailbox is gone"));
  try {
    return await use(index);
  } finally {
    index.close();
  }
};

const createMailbox = async (
  storage: Storage,
  { name, guid, uidValidity }: Change<"CreateMailbox">,
): Promise<void> => {
  const paths = pathsFor(storage, name);
  const there = identityAt(storage, paths);
  if (there?.guid === guid) return;
  if (there !== null) failStream(changed(name, "another mailbox has the name"));
  raiseUidValidity(storage.os, storage.layout.control, uidValidity);
  const staged = await stageMailbox(storage, { guid, uidValidity }, null);
  installNew(storage, staged, paths);
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

const createDirectory = async (
  storage: Storage,
  { name }: Change<"CreateDirectory">,
): Promise<void> => {
  const { directory } = pathsFor(storage, name);
  if (storage.os.files.stat(directory) !== null) return;
  await storage.beginWriting();
  storage.os.disk.mkdir(directory, storage.modes.directory);
  syncUpTo(storage.os, directory, storage.layout.mailboxes);
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

const deleteMailbox = async (
  storage: Storage,
  locate: Locate,
  { name, guid, uidNext }: Change<"DeleteMailbox">,
): Promise<void> => {
  const located = await locate(guid);
  if (located === null) {
    // A kill may have come between the mailbox and its name.
    const { directory, mails } = pathsFor(storage, name);
    if (storage.os.files.stat(mails) === null) storage.os.disk.rmdir(directory);
    return;
  }
  if (located.name !== name) failStream(changed(name, `the mailbox is called ${located.name} now`));
  const nameIsGone = await withIndex(
    storage,
    located,
    (index) =>
      removeMailbox(storage, located.paths, index, (view) => {
        if (view.uidNext > (uidNext ?? Infinity)) failStream(mailCame(name));
      }),
  );
  const at = seconds(storage);
  tell(storage, [
    { type: "DeleteMailbox", guid, at },
    ...(nameIsGone ? [{ type: "DeleteDirectory", guid: mailboxNameHash(name), at } as const] : []),
  ]);
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

const deleteDirectory = async (
  storage: Storage,
  { name }: Change<"DeleteDirectory">,
): Promise<void> => {
  const { directory, index } = pathsFor(storage, name);
  const { disk, files } = storage.os;
  if (files.stat(directory) === null) return;
  if (storage.layout.indexMailboxes !== null) disk.rmdir(index);
  if (!disk.rmdir(directory)) failStream(changed(name, "the name has children or is a mailbox"));
  tell(storage, [{ type: "DeleteDirectory", guid: mailboxNameHash(name), at: seconds(storage) }]);
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

const renameMailbox = async (
  storage: Storage,
  locate: Locate,
  { name, guid, newName }: Change<"RenameMailbox">,
): Promise<void> => {
  const located = await locate(guid);
  if (located === null) {
    const what = `no mailbox has the GUID ${guid}`;
    return failStream(syncError("Missing", "mailbox", { mailbox: name }, what));
  }
  if (located.name === newName) return;
  if (located.name !== name) failStream(changed(name, `the mailbox is called ${located.name} now`));
  const to = pathsFor(storage, newName);
  if (storage.os.files.stat(to.mails) !== null) {
    failStream(changed(newName, "another mailbox has the name"));
  }
  await storage.beginWriting();
  await withIndex(storage, located, (index) => moveMailbox(storage, located.paths, to, index));
  tell(storage, [{ type: "Rename", guid: mailboxNameHash(newName), at: seconds(storage) }]);
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

/** Where the GUID lies in `mdbox-hdr`. */
const GUID_OFFSET = 4;

const reidentifyMailbox = async (
  storage: Storage,
  locate: Locate,
  { name, guid, newGuid, newUidValidity }: Change<"ReidentifyMailbox">,
): Promise<void> => {
  const located = await locate(guid) ?? await locate(newGuid);
  if (located === null) {
    const what = `no mailbox has the GUID ${guid}`;
    return failStream(syncError("Missing", "mailbox", { mailbox: name }, what));
  }
  if (located.name !== name) failStream(changed(name, `the mailbox is called ${located.name} now`));
  const { identity } = located;
  if (identity.guid === newGuid && identity.uidValidity === newUidValidity) return;
  raiseUidValidity(storage.os, storage.layout.control, newUidValidity);
  await withIndex(storage, located, (index) =>
    index.withLock((writer) => {
      writer.append([
        ...setExtensionHeader(MDBOX_HEADER, guid128(newGuid), GUID_OFFSET),
        setHeader([[HEADER_AT.uidValidity, newUidValidity]]),
      ], DONE);
      writer.sync();
    }));
  await refreshListIndex(storage.os, storage.layout.accountIndex);
};

const subscribe = async (
  storage: Storage,
  { _tag, name }: Change<"Subscribe" | "Unsubscribe">,
): Promise<void> => {
  const { os, layout: { control, naming } } = storage;
  const subscribed = _tag === "Subscribe";
  if (!subscribed && os.files.stat(control) === null) return;
  if (subscribed) await storage.beginWriting();
  if (await setSubscribed(os, control, name, subscribed, naming)) {
    tell(storage, [{ type: _tag, guid: mailboxNameHash(name), at: seconds(storage) }]);
  }
};

/** Carries out one change; done already is fine. Throws `StreamFailure<SyncError>`. */
export const changeTree = (
  storage: Storage,
  locate: Locate,
  operation: TreeOperation,
): Promise<void> => {
  switch (operation._tag) {
    case "CreateMailbox":
      return createMailbox(storage, operation);
    case "CreateDirectory":
      return createDirectory(storage, operation);
    case "DeleteMailbox":
      return deleteMailbox(storage, locate, operation);
    case "DeleteDirectory":
      return deleteDirectory(storage, operation);
    case "RenameMailbox":
      return renameMailbox(storage, locate, operation);
    case "ReidentifyMailbox":
      return reidentifyMailbox(storage, locate, operation);
    case "Subscribe":
    case "Unsubscribe":
      return subscribe(storage, operation);
  }
};
