/**
 * The subscriptions file on disk, shared by all formats.
 *
 * @module
 */
import type { Naming } from "../../codec/mailbox_path.ts";
import {
  formatSubscriptions,
  NO_SUBSCRIPTIONS,
  parseSubscriptions,
  type Subscriptions,
  withSubscription,
} from "../../codec/subscriptions.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { Os } from "../../port/os.ts";
import { modesOf } from "./modes.ts";
import { removeDeadDotlock } from "./dead_lock.ts";
import { orFail } from "./or_fail.ts";

const FILE = "subscriptions";
/** Far more than any account has; a file above it is no subscriptions file. */
const MAX_BYTES = 64 << 20;
/** SUBSCRIPTION_FILE_LOCK_TIMEOUT of Dovecot's subscription-file.c. */
const LOCK_TIMEOUT_MS = 120_000;

/**
 * Reads the subscriptions in `controlRoot`; a missing file is an empty one. Throws `StreamFailure` where the file
 * cannot be read.
 */
export const readSubscriptions = (os: Os, controlRoot: string): Subscriptions => {
  const bytes = os.files.readFile(`${controlRoot}/${FILE}`, MAX_BYTES);
  return bytes === null ? NO_SUBSCRIPTIONS : parseSubscriptions(bytes);
};

/**
 * Subscribes or unsubscribes one name, durable when it returns; gives whether that changed the file. The file keeps
 * its version and is replaced under `subscriptions.lock`. Throws `StreamFailure`: `Unfit` where the file cannot hold
 * the name, `Busy` where the lock is not to be had.
 */
export const setSubscribed = async (
  os: Os,
  controlRoot: string,
  name: MailboxName,
  subscribed: boolean,
  naming: Naming,
): Promise<boolean> => {
  const path = `${controlRoot}/${FILE}`;
  const change = (): Subscriptions | null => {
    const file = readSubscriptions(os, controlRoot);
    const changed = orFail(withSubscription(file, name, subscribed, naming), { path });
    return changed === file ? null : changed;
  };
  // Nothing to do is seen without the lock, so that an equal side is not written to.
  if (change() === null) return false;
  os.disk.mkdir(controlRoot, modesOf(os, controlRoot).directory);
  const lock = await os.locks.dotlock(path, LOCK_TIMEOUT_MS);
  try {
    const file = change();
    if (file === null) return false;
    const temporary = `${path}.tmp`;
    os.disk.unlink(temporary);
    os.disk.create(temporary, [formatSubscriptions(file)], {
      mode: modesOf(os, controlRoot).file,
    });
    os.disk.rename(temporary, path);
    os.disk.syncDir(controlRoot);
    return true;
  } finally {
    lock.release();
  }
};

/** Takes away the lock of a killed run, and what it was writing under it. Throws `StreamFailure`. */
export const removeDeadSubscriptionLock = (os: Os, controlRoot: string): Promise<void> => {
  const path = `${controlRoot}/${FILE}`;
  return removeDeadDotlock(os, path, [`${path}.tmp`]);
};
