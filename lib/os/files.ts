/**
 * Reading files and directories.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { DirEntry, Fd, FileInfo, Files } from "../port/os.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { ERRNO, failCall, isMissing } from "./errno.ts";
import { AT_FDCWD, errno, libc, O } from "./libc.ts";
import { readAhead } from "./read_ahead.ts";
import { nameOfBytes, pathBytes } from "./path_bytes.ts";

/** The default limit of {@linkcode Files.readFile}: 1 GiB. */
export const READ_LIMIT = 2 ** 30;

/** What is known of the descriptors that are open, for messages and for the rules of appending. */
export class OpenFiles {
  readonly #open = new Map<Fd, { readonly path: string; readonly append: boolean }>();

  /** Remembers a descriptor. */
  add(fd: Fd, path: string, append: boolean): void {
    this.#open.set(fd, { path, append });
  }

  /** Forgets a descriptor. */
  remove(fd: Fd): void {
    this.#open.delete(fd);
  }

  /** The path that a descriptor was opened with. */
  path(fd: Fd): string {
    return this.#open.get(fd)?.path ?? `descriptor ${fd}`;
  }

  /** Whether a descriptor was opened to append (O_APPEND). */
  appends(fd: Fd): boolean {
    return this.#open.get(fd)?.append ?? false;
  }
}

// A FIFO in a mail directory must not make an open wait for its writer: O_NONBLOCK, which regular files ignore.
const BASE = O.CLOEXEC | O.NOCTTY | O.NONBLOCK;
const MODES = { r: BASE | O.RDONLY, "r+": BASE | O.RDWR, a: BASE | O.RDWR | O.APPEND } as const;

/** struct statx (linux/stat.h), 256 bytes, the same on every architecture. */
const STATX = {
  nlink: 16,
  uid: 20,
  gid: 24,
  mode: 28,
  ino: 32,
  size: 40,
  ctime: 96,
  mtime: 112,
  device: 136,
};
const STATX_BASIC_STATS = 0x7ff;
const STATX_UID = 0x8;
/** The descriptor itself, for the calls that take a directory and a name. */
export const AT_EMPTY_PATH = 0x1000;
/** A symlink itself. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** The empty path that goes with {@linkcode AT_EMPTY_PATH}. */
export const NO_PATH: Uint8Array<ArrayBuffer> = new Uint8Array(1);

const kindOfMode = (mode: number): FileInfo["kind"] => {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "directory";
    case 0o120000:
      return "symlink";
    default:
      return "other";
  }
};

const statBytes = new Uint8Array(256);
const statView = new DataView(statBytes.buffer);

const fileInfo = (): FileInfo => {
  const view = statView;
  const mode = view.getUint16(STATX.mode, true);
  return {
    kind: kindOfMode(mode),
    size: Number(view.getBigUint64(STATX.size, true)),
    mtime: Number(view.getBigInt64(STATX.mtime, true)),
    mtimeNs: view.getUint32(STATX.mtime + 8, true),
    ctime: Number(view.getBigInt64(STATX.ctime, true)),
    ctimeNs: view.getUint32(STATX.ctime + 8, true),
    links: view.getUint32(STATX.nlink, true),
    // Major number of 12 bits, minor of 20.
    dev: view.getUint32(STATX.device, true) * 2 ** 20 + view.getUint32(STATX.device + 4, true),
    ino: String(view.getBigUint64(STATX.ino, true)),
    mode: mode & 0o7777,
    uid: view.getUint32(STATX.uid, true),
    gid: view.getUint32(STATX.gid, true),
  };
};

const statOf = (path: string, flags: number): FileInfo | null => {
  if (libc().statx(AT_FDCWD, pathBytes(path), flags, STATX_BASIC_STATS, statBytes) === 0) {
    return fileInfo();
  }
  const number = errno();
  return isMissing(number) ? null : failCall("stat", path, number);
};

/** Stat of a path, a symlink itself and not what it points to, or null when it does not exist. */
export const lstat = (path: string): FileInfo | null => statOf(path, AT_SYMLINK_NOFOLLOW);

/** Stat of a path, symlinks followed, or null when it does not exist. */
export const stat = (path: string): FileInfo | null => statOf(path, 0);

/** Stat of an open file; `path` is for the message. */
export const fstat = (fd: Fd, path: string): FileInfo =>
  libc().statx(fd, NO_PATH, AT_EMPTY_PATH, STATX_BASIC_STATS, statBytes) === 0
    ? fileInfo()
    : failCall("fstat", path);

/** Whether a directory is somebody else's than root's: all that is asked before each file that root makes. */
export const isSomebodys = (path: string): boolean =>
  libc().statx(AT_FDCWD, pathBytes(path), 0, STATX_UID, statBytes) === 0 &&
  statView.getUint32(STATX.uid, true) !== 0;

/** Opens a path with open(2) flags; gives -1 and leaves errno when that fails. */
export const rawOpen = (path: string, flags: number, mode = 0): Fd =>
  libc().open(pathBytes(path), flags, mode);

