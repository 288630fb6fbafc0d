/**
 * Dovecot's lock on a whole account while it is synced: -l.
 *
 * @module
 */
import type { Means } from "./between_stores.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { Os } from "../lib/port/os.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";

/** The file in the user's home. */
const NAME = ".dovecot-sync.lock";

/** Takes the lock, waiting for it up to `seconds`; gives what lets go of it. */
export const lockAccount = async (
  os: Os,
  seconds: number,
): Promise<Either<SyncError, () => void>> => {
  const home = Deno.env.get("HOME");
  if (home === undefined) {
    return E.left(syncError("Usage", "run", {}, "HOME is not set, so the account has no lock"));
  }
  const path = `${home}/${NAME}`;
  try {
    const fd = os.files.stat(path) === null
      ? os.disk.openNew(path, 0o600)
      : os.files.open(path, "r+");
    try {
      const held = await os.locks.record(fd, path, seconds * 1000);
      return E.right(() => {
        // Before it is let go of, so that nobody waits for a file that has no name any more.
        os.disk.unlink(path);
        held.release();
        os.files.close(fd);
      });
    } catch (thrown) {
      os.files.close(fd);
      throw thrown;
    }
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};

/** Takes the lock, where -l asks for it and it is for this end to take: the higher host name, of equal ones the master. */
export const lockHere = async (
  { command, os }: Means,
  otherHost: string,
): Promise<Either<SyncError, () => void>> =>
  command.lockTimeout === null || otherHost > os.hostname
    ? E.right(() => {})
    : await lockAccount(os, command.lockTimeout);
