/**
 * Many small files made durable together. An fsync of each makes a disk empty its memory for each; syncfs does that once
 * for all that is dirty in the file system, other programs' files too, and waits as long as that takes.
 *
 * @module
 */
import type { Fd, Gathering } from "../port/os.ts";
import { ERRNO, failCall } from "./errno.ts";
import { rawOpen } from "./files.ts";
import { changingLibc, errno, libc, libcBeside, O } from "./libc.ts";

/** So many files are synced at a time where each is synced for itself. */
const SYNCED_TOGETHER = 32;
/** Fewer files than this are not worth the rest of a file system. */
const WORTH_SYNCFS = 32;

/** f_type of statfs(2), of file systems whose syncfs waits for a local disk: ext2 to 4, XFS, Btrfs, F2FS. */
const LOCAL: ReadonlySet<bigint> = new Set([0xef53n, 0x58465342n, 0x9123683en, 0xf2f52010n]);
/** struct statfs of 64-bit Linux; f_type comes first. */
const STATFS_SIZE = 120;

/** struct utsname of Linux: six texts of this size that end in a zero, the release third. */
const UTS_LENGTH = 65;

/** Whether syncfs tells of what could not be written: since Linux 5.8 (syncfs(2), Errors). */
const tellsErrors = (): boolean => {
  const uts = new Uint8Array(6 * UTS_LENGTH);
  if (libcBeside().uname(uts) < 0) return false;
  const text = new TextDecoder().decode(uts.subarray(2 * UTS_LENGTH, 3 * UTS_LENGTH));
  const [major = 0, minor = 0] = text.split(".").map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 8);
};

const isLocal = (fd: number): boolean => {
  const statfs = new Uint8Array(STATFS_SIZE);
  return libcBeside().fstatfs(fd, statfs) === 0 &&
    LOCAL.has(new DataView(statfs.buffer).getBigInt64(0, true));
};

/** fsync of an open file on a thread of its own; `path` is what it is called in errors. */
export const syncOpen = async (fd: Fd, path: string): Promise<void> => {
  if (await libcBeside().fsync(fd) === 0) return;
  // The number was left in another thread. Asked again the system may say that all is well: it is not.
  const number = changingLibc().fsync(fd) < 0 ? errno() : ERRNO.EIO;
  failCall("fsync", path, number);
};

const syncFile = async (path: string): Promise<void> => {
  const fd = rawOpen(path, O.RDONLY | O.CLOEXEC);
  if (fd < 0) failCall("open", path);
  try {
    await syncOpen(fd, path);
  } finally {
    libc().close(fd);
  }
};

const syncEach = async (
  paths: readonly string[],
  onSync: (path: string) => void,
): Promise<void> => {
  let next = 0;
  const syncSome = async (): Promise<void> => {
    while (next < paths.length) {
      const path = paths[next++]!;
      try {
        onSync(path);
        await syncFile(path);
      } catch (thrown) {
        next = paths.length;
        throw thrown;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(SYNCED_TOGETHER, paths.length) }, syncSome);
  // Nothing may be under way any more when this fails.
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === "rejected") throw lane.reason;
  }
};

/**
 * Begins to gather files below a directory; `onSync` is shown the directory, or each file, before it is synced. The
 * directory stays open from before the first file is written: only then does syncfs tell each of two programs of an
 * error, whoever asks first. A test hands in a `syncfs` that fails.
 */
export const gatherFiles = (
  directory: string,
  onSync: (path: string) => void,
  syncfs: (fd: Fd) => Promise<number> = (fd) => libcBeside().syncfs(fd),
): Gathering => {
  const fd = rawOpen(directory, O.RDONLY | O.CLOEXEC);
  if (fd < 0) failCall("open", directory);
  const canSyncAll = tellsErrors() && isLocal(fd);
  return {
    sync: async (paths) => {
      if (canSyncAll && paths.length >= WORTH_SYNCFS) {
        onSync(directory);
        if (await syncfs(fd) === 0) return;
        // Somebody's file could not be written: whether it is one of ours, each of them tells.
      }
      await syncEach(paths, onSync);
    },
    close: () => void libc().close(fd),
  };
};
