/**
 * The operating system as the adapters see it: the only way to files, locks, clock and randomness. All of it is handed
 * in, so a test can count, delay or kill at each durable step.
 *
 * Calls are synchronous unless they wait for somebody else: a local file operation is shorter than a turn of the
 * event loop. Failures of the system are thrown as `StreamFailure<SyncError>` with the path in `where`, scope "store"
 * (adapters narrow it), `_tag` Missing (ENOENT, ENOTDIR), Denied (EACCES, EPERM, EROFS), Busy (lock timeouts) or Io;
 * `cause` is `{ code, syscall }` with errno's name ("EEXIST"). A path that no file can have (empty, NUL) is Unfit.
 *
 * Names and paths are text; a byte of them that is not UTF-8 is the lone surrogate U+DC00 + byte, both ways.
 *
 * @module
 */

/** An open file descriptor. */
export type Fd = number;

/** What stat says. */
export interface FileInfo {
  /** What it is. */
  readonly kind: "file" | "directory" | "symlink" | "other";
  /** Bytes. */
  readonly size: number;
  /** Modification time, seconds since 1970, whole. */
  readonly mtime: number;
  /** Its nanoseconds within the second. */
  readonly mtimeNs: number;
  /** Status change time, seconds since 1970, whole. */
  readonly ctime: number;
  /** Its nanoseconds within the second. */
  readonly ctimeNs: number;
  /** Number of hard links. */
  readonly links: number;
  /** Device number. */
  readonly dev: number;
  /** Inode number (as text where it exceeds 2^53). */
  readonly ino: string;
  /** Permission bits. */
  readonly mode: number;
  /** Its owner. */
  readonly uid: number;
  /** Its group. */
  readonly gid: number;
}

/** An entry of a directory. */
export interface DirEntry {
  /** Its name. */
  readonly name: string;
  /** What it is; a symlink is not followed. */
  readonly kind: "file" | "directory" | "symlink" | "other";
}

/** Reading. */
export interface Files {
  /** Opens a file: "r" to read, "r+" to read and write, "a" to read and append (O_RDWR|O_APPEND). Missing file: thrown. */
  readonly open: (path: string, mode: "r" | "r+" | "a") => Fd;
  /** Closes a descriptor. */
  readonly close: (fd: Fd) => void;
  /** Reads into `into` from byte `position`; gives the number of bytes, 0 at the end. */
  readonly read: (fd: Fd, into: Uint8Array, position: number) => number;
  /** The whole file, or null when it does not exist. Fails (Unsupported) above `limit` bytes (default 1 GiB). */
  readonly readFile: (path: string, limit?: number) => Uint8Array | null;
  /** Stat of a path, symlinks followed, or null when it does not exist. */
  readonly stat: (path: string) => FileInfo | null;
  /** The same of a symlink itself, and not of what it leads to. */
  readonly lstat: (path: string) => FileInfo | null;
  /** Stat of an open file. */
  readonly fstat: (fd: Fd) => FileInfo;
  /**
   * Has small files brought into the system's memory, many at a time, so that whoever reads them soon does not wait for
   * a disk for each. What cannot be is left to the one who reads. Absent where it would be of no use.
   */
  readonly readAhead?: (paths: readonly string[]) => Promise<void>;
  /**
   * The entries of a directory in no order, without "." and "..", or null when it does not exist. A symlink that leads to
   * nothing is no directory that does not exist: fails (Damaged).
   */
  readonly list: (path: string) => DirEntry[] | null;
  /** The same for a directory of a million entries: each is given to `use` and not kept. False: it does not exist. */
  readonly visit: (path: string, use: (entry: DirEntry) => void) => boolean;
}

/** Small files that are written one after the other and made durable together, as a disk makes us wait for each time. */
export interface Gathering {
  /** All that was written to these files is durable then, but for their names in directories. One step, or one for each. */
  readonly sync: (paths: readonly string[]) => Promise<void>;
  /** Ends it, durable or not. */
  readonly close: () => void;
}

/**
 * Writing. Each call is one durable step, counted and given to the hook before it is done; `mkdir` and `removeTree` are
 * one for each directory made and each entry removed.
 */
