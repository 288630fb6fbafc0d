/**
 * What a dry run has written: a tree of files in memory that lies over the files of the disk.
 *
 * @module
 */
import type { DirEntry, FileInfo, Files } from "../port/os.ts";
import { ERRNO, failCall } from "./errno.ts";

/** A file that was made, moved or written to. */
export class DryFile {
  /** Which file of the disk it is; null: one that was made. */
  readonly below: string | null;
  #info: FileInfo;
  #bytes: Uint8Array | null;
  #size: number;

  constructor(below: string | null, info: FileInfo, bytes: Uint8Array | null) {
    this.below = below;
    this.#info = info;
    this.#bytes = bytes;
    this.#size = bytes?.length ?? info.size;
  }

  /** Its content; null: as it is on the disk. */
  get bytes(): Uint8Array | null {
    return this.#bytes === null ? null : this.#bytes.subarray(0, this.#size);
  }

  /** What stat says of it. */
  get info(): FileInfo {
    return { ...this.#info, size: this.#size };
  }

  /** One name more or less. */
  link(by: 1 | -1): void {
    this.#info = { ...this.#info, links: this.#info.links + by };
  }

  /** Sets its times. */
  stamp(mtime: number, ctime: number): void {
    this.#info = { ...this.#info, mtime, mtimeNs: 0, ctime, ctimeNs: 0 };
  }

  /** Takes the content into memory, to be written to. */
  load(files: Files): void {
    if (this.#bytes !== null) return;
    this.#bytes = files.readFile(this.below!) ?? new Uint8Array();
    this.#size = this.#bytes.length;
  }

  /** Writes into the content, which must be loaded. */
  write(bytes: Uint8Array, position: number): void {
    this.resize(Math.max(this.#size, position + bytes.length));
    this.#bytes!.set(bytes, position);
  }

  /** Shortens the content or fills it up with zeros; it must be loaded. */
  resize(size: number): void {
    if (size > this.#bytes!.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes!.length));
      grown.set(this.#bytes!.subarray(0, this.#size));
      this.#bytes = grown;
    } else if (size < this.#size) this.#bytes!.fill(0, size, this.#size);
    this.#size = size;
  }
}

/** A directory that was made or moved, or in which something was. */
export class DryDirectory {
  /** Which directory of the disk lies below; null: none. */
  readonly below: string | null;
  /** What stat says of it. */
  readonly info: FileInfo;
  /** What it has instead of what is below. */
  readonly entries = new Map<string, DryNode>();
  /** Names that are below and have gone. */
  readonly hidden = new Set<string>();

  constructor(below: string | null, info: FileInfo) {
    this.below = below;
    this.info = info;
  }

  /** The path of an entry that shows through; null: none does. */
  through(name: string): string | null {
    if (this.below === null || this.hidden.has(name)) return null;
    return this.below === "/" ? `/${name}` : `${this.below}/${name}`;
  }

  /** Takes an entry away. */
  remove(name: string): void {
    this.entries.delete(name);
    if (this.below !== null) this.hidden.add(name);
  }
}

/** A thing in the tree. */
export type DryNode = DryFile | DryDirectory;

/** Where an entry is, or would be. */
export interface DryPlace {
  readonly directory: DryDirectory;
  readonly name: string;
}

/** The tree. Paths are absolute. */
export class DryTree {
  readonly #files: Files;
  readonly #root: DryDirectory;
  #made = 0;

  constructor(files: Files) {
    this.#files = files;
    this.#root = new DryDirectory("/", files.stat("/")!);
  }

  /** What stat says of a new thing. */
  newInfo(kind: "file" | "directory", mode: number, now: number): FileInfo {
    const [mtime, size] = [Math.floor(now / 1000), 0];
    const ino = `dry-${++this.#made}`;
    const { dev, uid, gid } = this.#root.info;
    return {
      kind,
      size,
      mtime,
      mtimeNs: 0,
      ctime: mtime,
      ctimeNs: 0,
      links: 1,
      dev,
      ino,
      mode,
      uid,
      gid,
    };
  }

  /** What is at a path: a thing of the tree, or the path of what shows through there, which need not exist; or null. */
  find(path: string): DryNode | string | null {
    let at = this.#root;
    const parts = partsOf(path);
    for (const [i, part] of parts.entries()) {
      const node = at.entries.get(part);
      const isLast = i === parts.length - 1;
      if (node === undefined) {
        const below = at.through(part);
        return below === null || isLast ? below : `${below}/${parts.slice(i + 1).join("/")}`;
      }
      if (isLast) return node;
      if (node instanceof DryFile) return null;
      at = node;
    }
    return at;
  }

  /** Stat of a path, or null when nothing is there. */
  stat(path: string): FileInfo | null {
    const found = this.find(path);
    return typeof found === "string" ? this.#files.stat(found) : found?.info ?? null;
  }

  /** The same of a symlink itself. */
  lstat(path: string): FileInfo | null {
    const found = this.find(path);
    return typeof found === "string" ? this.#files.lstat(found) : found?.info ?? null;
  }

  /** The entries of a directory, or null when there is none. */
  list(path: string): DirEntry[] | null {
    const found = this.find(path);
    if (typeof found === "string") return this.#files.list(found);
    if (found instanceof DryFile) return failCall("readdir", path, ERRNO.ENOTDIR);
    if (found === null) return null;
    const below = found.below === null ? [] : this.#files.list(found.below) ?? [];
    return [
      ...below.filter(({ name }) => !found.entries.has(name) && !found.hidden.has(name)),
      ...Array.from(found.entries, ([name, { info }]): DirEntry => ({ name, kind: info.kind })),
    ];
  }

  /** The place of a path in its directory, which must exist. */
  place(syscall: string, path: string): DryPlace {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) return failCall(syscall, path, ERRNO.EINVAL);
    let directory = this.#root;
    for (const part of parts) {
      const node = this.#adopt({ directory, name: part });
      if (node === null) return failCall(syscall, path, ERRNO.ENOENT);
      if (node instanceof DryFile) return failCall(syscall, path, ERRNO.ENOTDIR);
      directory = node;
    }
    return { directory, name };
  }

  /** The thing at a place, from now on of the tree; null: nothing is there. */
  #adopt({ directory, name }: DryPlace): DryNode | null {
    const node = directory.entries.get(name);
    if (node !== undefined) return node;
    const below = directory.through(name);
    const info = below === null ? null : this.#files.stat(below);
    if (info === null) return null;
    const made = info.kind === "directory"
      ? new DryDirectory(below, info)
      : new DryFile(below, info, null);
    directory.entries.set(name, made);
    return made;
  }

  /** The thing at a path, from now on of the tree; what is not there fails with ENOENT. */
  adopt(syscall: string, path: string): DryNode {
    return this.adoptOrNull(syscall, path) ?? failCall(syscall, path, ERRNO.ENOENT);
  }

  /** The same; null: nothing is there. */
  adoptOrNull(syscall: string, path: string): DryNode | null {
    return this.#adopt(this.place(syscall, path));
  }
}

const partsOf = (path: string): string[] =>
  path.split("/").filter((part) => part !== "" && part !== ".");