/** Reads until `into` is full or the file ends; gives the number of bytes. */
const readFully = (fd: Fd, into: Uint8Array, position: number, path: string): number => {
  let done = 0;
  while (done < into.length) {
    const rest = into.subarray(done) as Uint8Array<ArrayBuffer>;
    const n = libc().pread(fd, rest, BigInt(rest.length), BigInt(position + done));
    if (n < 0) {
      const number = errno();
      if (number !== ERRNO.EINTR) failCall("read", path, number);
    } else if (n === 0) {
      break;
    } else {
      done += n;
    }
  }
  return done;
};

/** d_type of struct linux_dirent64; 0 is "ask stat". */
const DT: Readonly<Record<number, DirEntry["kind"]>> = { 4: "directory", 8: "file", 10: "symlink" };

const LATIN = new TextDecoder("latin1");

const joined = (directory: string, name: string): string =>
  directory.endsWith("/") ? directory + name : `${directory}/${name}`;

/** Gives each entry of an open directory to `use`: records of ino u64, offset u64, record length u16, type u8, name, NUL. */
const eachEntry = (fd: Fd, path: string, use: (entry: DirEntry) => void): void => {
  const buffer = new Uint8Array(64 * 1024);
  const view = new DataView(buffer.buffer);
  const names = new Uint8Array(buffer.length);
  for (;;) {
    const end = libc().getdents64(fd, buffer, BigInt(buffer.length));
    if (end < 0) failCall("readdir", path);
    if (end === 0) return;
    // Names are cut out of one text of all of them: a Maildir has a hundred thousand.
    let used = 0;
    for (let at = 0; at < end; at += view.getUint16(at + 16, true)) {
      for (let i = at + 19; buffer[i] !== 0; i++) names[used++] = buffer[i]!;
    }
    const text = LATIN.decode(names.subarray(0, used));
    let from = 0;
    for (let at = 0; at < end; at += view.getUint16(at + 16, true)) {
      let to = from;
      let bits = 0;
      for (let i = at + 19; buffer[i] !== 0; i++, to++) bits |= buffer[i]!;
      const name = bits < 0x80 ? text.slice(from, to) : nameOfBytes(names.subarray(from, to));
      from = to;
      if (name === "." || name === "..") continue;
      const type = view.getUint8(at + 18);
      // A file system that does not tell the type; an entry that is gone since is no entry.
      const kind = type === 0 ? lstat(joined(path, name))?.kind : DT[type] ?? "other";
      if (kind !== undefined) use({ name, kind });
    }
  }
};

/** Makes the reading half of the port. */
export const makeFiles = (openFiles: OpenFiles): Files => {
  const open: Files["open"] = (path, mode) => {
    const fd = rawOpen(path, MODES[mode]);
    if (fd < 0) return failCall("open", path);
    openFiles.add(fd, path, mode === "a");
    return fd;
  };

  const close: Files["close"] = (fd) => {
    const path = openFiles.path(fd);
    openFiles.remove(fd);
    if (libc().close(fd) < 0) failCall("close", path);
  };

  const read: Files["read"] = (fd, into, position) =>
    readFully(fd, into, position, openFiles.path(fd));

  const readFile: Files["readFile"] = (path, limit = READ_LIMIT) => {
    const fd = rawOpen(path, MODES.r);
    if (fd < 0) {
      const number = errno();
      return isMissing(number) ? null : failCall("open", path, number);
    }
    openFiles.add(fd, path, false);
    try {
      const { size } = fstat(fd, path);
      if (size > limit) {
        const what = `the file has ${size} bytes; at most ${limit} are read`;
        throw new StreamFailure<SyncError>(syncError("Unsupported", "store", { path }, what));
      }
      const bytes = new Uint8Array(size);
      return bytes.subarray(0, readFully(fd, bytes, 0, path));
    } finally {
      close(fd);
    }
  };

  const visit: Files["visit"] = (path, use) => {
    const fd = rawOpen(path, MODES.r);
    if (fd < 0) {
      const number = errno();
      if (!isMissing(number)) failCall("open", path, number);
      // What it leads to may lie on a disk that is not mounted: nobody knows that there is nothing.
      if (lstat(path)?.kind === "symlink") {
        const what = "the symlink leads to nothing";
        throw new StreamFailure<SyncError>(syncError("Damaged", "store", { path }, what));
      }
      return false;
    }
    try {
      eachEntry(fd, path, use);
      return true;
    } finally {
      libc().close(fd);
    }
  };

  const list: Files["list"] = (path) => {
    const entries: DirEntry[] = [];
    return visit(path, (entry) => entries.push(entry)) ? entries : null;
  };

  return {
    open,
    close,
    read,
    readFile,
    stat,
    lstat,
    readAhead,
    fstat: (fd) => fstat(fd, openFiles.path(fd)),
    list,
    visit,
  };
};
