/**
 * Dotlocks that a killed run has left.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { thrownError } from "./or_fail.ts";

/** How long such a lock is waited for: Dovecot's rule lets a dead owner keep it for 2 s. */
const DEAD_LOCK_MS = 5_000;

/**
 * Takes away the dotlock of a file, and the drafts that were written under it, if its owner is dead; a lock that
 * somebody else has stays. Costs one stat where there is no lock. Throws `StreamFailure`.
 */
export const removeDeadDotlock = async (
  os: Os,
  path: string,
  drafts: readonly string[],
): Promise<void> => {
  if (os.files.stat(`${path}.lock`) === null) return;
  try {
    const held = await os.locks.dotlock(path, DEAD_LOCK_MS);
    for (const draft of drafts) os.disk.unlink(draft);
    held.release();
  } catch (thrown) {
    const error = thrownError(thrown);
    if (error._tag !== "Busy") throw new StreamFailure(error);
  }
};