export interface Disk {
  /** Makes a file that must not exist (O_EXCL), writes the pieces, fsyncs, sets the mtime if given (seconds), closes. */
  readonly create: (
    path: string,
    pieces: readonly Uint8Array[],
    options?: { readonly mode?: number; readonly mtime?: number; readonly sync?: boolean },
  ) => void;
  /** Makes and opens a file that must not exist, for read and write. */
  readonly openNew: (path: string, mode?: number) => Fd;
  /** Writes at a position (null: append) with one system call per piece; a short write is an error. Not yet durable. */
  readonly write: (fd: Fd, bytes: Uint8Array, position: number | null) => void;
  /** fdatasync. */
  readonly sync: (fd: Fd) => void;
  /** The same beside all else that is to be done. Until then the file stays open. */
  readonly syncBeside: (fd: Fd) => Promise<void>;
  /**
   * Has bytes that were written begin their way to the disk, so that a `sync` that comes later need not wait for all of
   * them. Makes nothing durable, and is no step. Absent where it would be of no use.
   */
  readonly beginSync?: (fd: Fd, position: number, length: number) => void;
  /** Begins to gather files below a directory that exists; no step. What is gathered is written after this call. */
  readonly gather: (directory: string) => Gathering;
  /** fsync of a directory: what was renamed, linked or unlinked in it is durable. */
  readonly syncDir: (path: string) => void;
  /** Shortens (or lengthens) a file. */
  readonly truncate: (fd: Fd, size: number) => void;
  /** Sets the modification time, seconds since 1970. */
  readonly setMtime: (path: string, mtime: number) => void;
  /** rename(2): replaces an existing file. */
  readonly rename: (from: string, to: string) => void;
  /**
   * The same, but what exists is never replaced (EEXIST, with `to` as the place): renameat2(2) with RENAME_NOREPLACE.
   * Where a file system does not know that, a look before: then two that do it at the same moment may meet.
   */
  readonly renameNew: (from: string, to: string) => void;
  /** renameat2(2) with RENAME_EXCHANGE: both must exist; atomic. */
  readonly exchange: (a: string, b: string) => void;
  /** link(2): `to` must not exist. */
  readonly link: (from: string, to: string) => void;
  /** unlink(2); gives false when it did not exist. */
  readonly unlink: (path: string) => boolean;
  /**
   * mkdir -p, with mode (default 0700), durable: the directory above each one that is made is fsynced, unless `durable` is
   * false: nothing needs it yet, or the caller does that once for many. Existing is fine.
   */
  readonly mkdir: (path: string, mode?: number, durable?: boolean) => void;
  /** rmdir(2) of an empty directory; gives false when it did not exist or is not empty. */
  readonly rmdir: (path: string) => boolean;
  /** rm -r of a tree; missing is fine. */
  readonly removeTree: (path: string) => void;
}

/** A lock that is held. */
export interface Held {
  /** Lets go. Twice is fine. */
  readonly release: () => void;
  /** Shows that the owner still works: dotlocks get a new mtime, others ignore it. */
  readonly touch: () => void;
}

/** Locks, all compatible with a running Dovecot's. */
export interface Locks {
  /**
   * Exclusive lock on a whole open file that excludes fcntl(F_SETLK) locks of other processes (an OFD lock: closing
   * other descriptors of the file does not drop it). Waits up to `timeoutMs` (default 180,000), then fails with Busy.
   */
  readonly record: (fd: Fd, path: string, timeoutMs?: number) => Promise<Held>;
  /** flock(LOCK_EX|LOCK_NB); null when somebody has it. */
  readonly tryFlock: (fd: Fd, path: string) => Held | null;
  /**
   * Dovecot's dotlock: `path` + ".lock", made with O_EXCL, content `pid:host`. Overrides a lock whose owner on this
   * host is dead (2 s old) or, where the owner cannot be known, that nobody touched for 120 s. Default wait 122,000 ms.
   */
  readonly dotlock: (path: string, timeoutMs?: number) => Promise<Held>;
}

/** Compressed bytes made plain. Bytes that are no such stream are `Damaged`, scope "message", without a place. */
export interface Decompress {
  /** All at once; `Damaged` where they would be more than `limit` bytes plain, before there is memory for these. */
  readonly whole: (compression: "gzip" | "zstd", bytes: Uint8Array, limit: number) => Uint8Array;
  /** Piece by piece, each good for as long as its holder likes. What `pieces` throws comes out as it is. */
  readonly pieces: (
    compression: "gzip" | "zstd",
    pieces: AsyncIterable<Uint8Array>,
  ) => AsyncIterable<Uint8Array>;
}

/** All that an adapter is handed. */
export interface Os {
  /** Reading. */
  readonly files: Files;
  /** Writing. */
  readonly disk: Disk;
  /** Locks. */
  readonly locks: Locks;
  /** Decompression. */
  readonly decompress: Decompress;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** This host's name as Dovecot would write it. */
  readonly hostname: string;
  /** This process. */
  readonly pid: number;
  /** Waits. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Waits, and nothing else in this program goes on: for a moment in which somebody else's files disagree. */
  readonly pause: (ms: number) => void;
  /**
   * Has the memory given back that nobody needs any more, before it would be by itself. Takes its time. Absent where the
   * engine cannot be asked.
   */
  readonly makeRoom?: () => void;
}
