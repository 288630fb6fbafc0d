/**
 * Dovecot's dotlock: a file beside the one it protects, whose existence is the lock.
 *
 * The rules for locks that were left behind are those of Dovecot's src/lib/file-dotlock.c, so that neither side takes
 * a lock away that the other still honours.
 *
 * @module
 */
import type { Fd, FileInfo, Held, Locks } from "../port/os.ts";
import { ERRNO, failCall, isMissing } from "./errno.ts";
import { fstat, lstat, rawOpen, stat } from "./files.ts";
import { changingLibc, errno, libc, O } from "./libc.ts";
import { makeFile } from "./new_entry.ts";
import { pathBytes } from "./path_bytes.ts";
import { sleep, waitFor } from "./wait.ts";

/** Dovecot's wait for dovecot-uidlist.lock: 2 s more than it takes to become stale. */
export const DOTLOCK_TIMEOUT_MS = 122_000;

/** A lock whose owner cannot be asked is left behind when nothing changed for this long. */
const STALE_S = 120;
/** A lock this young is believed: its owner has just made it, perhaps not yet written its name. */
const YOUNG_S = 2;
/** Dovecot reads at most this much of a lock file. */
const OWNER_BYTES = 511;

/** The process of this host that a lock file names, or null. */
const ownerPid = (lockPath: string, hostname: string): number | null => {
  const fd = rawOpen(lockPath, O.RDONLY | O.CLOEXEC | O.NONBLOCK);
  if (fd < 0) return null;
  const bytes = new Uint8Array(OWNER_BYTES);
  const length = libc().pread(fd, bytes, BigInt(bytes.length), 0n);
  libc().close(fd);
  const text = new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)));
  const [, pid, host] = /^([0-9]{1,10}):([^\n]*)\n?$/.exec(text) ?? [];
  if (pid === undefined || host !== hostname) return null;
  const number = Number(pid);
  return number > 0 && number < 2 ** 31 ? number : null;
};

/** kill(pid, 0): a process that may not be signalled lives too. */
const isAlive = (pid: number): boolean =>
  changingLibc().kill(pid, 0) === 0 || errno() !== ERRNO.ESRCH;

/** What is known of the process that a lock file names. */
export type Owner = "alive" | "dead" | "unknown";

/** When a file last changed, seconds since 1970; a modification time in the future is somebody's own mark. */
const changedAt = (info: FileInfo, now: number): number =>
  info.mtime <= now ? Math.max(info.mtime, info.ctime) : info.ctime;

/**
 * Whether a lock file was left behind at `now` (seconds since 1970): its owner is dead, or cannot be asked while neither
 * the lock nor the file it guards (null: there is none) has changed for 120 s.
 */
export const isLeftBehind = (
  lock: FileInfo,
  owner: Owner,
  guarded: FileInfo | null,
  now: number,
): boolean => {
  if (owner === "alive") return false;
  // A young lock may be a new one under a name that was read before.
  if (owner === "dead" && lock.mtime < now - YOUNG_S) return true;
  return [lock, guarded].every((info) => info === null || now > changedAt(info, now) + STALE_S);
};

const sameFile = (a: FileInfo, b: FileInfo | null): boolean =>
  b !== null && a.ino === b.ino && a.dev === b.dev && a.ctime === b.ctime &&
  a.mtime === b.mtime && a.mtimeNs === b.mtimeNs && a.size === b.size;

const identity = (info: FileInfo): string => `${info.dev}:${info.ino}`;

/**
 * The lock files that this very process holds; one that names its number but is not here was left by an earlier
 * process. By identity, for a path can be spelled in many ways.
 */
const own = new Set<string>();

/** Makes the taker of dotlocks for a host. */
export const makeDotlock = (hostname: string): Locks["dotlock"] => {
  const ownerOf = (lockPath: string, info: FileInfo): Owner => {
    if (own.has(identity(info))) return "alive";
    const pid = ownerPid(lockPath, hostname);
    if (pid === null) return "unknown";
    return pid !== Deno.pid && isAlive(pid) ? "alive" : "dead";
  };

  /** Makes the lock file; null when there is one already. */
  const tryCreate = (lockPath: string): Fd | null => {
    const fd = makeFile(lockPath, 0o666);
    if (fd < 0) {
      const number = errno();
      return number === ERRNO.EEXIST ? null : failCall("create", lockPath, number);
    }
    const owner = new TextEncoder().encode(`${Deno.pid}:${hostname}`);
    // Without the owner's name the lock still holds: it only takes longer to be known as left behind.
    if (changingLibc().write(fd, owner, BigInt(owner.length)) !== owner.length) {
      changingLibc().ftruncate(fd, 0n);
    }
    return fd;
  };

  const hold = (lockPath: string, fd: Fd): Held => {
    // The descriptor stays open so that no other file can be given the same inode number.
    const made = identity(fstat(fd, lockPath));
    own.add(made);
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        own.delete(made);
        const there = lstat(lockPath);
        // Someone who took it for left behind has it now: it is not ours to remove.
        if (there !== null && identity(there) === made) {
          changingLibc().unlink(pathBytes(lockPath));
        }
        libc().close(fd);
      },
      touch: () => {
        if (held && changingLibc().futimens(fd, null) < 0) failCall("utimensat", lockPath);
      },
    };
  };

  return (path, timeoutMs = DOTLOCK_TIMEOUT_MS) => {
    const lockPath = `${path}.lock`;
    const attempt = async (): Promise<Held | null> => {
      const fd = tryCreate(lockPath);
      if (fd !== null) return hold(lockPath, fd);
      const info = lstat(lockPath);
      if (info === null) return null;
      const now = Math.floor(Date.now() / 1000);
      if (!isLeftBehind(info, ownerOf(lockPath, info), stat(path), now)) return null;
      // Looked at once more right before it goes, and left alone for a while after, as Dovecot does: two who find the
      // same old lock must not remove each other's new one.
      if (sameFile(info, lstat(lockPath)) && changingLibc().unlink(pathBytes(lockPath)) < 0) {
        const number = errno();
        if (!isMissing(number)) failCall("unlink", lockPath, number);
      }
      await sleep(100 + Math.random() * 100);
      return null;
    };
    return waitFor(attempt, lockPath, timeoutMs);
  };
};
