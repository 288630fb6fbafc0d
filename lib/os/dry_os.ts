/**
 * An operating system on which nothing lasts: what is written is kept in memory, and seen by whoever reads it through
 * this one. For runs that only show what they would do.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { Disk, Fd, Files, Held, Os } from "../port/os.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { DryDirectory, DryFile, type DryNode, type DryPlace, DryTree } from "./dry_tree.ts";
import { ERRNO, failCall } from "./errno.ts";
import { READ_LIMIT } from "./files.ts";
import { pathParts } from "./path_parts.ts";

/** An open file. */
interface Handle {
  readonly path: string;
  readonly mode: "r" | "r+" | "a";
  /** The descriptor of what lies below; null: nothing does. */
  readonly fd: Fd | null;
  /** Where that is. */
  readonly below: string | null;
  /** The file in the tree; null: it was not in the tree when it was opened. */
  readonly file: DryFile | null;
}

/** Far above what a system gives. */
const FIRST_FD = 2 ** 30;

const UNLOCKED: Held = { release: () => {}, touch: () => {} };

/** Whether a path is below another one. */
const isWithin = (outer: string, inner: string): boolean => inner.startsWith(`${outer}/`);

class DryDisk {
  readonly #below: Os;
  readonly #tree: DryTree;
  readonly #handles = new Map<Fd, Handle>();
  /** Files of the disk that were written to: whoever opened them before sees it. */
  readonly #written = new Map<string, DryFile>();
  #nextFd = FIRST_FD;

  constructor(below: Os) {
    this.#below = below;
    this.#tree = new DryTree(below.files);
  }

