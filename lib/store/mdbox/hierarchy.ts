/**
 * The directories of the mailboxes.
 *
 * @module
 */
import type { SyncError } from "../../model/error.ts";
import type { DirEntry, Os } from "../../port/os.ts";
import { attempt } from "../account/or_fail.ts";
import { type Layout, MAIL_DIRECTORY, pathsOfStored } from "./layout.ts";

/** A directory below that of the mailboxes. */
export interface FoundName {
  /** Its name as stored: the parts joined with "/". */
  readonly stored: string;
  /** Whether it is a mailbox: has a directory for mails. */
  readonly isMailbox: boolean;
  /** Whether it, or its directory for mails, is a symlink that leads to nothing, as to a disk that is not mounted. */
  readonly isLost: boolean;
}

const isDirectory = (os: Os, path: string, { kind }: DirEntry): boolean =>
  kind === "directory" || (kind === "symlink" && os.files.stat(path)?.kind === "directory");

/**
 * All names below a directory of mailboxes, in no order. Gives what could not be read to `onProblem`; without it that
 * is thrown, as `StreamFailure<SyncError>`.
 */
export const listNames = (
  os: Os,
  { root, storage, staging }: Layout,
  mailboxes: string,
  onProblem?: (error: SyncError) => void,
): FoundName[] => {
  // Where the mailboxes lie in the root, what the storage needs lies beside them.
  const others = [storage, staging, `${root}/dbox-alt-root`];
  const found: FoundName[] = [];
  const walk = (directory: string, stored: string, above: readonly string[]): void => {
    const info = os.files.stat(directory);
    const identity = `${info?.dev}:${info?.ino}`;
    // A symlink to a directory above would go on for ever.
    if (info === null || above.includes(identity)) return;
    let [isMailbox, isLost] = [false, false];
    for (const entry of os.files.list(directory) ?? []) {
      const path = `${directory}/${entry.name}`;
      if (others.includes(path)) continue;
      const leadsNowhere = entry.kind === "symlink" && os.files.stat(path) === null;
      if (!leadsNowhere && !isDirectory(os, path, entry)) continue;
      if (entry.name === MAIL_DIRECTORY) {
        [isMailbox, isLost] = [!leadsNowhere, leadsNowhere];
        continue;
      }
      const name = stored === "" ? entry.name : `${stored}/${entry.name}`;
      if (leadsNowhere) found.push({ stored: name, isMailbox: false, isLost: true });
      else if (onProblem === undefined) walk(path, name, [...above, identity]);
      else attempt(() => walk(path, name, [...above, identity]), onProblem);
    }
    if (stored !== "") found.push({ stored, isMailbox, isLost });
  };
  walk(mailboxes, "", []);
  return found;
};

/**
 * The index directories of all mailboxes that can name mails of a storage: namespaces that differ in MAILBOXDIR= alone
 * share one. Sorted.
 */
export const allIndexDirectories = (os: Os, layout: Layout): string[] => {
  const { root, accountIndex, indexMailboxes } = layout;
  const place = {
    ...layout,
    mailboxes: root,
    indexMailboxes: indexMailboxes === null ? null : accountIndex,
  };
  return listNames(os, layout, root)
    .flatMap(({ stored, isMailbox }) => isMailbox ? [pathsOfStored(place, stored).index] : [])
    .sort();
};

/** Whether a name has children. */
export const hasChildren = (os: Os, directory: string): boolean =>
  (os.files.list(directory) ?? []).some((entry) =>
    entry.name !== MAIL_DIRECTORY && isDirectory(os, `${directory}/${entry.name}`, entry)
  );

/** Makes the entries of a directory and of those above it, up to `root`, durable. */
export const syncUpTo = (os: Os, directory: string, root: string): void => {
  for (let path = directory; path.length >= root.length; path = path.replace(/\/[^/]*$/, "")) {
    os.disk.syncDir(path);
    if (!path.includes("/")) return;
  }
};
