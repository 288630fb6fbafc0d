/**
 * Making files and directories. What root makes in somebody else's directory belongs to the one whose directory it is,
 * before anything is in it: its owner could not read mail that is root's.
 *
 * @module
 */
import type { Fd } from "../port/os.ts";
import { failCall } from "./errno.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  fstat,
  isSomebodys,
  NO_PATH,
  rawOpen,
} from "./files.ts";
import { isRoot } from "./identity.ts";
import { changingLibc, errno, libc, O } from "./libc.ts";
import { pathBytes } from "./path_bytes.ts";
import { pathParts } from "./path_parts.ts";

const NEW_FILE = O.RDWR | O.CREAT | O.EXCL | O.CLOEXEC;
const AT_REMOVEDIR = 0x200;

/** How something is made in an open directory, given to somebody, and taken away. */
interface Making {
  readonly make: (directory: Fd, name: string) => number;
  readonly give: (made: number, directory: Fd, name: string, uid: number, gid: number) => number;
  readonly remove: (made: number, directory: Fd, name: string) => void;
}

const makingFile = (mode: number): Making => ({
  make: (directory, name) => changingLibc().openat(directory, pathBytes(name), NEW_FILE, mode),
  give: (fd, _directory, _name, uid, gid) =>
    changingLibc().fchownat(fd, NO_PATH, uid, gid, AT_EMPTY_PATH),
  remove: (fd, directory, name) => {
    libc().close(fd);
    changingLibc().unlinkat(directory, pathBytes(name), 0);
  },
});

/** Gives a directory its mode; not what a symlink in its place leads to. */
const setMode = (directory: Fd, name: string, mode: number): number => {
  const flags = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC;
  const fd = changingLibc().openat(directory, pathBytes(name), flags, 0);
  if (fd < 0) return fd;
  try {
    return changingLibc().fchmod(fd, mode);
  } finally {
    libc().close(fd);
  }
};

const makingDirectory = (mode: number, isMasked: boolean): Making => ({
  make: (directory, name) => changingLibc().mkdirat(directory, pathBytes(name), mode),
  give: (_made, directory, name, uid, gid) => {
    const flags = AT_SYMLINK_NOFOLLOW;
    const given = changingLibc().fchownat(directory, pathBytes(name), uid, gid, flags);
    return given === 0 && isMasked ? setMode(directory, name, mode) : given;
  },
  remove: (_made, directory, name) =>
    void changingLibc().unlinkat(directory, pathBytes(name), AT_REMOVEDIR),
});

/**
 * Makes something in a directory that is somebody's. It is held open meanwhile: its owner may put a symlink in its place
 * at any time, and would else be given what lies behind that.
 */
const forOwner = (path: string, { make, give, remove }: Making): number => {
  const [parent, name] = pathParts(path);
  const directory = rawOpen(parent, O.PATH | O.CLOEXEC);
  if (directory < 0) return directory;
  try {
    const { uid, gid } = fstat(directory, parent);
    const made = make(directory, name);
    if (made < 0 || uid === 0) return made;
    if (give(made, directory, name, uid, gid) < 0) {
      const number = errno();
      remove(made, directory, name);
      return failCall("chown", path, number);
    }
    return made;
  } finally {
    libc().close(directory);
  }
};

/** Whether what is made there would not be its owner's. */
const isForAnother = (path: string): boolean => {
  if (!isRoot()) return false;
  // What nothing can be called is refused with its whole path.
  pathBytes(path);
  return isSomebodys(pathParts(path)[0]);
};

/**
 * Makes and opens a file that must not exist, for read and write; gives -1 and leaves errno when that fails. Fails where
 * root may not give it to the owner of the directory.
 */
export const makeFile = (path: string, mode: number): Fd =>
  isForAnother(path) ? forOwner(path, makingFile(mode)) : rawOpen(path, NEW_FILE, mode);

/**
 * Makes a directory in one that exists; the same in all else. `isMasked`: the system takes bits of the mode away, which it
 * shall have nevertheless.
 */
export const makeDirectory = (path: string, mode: number, isMasked: boolean): number => {
  if (isForAnother(path)) return forOwner(path, makingDirectory(mode, isMasked));
  const made = changingLibc().mkdir(pathBytes(path), mode);
  const isDone = made < 0 || !isMasked || changingLibc().chmod(pathBytes(path), mode) === 0;
  return isDone ? made : failCall("chmod", path);
};
