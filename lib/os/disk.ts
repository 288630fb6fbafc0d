/**
 * Writing: every durable step passes one counter and one hook before it is done, so a test can stop the program at each
 * of them, or in the middle of one.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { Disk, Fd, Files } from "../port/os.ts";
import { failStream, StreamFailure } from "../stream/chunks.ts";
import { ERRNO, failCall, isMissing, systemError } from "./errno.ts";
import { lstat, type OpenFiles, rawOpen } from "./files.ts";
import { gatherFiles, syncOpen } from "./gathering.ts";
import { AT_FDCWD, changingLibc, currentUmask, errno, libc, O } from "./libc.ts";
import { makeDirectory, makeFile } from "./new_entry.ts";
import { pathBytes, secondPathBytes } from "./path_bytes.ts";
import { pathParts } from "./path_parts.ts";

/** One step that changes what a crash would leave behind. */
export interface DurableStep {
  /** Its number, 1 and up, over the life of one {@linkcode Disk}. */
  readonly n: number;
  /** Which call it belongs to. A `removeTree` is many steps, of the kinds `unlink` and `rmdir`; `renameNew` is a `rename`. */
  readonly kind: Exclude<keyof Disk, "removeTree" | "beginSync" | "renameNew">;
  /** The file or directory; of two paths the one that is given a new content. */
  readonly path: string;
  /** How many bytes it writes; `create` and `write` alone. */
  readonly bytes?: number;
}

/** A wish for a step that writes: only the first `keep` bytes reach the file, then `then` ends the program. */
export interface TornWrite {
  /** Bytes that are written, at most those of the step. */
  readonly keep: number;
  /** Called after them: kills or throws. If it returns the step fails with `Io`. */
  readonly then?: () => void;
}

/** Is shown each durable step before it is done. It may throw, kill the process, or ask for a torn write. */
export type StepHook = (step: DurableStep) => TornWrite | void;

/** struct timespec of "leave it as it is" (UTIME_OMIT, sys/stat.h). */
const UTIME_OMIT = (1 << 30) - 2;
const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;
const SYNC_FILE_RANGE_WRITE = 2;

/** Two struct timespec: the access time stays, the modification time is `mtime`, whole seconds. */
const times = (mtime: number): Uint8Array<ArrayBuffer> => {
  const view = new DataView(new ArrayBuffer(32));
  view.setBigInt64(8, BigInt(UTIME_OMIT), true);
  view.setBigInt64(16, BigInt(Math.floor(mtime)), true);
  return new Uint8Array(view.buffer);
};

const failShort = (path: string, wrote: number, wanted: number): never => {
  const what = `write failed: ${wrote} of ${wanted} bytes were written`;
  throw new StreamFailure<SyncError>(syncError("Io", "store", { path }, what));
};

/**
 * One write system call, as a rule; all of the bytes or an error. Where the system takes a part of them only, it says why
 * when it is asked to take the rest.
 */
const writeOnce = (fd: Fd, bytes: Uint8Array, position: number | null, path: string): void => {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.subarray(done) as Uint8Array<ArrayBuffer>;
    const n = position === null
      ? changingLibc().write(fd, rest, BigInt(rest.length))
      : changingLibc().pwrite(fd, rest, BigInt(rest.length), BigInt(position + done));
    if (n < 0 && errno() === ERRNO.EINTR) continue;
    if (n < 0) failCall("write", path);
    if (n === 0) failShort(path, done, bytes.length);
    done += n;
  }
};

/** The first `length` bytes of the pieces. */
const head = (pieces: readonly Uint8Array[], length: number): Uint8Array[] => {
  const out: Uint8Array[] = [];
  let left = length;
  for (const piece of pieces) {
    if (left <= 0) break;
    out.push(piece.subarray(0, left));
    left -= piece.length;
  }
  return out;
};

/** Has the names in a directory made durable; false: it cannot be opened. */
const syncNames = (path: string): boolean => {
  const fd = rawOpen(path, O.RDONLY | O.CLOEXEC);
  if (fd < 0) return false;
  try {
    // Some file systems (FUSE, SMB) know no fsync of a directory: there is nothing to wait for then.
    if (changingLibc().fsync(fd) < 0) {
      const number = errno();
      if (number !== ERRNO.EINVAL && number !== ERRNO.EOPNOTSUPP) failCall("fsync", path, number);
    }
    return true;
  } finally {
    libc().close(fd);
  }
};

