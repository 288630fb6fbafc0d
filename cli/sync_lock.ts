/**
 * Dovecot's lock on a whole account while it is synced: -l.
 *
 * @module
 */
import type { Means } from "./between_stores.ts";
import { homeDirectory } from "./home_path.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";
import type { Fd, Held, Os } from "../lib/port/os.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";

/** The file in the user's home. */
const NAME = ".dovecot-sync.lock";

/** Takes the lock, waiting for it up to `seconds`; gives what lets go of it. */
export const lockAccount = async (
  os: Os,
  seconds: number,
): Promise<Either<SyncError, () => void>> => {
  const home = homeDirectory();
  if (home === null) {
    return E.left(syncError("Usage", "run", {}, "HOME is not set, so the account has no lock"));
  }
  try {
    return E.right(await lockFile(os, `${home}/${NAME}`, os.now() + seconds * 1000));
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};

/**
 * Locks the file at a path, which is made where it is missing, and waits for that up to `deadline`, milliseconds since
 * 1970; gives what removes it and lets go of it. Throws `StreamFailure`: `Busy` where another has it all the time.
 */
export const lockFile = async (os: Os, path: string, deadline: number): Promise<() => void> => {
  for (;;) {
    const fd = openLock(os, path);
    // Whoever had the lock took the file's name away before it let go: then this is a file that nobody else will find.
    let held: Held;
    try {
      held = await os.locks.record(fd, path, Math.max(deadline - os.now(), 0));
      if (os.files.stat(path)?.ino === os.files.fstat(fd).ino) return releaseOf(os, path, fd, held);
    } catch (thrown) {
      os.files.close(fd);
      throw thrown;
    }
    held.release();
    os.files.close(fd);
  }
};

const releaseOf = (os: Os, path: string, fd: Fd, held: Held) => (): void => {
  // Before it is let go of, so that nobody waits for a file that has no name any more.
  os.disk.unlink(path);
  held.release();
  os.files.close(fd);
};

/** Opens the file, which others make and remove meanwhile. */
const openLock = (os: Os, path: string): Fd => {
  const isThere = os.files.stat(path) !== null;
  try {
    return isThere ? os.files.open(path, "r+") : os.disk.openNew(path, 0o600);
  } catch (thrown) {
    const hasChanged = thrown instanceof StreamFailure &&
      (os.files.stat(path) !== null) !== isThere;
    if (!hasChanged) throw thrown;
    return openLock(os, path);
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