  #handle(syscall: string, fd: Fd): Handle {
    return this.#handles.get(fd) ?? failCall(syscall, `descriptor ${fd}`, ERRNO.EBADF);
  }

  #add(handle: Handle): Fd {
    const fd = this.#nextFd++;
    this.#handles.set(fd, handle);
    return fd;
  }

  #fileOf({ file, below }: Handle): DryFile | null {
    return file ?? (below === null ? null : this.#written.get(below) ?? null);
  }

  readonly #open: Files["open"] = (path, mode) => {
    const { files } = this.#below;
    const found = mode === "r" ? this.#tree.find(path) : this.#tree.adopt("open", path);
    if (found === null) return failCall("open", path, ERRNO.ENOENT);
    if (found instanceof DryDirectory) return failCall("open", path, ERRNO.EISDIR);
    const file = typeof found === "string" ? null : found;
    const below = typeof found === "string" ? found : found.below;
    const fd = below === null || file?.bytes ? null : files.open(below, "r");
    return this.#add({ path, mode, fd, below, file });
  };

  readonly #read: Files["read"] = (fd, into, position) => {
    const handle = this.#handle("read", fd);
    const bytes = this.#fileOf(handle)?.bytes ?? null;
    if (bytes === null) return this.#below.files.read(handle.fd!, into, position);
    const part = bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  };

  readonly #readFile: Files["readFile"] = (path, limit = READ_LIMIT) => {
    const found = this.#tree.find(path);
    if (found === null) return null;
    if (typeof found === "string") return this.#below.files.readFile(found, limit);
    if (found instanceof DryDirectory) return failCall("read", path, ERRNO.EISDIR);
    const { bytes } = found;
    if (bytes === null) return this.#below.files.readFile(found.below!, limit);
    if (bytes.length <= limit) return bytes.slice();
    const what = `the file has ${bytes.length} bytes; at most ${limit} are read`;
    throw new StreamFailure<SyncError>(syncError("Unsupported", "store", { path }, what));
  };

  readonly files: Files = {
    open: this.#open,
    close: (fd) => {
      const handle = this.#handle("close", fd);
      this.#handles.delete(fd);
      if (handle.fd !== null) this.#below.files.close(handle.fd);
    },
    read: this.#read,
    readFile: this.#readFile,
    stat: (path) => this.#tree.stat(path),
    lstat: (path) => this.#tree.lstat(path),
    fstat: (fd) => {
      const handle = this.#handle("fstat", fd);
      return this.#fileOf(handle)?.info ?? this.#below.files.fstat(handle.fd!);
    },
    list: (path) => this.#tree.list(path),
    visit: (path, use) => {
      const entries = this.#tree.list(path);
      entries?.forEach(use);
      return entries !== null;
    },
  };

  #mustBe(path: string): void {
    if (this.#tree.stat(path) === null) failCall("open", path, ERRNO.ENOENT);
  }

  /** The place for something new. */
  #free(syscall: string, path: string): DryPlace {
    const place = this.#tree.place(syscall, path);
    return this.#tree.stat(path) === null ? place : failCall(syscall, path, ERRNO.EEXIST);
  }

  #make(path: string, bytes: Uint8Array, mode: number): DryFile {
    const { directory, name } = this.#free("create", path);
    const file = new DryFile(null, this.#tree.newInfo("file", mode, this.#below.now()), bytes);
    directory.entries.set(name, file);
    return file;
  }

  /** The file behind a descriptor, to be written to. */
  #writable(syscall: string, fd: Fd, refusal: number): readonly [Handle, DryFile] {
    const handle = this.#handle(syscall, fd);
    if (handle.mode === "r") return failCall(syscall, handle.path, refusal);
    const file = handle.file!;
    file.load(this.#below.files);
    if (file.below !== null) this.#written.set(file.below, file);
    const now = Math.floor(this.#below.now() / 1000);
    file.stamp(now, now);
    return [handle, file];
  }

  readonly #create: Disk["create"] = (path, pieces, { mode = 0o600, mtime } = {}) => {
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    const file = this.#make(path, bytes, mode);
    if (mtime !== undefined) file.stamp(Math.floor(mtime), file.info.ctime);
  };

  readonly #write: Disk["write"] = (fd, bytes, position) => {
    const [{ path, mode }, file] = this.#writable("write", fd, ERRNO.EBADF);
    if (mode === "a" && position !== null) {
      throw new Error(`write at ${position} of ${path}, which is open to append`);
    }
    file.write(bytes, position ?? file.info.size);
  };

  readonly #setMtime: Disk["setMtime"] = (path, mtime) => {
    const node = this.#tree.adopt("utimensat", path);
    if (node instanceof DryFile) {
      node.stamp(Math.floor(mtime), Math.floor(this.#below.now() / 1000));
    }
  };

  /** Whether `to` may be replaced by `from`; fails as rename(2) does. */
  #checkReplaced(from: DryNode, to: DryNode, path: string): void {
    if (from instanceof DryFile) {
      if (to instanceof DryDirectory) failCall("rename", path, ERRNO.EISDIR);
    } else if (to instanceof DryFile) failCall("rename", path, ERRNO.ENOTDIR);
  }

  readonly #rename: Disk["rename"] = (from, to) => {
    const node = this.#tree.adopt("rename", from);
    const target = this.#tree.place("rename", to);
    if (node instanceof DryDirectory && isWithin(from, to)) {
      return failCall("rename", from, ERRNO.EINVAL);
    }
    const there = this.#tree.adoptOrNull("rename", to);
    if (there === node) return;
    if (there !== null) this.#checkReplaced(node, there, from);
    if (there instanceof DryDirectory && (this.#tree.list(to) ?? []).length > 0) {
      failCall("rename", from, ERRNO.ENOTEMPTY);
    }
    if (there instanceof DryFile) there.link(-1);
    const source = this.#tree.place("rename", from);
    source.directory.remove(source.name);
    target.directory.entries.set(target.name, node);
  };

  readonly #renameNew: Disk["renameNew"] = (from, to) => {
    this.#tree.adopt("renameat2", from);
    this.#tree.place("renameat2", to);
    if (this.#tree.lstat(to) !== null) failCall("renameat2", to, ERRNO.EEXIST);
    this.#rename(from, to);
  };

  readonly #exchange: Disk["exchange"] = (a, b) => {
    const one = this.#tree.place("renameat2", a);
    const two = this.#tree.place("renameat2", b);
    const first = this.#tree.adoptOrNull("renameat2", a);
    const second = this.#tree.adoptOrNull("renameat2", b);
    if (first === null || second === null) return failCall("renameat2", a, ERRNO.ENOENT);
    if (isWithin(a, b) || isWithin(b, a)) return failCall("renameat2", a, ERRNO.EINVAL);
    one.directory.entries.set(one.name, second);
    two.directory.entries.set(two.name, first);
  };

  readonly #link: Disk["link"] = (from, to) => {
    const node = this.#tree.adopt("link", from);
    const { directory, name } = this.#free("link", to);
    if (node instanceof DryDirectory) return failCall("link", to, ERRNO.EPERM);
    node.link(1);
    directory.entries.set(name, node);
  };

  readonly #unlink: Disk["unlink"] = (path) => {
    const info = this.#tree.stat(path);
    if (info === null) return false;
    if (info.kind === "directory") return failCall("unlink", path, ERRNO.EISDIR);
    const file = this.#tree.adopt("unlink", path);
    if (file instanceof DryFile) file.link(-1);
    const { directory, name } = this.#tree.place("unlink", path);
    directory.remove(name);
    return true;
  };

  readonly #mkdir: Disk["mkdir"] = (path, mode = 0o700) => {
    const there = this.#tree.stat(path);
    if (there?.kind === "directory") return;
    if (there !== null) failCall("mkdir", path, ERRNO.EEXIST);
    const [parent] = pathParts(path);
    if (parent !== path) this.#mkdir(parent, mode);
    const { directory, name } = this.#tree.place("mkdir", path);
    const info = this.#tree.newInfo("directory", mode, this.#below.now());
    directory.entries.set(name, new DryDirectory(null, info));
  };

  /** Whether a part of the path above is no directory. */
  #isUnderFile(path: string): boolean {
    const [parent] = pathParts(path);
    if (parent === path) return false;
    const info = this.#tree.stat(parent);
    return info === null ? this.#isUnderFile(parent) : info.kind !== "directory";
  }

  readonly #rmdir: Disk["rmdir"] = (path) => {
    const info = this.#tree.stat(path);
    if (info === null && !this.#isUnderFile(path)) return false;
    if (info?.kind !== "directory") return failCall("rmdir", path, ERRNO.ENOTDIR);
    if ((this.#tree.list(path) ?? []).length > 0) return false;
    const { directory, name } = this.#tree.place("rmdir", path);
    directory.remove(name);
    return true;
  };

  readonly #removeTree: Disk["removeTree"] = (path) => {
    if (this.#tree.stat(path)?.kind !== "directory") return void this.#unlink(path);
    for (const { name } of this.#tree.list(path) ?? []) this.#removeTree(`${path}/${name}`);
    this.#rmdir(path);
  };

  readonly disk: Disk = {
    create: this.#create,
    openNew: (path, mode = 0o600) => {
      const file = this.#make(path, new Uint8Array(), mode);
      return this.#add({ path, mode: "r+", fd: null, below: null, file });
    },
    write: this.#write,
    sync: (fd) => void this.#handle("fdatasync", fd),
    syncBeside: async (fd) => await Promise.resolve(void this.#handle("fdatasync", fd)),
    gather: (directory) => {
      this.#mustBe(directory);
      return {
        sync: async (paths) => await Promise.resolve(paths.forEach((path) => this.#mustBe(path))),
        close: () => {},
      };
    },
    syncDir: (path) => this.#mustBe(path),
    truncate: (fd, size) => {
      const [, file] = this.#writable("ftruncate", fd, ERRNO.EINVAL);
      file.resize(size);
    },
    setMtime: this.#setMtime,
    rename: this.#rename,
    renameNew: this.#renameNew,
    exchange: this.#exchange,
    link: this.#link,
    unlink: this.#unlink,
    mkdir: this.#mkdir,
    rmdir: this.#rmdir,
    removeTree: this.#removeTree,
  };
}

/**
 * The same operating system, but nothing that is done through it reaches the disk, and it takes no locks: no file, no
 * directory, no time of one is changed. What is written is there for those who read it through the same one, as long as
 * that lives. Symlinks to directories are two places to it. Memory: what is written.
 */
export const dryOs = (os: Os): Os => {
  const { files, disk } = new DryDisk(os);
  return {
    ...os,
    files,
    disk,
    locks: {
      record: () => Promise.resolve(UNLOCKED),
      tryFlock: () => UNLOCKED,
      dotlock: () => Promise.resolve(UNLOCKED),
    },
  };
};
