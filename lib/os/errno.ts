/**
 * What the system refused, as a {@linkcode SyncError}.
 *
 * @module
 */
import { type ErrorTag, type Place, type SyncError, syncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { errno } from "./libc.ts";

/** Error numbers of asm-generic/errno-base.h and errno.h, the same on x86-64 and arm64. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
} as const;

/** The name of an error number. */
export type ErrnoName = keyof typeof ERRNO;

const TEXT: Partial<Record<ErrnoName, string>> = {
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  EIO: "input/output error",
  EAGAIN: "would have to wait",
  EACCES: "permission denied",
  EBUSY: "in use by the system",
  EEXIST: "it exists already",
  EXDEV: "on another file system",
  ENOTDIR: "a part of the path is not a directory",
  EISDIR: "is a directory",
  EINVAL: "not possible here",
  ENFILE: "too many open files in the system",
  EMFILE: "too many open files",
  EFBIG: "file too large",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  EMLINK: "too many links",
  ENAMETOOLONG: "name too long",
  ENOLCK: "no locks available",
  ENOTEMPTY: "directory not empty",
  ELOOP: "too many symbolic links",
  ESTALE: "the file server no longer knows the file",
  EDQUOT: "disk quota exceeded",
};

const NAMES = new Map<number, ErrnoName>(
  Object.entries(ERRNO).map(([name, number]) => [number, name as ErrnoName]),
);

const tagOf = (number: number): ErrorTag => {
  switch (number) {
    case ERRNO.ENOENT:
    case ERRNO.ENOTDIR:
      return "Missing";
    case ERRNO.EACCES:
    case ERRNO.EPERM:
    case ERRNO.EROFS:
      return "Denied";
    default:
      return "Io";
  }
};

/**
 * The error of a system call that failed with an error number: scope "store", `cause` is `{ code, syscall }` with the
 * number's C name (or `errno N`).
 */
export const systemError = (syscall: string, number: number, where: Place): SyncError => {
  const name = NAMES.get(number);
  const code = name ?? `errno ${number}`;
  const text = name === undefined ? undefined : TEXT[name];
  const what = `${syscall} failed: ${text === undefined ? code : `${text} (${code})`}`;
  return syncError(tagOf(number), "store", where, what, { code, syscall });
};

/** Throws the failure of the system call that has just given -1; `number` where errno was read already. */
export const failCall = (syscall: string, path: string, number: number = errno()): never => {
  throw new StreamFailure<SyncError>(systemError(syscall, number, { path }));
};

/** Whether an error number says that the path leads to nothing. */
export const isMissing = (number: number): boolean =>
  number === ERRNO.ENOENT || number === ERRNO.ENOTDIR;