/** Makes the writing half of the port. */
export const makeDisk = (files: Files, openFiles: OpenFiles, onStep?: StepHook): Disk => {
  let steps = 0;
  /** Counts a step and shows it; gives the torn write that the hook asks for. */
  const step = (kind: DurableStep["kind"], path: string, bytes?: number): TornWrite | void => {
    steps += 1;
    return onStep?.(
      bytes === undefined ? { n: steps, kind, path } : { n: steps, kind, path, bytes },
    );
  };

  let umask: number | null = null;
  /** Bits of a mode that the system would take away. */
  const isMasked = (mode: number): boolean => (mode & (umask ??= currentUmask())) !== 0;
  /** Makes a file that must not exist, with exactly this mode: a shared mailbox needs bits that the umask takes. */
  const make = (path: string, mode: number): Fd => {
    const fd = makeFile(path, mode);
    if (fd < 0) return failCall("create", path);
    if (isMasked(mode) && changingLibc().fchmod(fd, mode) < 0) {
      const number = errno();
      libc().close(fd);
      return failCall("chmod", path, number);
    }
    return fd;
  };

  const endTorn = (torn: TornWrite, path: string, wanted: number): never => {
    torn.then?.();
    return failShort(path, torn.keep, wanted);
  };

  const create: Disk["create"] = (path, pieces, options = {}) => {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const torn = step("create", path, bytes);
    const fd = make(path, options.mode ?? 0o600);
    try {
      if (torn) {
        for (const piece of head(pieces, torn.keep)) writeOnce(fd, piece, null, path);
        endTorn(torn, path, bytes);
      }
      for (const piece of pieces) writeOnce(fd, piece, null, path);
      if (options.mtime !== undefined && changingLibc().futimens(fd, times(options.mtime)) < 0) {
        failCall("utimensat", path);
      }
      if (options.sync !== false && changingLibc().fsync(fd) < 0) failCall("fsync", path);
    } catch (thrown) {
      // Half a file is of no use to anyone; only the test of a crash wants to see it.
      if (!torn) changingLibc().unlink(pathBytes(path));
      throw thrown;
    } finally {
      libc().close(fd);
    }
  };

  const openNew: Disk["openNew"] = (path, mode = 0o600) => {
    step("openNew", path);
    const fd = make(path, mode);
    openFiles.add(fd, path, false);
    return fd;
  };

  const write: Disk["write"] = (fd, bytes, position) => {
    const path = openFiles.path(fd);
    const torn = step("write", path, bytes.length);
    const appends = openFiles.appends(fd);
    if (appends && position !== null) {
      // pwrite(2), Bugs: Linux appends to an O_APPEND descriptor wherever it is told to write.
      throw new Error(`write at ${position} of ${path}, which is open to append`);
    }
    const at = position === null && !appends ? files.fstat(fd).size : position;
    if (torn) {
      writeOnce(fd, bytes.subarray(0, torn.keep), at, path);
      endTorn(torn, path, bytes.length);
    }
    writeOnce(fd, bytes, at, path);
  };

  const sync: Disk["sync"] = (fd) => {
    const path = openFiles.path(fd);
    step("sync", path);
    if (changingLibc().fdatasync(fd) < 0) failCall("fdatasync", path);
  };

  const syncBeside: Disk["syncBeside"] = async (fd) => {
    const path = openFiles.path(fd);
    step("sync", path);
    await syncOpen(fd, path);
  };

  const beginSync: Disk["beginSync"] = (fd, position, length) => {
    // Some file systems know no such call, and what it could not begin is done by sync.
    changingLibc().sync_file_range(fd, BigInt(position), BigInt(length), SYNC_FILE_RANGE_WRITE);
  };

  const gather: Disk["gather"] = (directory) =>
    gatherFiles(directory, (path) => void step("gather", path));

  const syncDir: Disk["syncDir"] = (path) => {
    step("syncDir", path);
    if (!syncNames(path)) failCall("open", path);
  };

  const truncate: Disk["truncate"] = (fd, size) => {
    const path = openFiles.path(fd);
    step("truncate", path);
    if (changingLibc().ftruncate(fd, BigInt(size)) < 0) failCall("ftruncate", path);
  };

  const setMtime: Disk["setMtime"] = (path, mtime) => {
    step("setMtime", path);
    if (changingLibc().utimensat(AT_FDCWD, pathBytes(path), times(mtime), 0) < 0) {
      failCall("utimensat", path);
    }
  };

  const rename: Disk["rename"] = (from, to) => {
    step("rename", to);
    if (changingLibc().rename(pathBytes(from), secondPathBytes(to)) < 0) failCall("rename", from);
  };

  const renameNew: Disk["renameNew"] = (from, to) => {
    step("rename", to);
    const [one, two] = [pathBytes(from), secondPathBytes(to)];
    if (changingLibc().renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_NOREPLACE) === 0) return;
    const number = errno();
    if (number === ERRNO.EEXIST) failCall("renameat2", to, number);
    // Network file systems, above all.
    const isUnknown = number === ERRNO.EINVAL || number === ERRNO.ENOSYS ||
      number === ERRNO.EOPNOTSUPP;
    if (!isUnknown) failCall("renameat2", from, number);
    if (lstat(to) !== null) failCall("rename", to, ERRNO.EEXIST);
    if (changingLibc().rename(pathBytes(from), secondPathBytes(to)) < 0) failCall("rename", from);
  };

  const exchange: Disk["exchange"] = (a, b) => {
    step("exchange", b);
    const [x, y] = [pathBytes(a), secondPathBytes(b)];
    if (changingLibc().renameat2(AT_FDCWD, x, AT_FDCWD, y, RENAME_EXCHANGE) < 0) {
      failCall("renameat2", a);
    }
  };

  const link: Disk["link"] = (from, to) => {
    step("link", to);
    if (changingLibc().link(pathBytes(from), secondPathBytes(to)) < 0) failCall("link", to);
  };

  const unlink: Disk["unlink"] = (path) => {
    step("unlink", path);
    if (changingLibc().unlink(pathBytes(path)) === 0) return true;
    const number = errno();
    return isMissing(number) ? false : failCall("unlink", path, number);
  };

  const mkdir: Disk["mkdir"] = (path, mode = 0o700, durable = true) => {
    const there = files.stat(path);
    if (there?.kind === "directory") return;
    const [parent] = pathParts(path);
    if (there === null) mkdir(parent, mode, durable);
    step("mkdir", path);
    if (makeDirectory(path, mode, isMasked(mode)) < 0) {
      const number = errno();
      // Another process may have been faster.
      if (number === ERRNO.EEXIST && files.stat(path)?.kind === "directory") return;
      if (number !== ERRNO.EEXIST) failCall("mkdir", path, number);
      const what = "mkdir failed: what is there is no directory (EEXIST)";
      failStream<SyncError>({ ...systemError("mkdir", number, { path }), what });
    }
    // One that may be written to, but not read, is the only one that cannot be opened here.
    if (durable && !syncNames(parent) && errno() !== ERRNO.EACCES) failCall("open", parent);
  };

  const rmdir: Disk["rmdir"] = (path) => {
    step("rmdir", path);
    if (changingLibc().rmdir(pathBytes(path)) === 0) return true;
    const number = errno();
    const left = number === ERRNO.ENOENT || number === ERRNO.ENOTEMPTY || number === ERRNO.EEXIST;
    return left ? false : failCall("rmdir", path, number);
  };

  const removeTree: Disk["removeTree"] = (path) => {
    if (lstat(path)?.kind !== "directory") {
      if (lstat(path) !== null) unlink(path);
      return;
    }
    for (const { name } of files.list(path) ?? []) removeTree(`${path}/${name}`);
    rmdir(path);
  };

  return {
    create,
    openNew,
    write,
    sync,
    syncBeside,
    beginSync,
    gather,
    syncDir,
    truncate,
    setMtime,
    rename,
    renameNew,
    exchange,
    link,
    unlink,
    mkdir,
    rmdir,
    removeTree,
  };
};
