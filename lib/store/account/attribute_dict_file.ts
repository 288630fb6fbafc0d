/**
 * The file of mailbox attributes on disk (mail_attribute_dict = file:PATH), shared by all formats and all mailboxes of an
 * account.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import {
  type Dict,
  formatDict,
  parseDict,
  withMovedAttributes,
} from "../../codec/attribute_dict.ts";
import type { Os } from "../../port/os.ts";
import type { Store } from "../../port/store.ts";
import { removeDeadDotlock } from "./dead_lock.ts";
import { modesOf } from "./modes.ts";
import { thrownError } from "./or_fail.ts";

/** A file above it is no such dict, or more than memory should take. */
const MAX_BYTES = 64 << 20;

/** As long as Dovecot's dict-file.c waits. */
const LOCK_TIMEOUT_MS = 120_000;

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** Reads the file; one that is missing is empty. Throws `StreamFailure` where it cannot be read. */
export const readDict = (os: Os, path: string): Dict => {
  const bytes = os.files.readFile(path, MAX_BYTES);
  return bytes === null ? new Map() : parseDict(bytes);
};

/**
 * Changes the file by `change` under its dotlock, as Dovecot does, durable when it returns; not touched where `change`
 * gives the same dict back. Throws `StreamFailure`; `Busy` where the lock is not to be had.
 */
export const changeDict = async (
  os: Os,
  path: string,
  change: (dict: Dict) => Dict,
): Promise<void> => {
  const seen = readDict(os, path);
  // Nothing to do is seen without the lock, so that an equal side is not written to.
  if (change(seen) === seen) return;
  const directory = directoryOf(path);
  os.disk.mkdir(directory, modesOf(os, directory).directory);
  const lock = await os.locks.dotlock(path, LOCK_TIMEOUT_MS);
  try {
    const dict = readDict(os, path);
    const changed = change(dict);
    if (changed === dict) return;
    const mode = os.files.stat(path)?.mode ?? modesOf(os, directory).file;
    const temporary = `${path}.tmp`;
    os.disk.unlink(temporary);
    os.disk.create(temporary, [formatDict(changed)], { mode: mode & 0o777 });
    os.disk.rename(temporary, path);
    os.disk.syncDir(directory);
  } finally {
    lock.release();
  }
};

/** Takes away the lock of a killed run, and what it was writing under it. Throws `StreamFailure`. */
export const removeDeadDictLock = (os: Os, path: string): Promise<void> =>
  removeDeadDotlock(os, path, [`${path}.tmp`]);

/** Has attributes go along with a mailbox that gets another GUID; `path`: the dict, where there is one. */
export const movingAttributes =
  (os: Os, path: string | undefined, applyTree: Store["applyTree"]): Store["applyTree"] =>
  (operation) =>
  async () => {
    const end = await applyTree(operation)();
    if (path === undefined || operation._tag !== "ReidentifyMailbox" || E.isLeft(end)) return end;
    const { guid, newGuid } = operation;
    if (guid === newGuid) return end;
    try {
      return E.right(
        await changeDict(os, path, (dict) => withMovedAttributes(dict, guid, newGuid)),
      );
    } catch (thrown) {
      return E.left(thrownError(thrown));
    }
  };
