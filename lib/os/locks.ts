/**
 * Locks on open files, as a running Dovecot takes them: record locks over the whole file and flock.
 *
 * @module
 */
import type { Fd, Held, Locks } from "../port/os.ts";
import { makeDotlock } from "./dotlock.ts";
import { ERRNO, failCall } from "./errno.ts";
import { changingLibc, errno } from "./libc.ts";
import { waitFor } from "./wait.ts";

/** Dovecot waits this long for an index log or map log (mail_max_lock_timeout): 3 minutes. */
export const RECORD_TIMEOUT_MS = 180_000;

/** fcntl commands for locks that belong to the open file description (Linux 3.15). */
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

/** struct flock of 64-bit Linux: type i16, whence i16, start i64 at 8, length i64 at 16 (0: to the end), pid i32 at 24. */
const wholeFile = (type: number): Uint8Array<ArrayBuffer> => {
  const view = new DataView(new ArrayBuffer(32));
  view.setInt16(0, type, true);
  return new Uint8Array(view.buffer);
};

/** A lock that is let go of by `free` once, and needs no touch. */
const heldBy = (free: () => void): Held => {
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    free();
  };
  return { release, touch: () => {} };
};

/** Tries to lock the whole file; null when another has it. */
const tryRecord = (fd: Fd, path: string): Held | null => {
  if (changingLibc().fcntl(fd, F_OFD_SETLK, wholeFile(F_WRLCK)) < 0) {
    const number = errno();
    const taken = number === ERRNO.EAGAIN || number === ERRNO.EACCES || number === ERRNO.EINTR;
    return taken ? null : failCall("fcntl", path, number);
  }
  return heldBy(() => changingLibc().fcntl(fd, F_OFD_SETLK, wholeFile(F_UNLCK)));
};

/** Makes the locks. */
export const makeLocks = (hostname: string): Locks => {
  // Asked for again and again instead of F_OFD_SETLKW: a call that waits could not be given up in time.
  const record: Locks["record"] = (fd, path, timeoutMs = RECORD_TIMEOUT_MS) =>
    waitFor(() => Promise.resolve(tryRecord(fd, path)), path, timeoutMs);

  const tryFlock: Locks["tryFlock"] = (fd, path) => {
    let result: number;
    do result = changingLibc().flock(fd, LOCK_EX | LOCK_NB); while (
      result < 0 && errno() === ERRNO.EINTR
    );
    if (result === 0) return heldBy(() => changingLibc().flock(fd, LOCK_UN));
    const number = errno();
    return number === ERRNO.EAGAIN ? null : failCall("flock", path, number);
  };

  return { record, tryFlock, dotlock: makeDotlock(hostname) };
};
