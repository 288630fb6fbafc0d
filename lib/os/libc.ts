/**
 * The C library by FFI: the calls that files, disk and locks are made of. Deno's own calls lose nanoseconds of times and
 * bytes of names that are not UTF-8, and know no record locks; one way to the system gives one kind of descriptor.
 *
 * @module
 */
import { StreamFailure } from "../stream/chunks.ts";
import { type SyncError, syncError } from "../model/error.ts";

const READING = {
  __errno_location: { parameters: [], result: "pointer" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const CHANGING = {
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  fsync: { parameters: ["i32"], result: "i32" },
  fdatasync: { parameters: ["i32"], result: "i32" },
  sync_file_range: { parameters: ["i32", "i64", "i64", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  rename: { parameters: ["buffer", "buffer"], result: "i32" },
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  link: { parameters: ["buffer", "buffer"], result: "i32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  rmdir: { parameters: ["buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  umask: { parameters: ["u32"], result: "u32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Calls<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<S>["symbols"];

const isArm = Deno.build.arch === "aarch64";

/** Open flags of asm-generic/fcntl.h, the same on x86-64 and arm64 but for two. */
export const O = {
  RDONLY: 0,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
  DIRECTORY: isArm ? 0o40000 : 0o200000,
  NOFOLLOW: isArm ? 0o100000 : 0o400000,
} as const;

/** "Relative to the current directory", for the calls that end in `at`. */
export const AT_FDCWD = -100;

/** EINTR, EAGAIN and ETIMEDOUT of asm-generic/errno-base.h and errno.h: what a futex or a timer leaves. */
const STRAYS: readonly number[] = [4, 11, 110];

/** Calls that have done nothing when they fail, and never give those numbers of themselves. */
const MADE_ANEW: ReadonlySet<string> = new Set([
  "open",
  "statx",
  "chmod",
  "utimensat",
  "rename",
  "renameat2",
  "link",
  "unlink",
  "mkdir",
  "rmdir",
  "openat",
  "mkdirat",
  "unlinkat",
  "fchownat",
]);

/** How often a call is made anew. */
const TRIES = 5;

/**
 * A call that is made anew where it fails with a number that it does not give of itself: the engine's own threads wake
 * each other between the failed call and the reading of its errno, now and then, and leave theirs there. Only for calls
 * that have done nothing when they fail.
 */
export const withoutStrays = <A extends readonly unknown[]>(
  call: (...args: A) => number,
  errno: () => number,
): (...args: A) => number =>
(...args) => {
  let result = call(...args);
  for (let n = 1; result < 0 && n < TRIES && STRAYS.includes(errno()); n++) result = call(...args);
  return result;
};

/**
 * A call whose errno is read at once where it fails, and given to `note`: whoever asks later may find the number of
 * somebody else's call.
 */
export const noting = <A extends readonly unknown[]>(
  call: (...args: A) => number,
  errno: () => number,
  note: (number: number) => void,
): (...args: A) => number =>
(...args) => {
  const result = call(...args);
  if (result < 0) note(errno());
  return result;
};

/** errno of the last call that failed. */
let lastErrno = 0;

const open = <S extends Deno.ForeignLibraryInterface>(symbols: S): Calls<S> => {
  const { os, arch } = Deno.build;
  // Structures and numbers here are those of 64-bit little-endian Linux.
  if (os !== "linux" || (arch !== "x86_64" && arch !== "aarch64")) {
    const what = `mail stores need Linux on x86-64 or arm64; this is ${os} on ${arch}`;
    throw new StreamFailure<SyncError>(syncError("Unsupported", "run", {}, what));
  }
  try {
    return Deno.dlopen("libc.so.6", symbols).symbols;
  } catch (thrown) {
    const what = "the GNU C library 2.30 or newer (libc.so.6) could not be loaded";
    throw new StreamFailure<SyncError>(syncError("Unsupported", "run", {}, what, thrown));
  }
};

type Call = (...args: readonly unknown[]) => number;

/** The calls with the number of each failure kept; `current` reads it. */
const wrapped = <C extends object>(calls: C, current: () => number): C => {
  const wrap = (name: string, call: Call): Call => {
    const noted = noting(call, current, (number) => lastErrno = number);
    return MADE_ANEW.has(name) ? withoutStrays(noted, () => lastErrno) : noted;
  };
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [name, wrap(name, call as Call)]),
  ) as C;
};

let reading: Calls<typeof READING> | undefined;
let changing: Calls<typeof CHANGING> | undefined;
let currentErrno: () => number;

const load = (): Calls<typeof READING> => {
  const calls = open(READING);
  // The address is the thread's own and stays: asking once keeps everything else from running between a failed call and
  // the reading of its errno.
  const view = new Deno.UnsafePointerView(calls.__errno_location()!);
  currentErrno = () => view.getInt32(0);
  return wrapped(calls, currentErrno);
};

const loadChanging = (): Calls<typeof CHANGING> => {
  libc();
  return wrapped(open(CHANGING), currentErrno);
};

/**
 * The functions of the C library that only read, by their C names, loaded at the first call; each gives -1 on failure and
 * sets errno. Throws `Unsupported` where it is another system.
 */
export const libc = (): Calls<typeof READING> => reading ??= load();

/** Those that change something or lock it: loaded apart, as most runs find nothing to do and loading takes a while. */
export const changingLibc = (): Calls<typeof CHANGING> => changing ??= loadChanging();

/** The process's umask; Deno's own call wants a permission that its command line does not know. */
export const currentUmask = (): number => {
  const { umask } = changingLibc();
  const is = umask(0o077);
  umask(is);
  return is;
};

/** errno of the call that has just failed, as it was when it failed. */
export const errno = (): number => lastErrno;

const PIPE_SIZE = {
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** F_SETPIPE_SZ of fcntl.h. */
const F_SETPIPE_SZ = 1031;

/** Makes the pipes behind descriptors so large; what is none, or may not be, stays as it is. */
export const setPipeSize = (fds: readonly number[], size: number): void => {
  const { fcntl } = Deno.dlopen("libc.so.6", PIPE_SIZE).symbols;
  for (const fd of fds) fcntl(fd, F_SETPIPE_SZ, size);
};

const BESIDE = {
  fsync: { parameters: ["i32"], result: "i32", nonblocking: true },
  syncfs: { parameters: ["i32"], result: "i32", nonblocking: true },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  uname: { parameters: ["buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

let beside: Calls<typeof BESIDE> | undefined;

/**
 * The calls that gathered files need, loaded when they are first needed; no errno is kept for them. The two that wait for
 * a disk are done on a thread of their own, until when the descriptor must stay open.
 */
export const libcBeside = (): NonNullable<typeof beside> => beside ??= open(BESIDE);

const AHEAD = {
  open: { parameters: ["buffer", "i32", "u32"], result: "i32", nonblocking: true },
  posix_fadvise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

let ahead: Deno.DynamicLibrary<typeof AHEAD>["symbols"] | undefined;

/**
 * The calls that bring files nearer, loaded when they are first needed; no errno is kept for them. open(2) is done on a
 * thread of its own, until when the bytes of the path must stay as they are.
 */
export const libcAhead = (): NonNullable<typeof ahead> =>
  ahead ??= Deno.dlopen("libc.so.6", AHEAD).symbols;
