/**
 * What this process has begun in a storage and not yet ended, for the one who comes after a crash.
 *
 * One file for each open store, `storage/.temp.dsync.<random>`, locked with flock while its owner lives: a lock that can
 * be had means a dead owner. Lines of text; a last one without its end was never relied upon:
 *
 * ```
 * temp NAME DEVICE INODE     a new file m.N, not yet numbered, or numbered but not yet in the map
 * append N SIZE              records are appended to m.N, which had SIZE bytes
 * suspects 1-5,7             map UIDs whose refcount may be too high
 * ```
 *
 * A line is durable before what it tells of can be. Reading one twice, or long after all is done, does no harm: what it
 * names is compared with the map and the mailboxes, see recover.ts.
 *
 * @module
 */
import { formatHex } from "../../codec/guid.ts";
import type { Fd, FileInfo, Held, Os } from "../../port/os.ts";
import { ifThere } from "../account/if_there.ts";
import { type Layout, TEMP_PREFIX } from "./layout.ts";

/** What the name of each journal begins with. Dovecot takes it for a temporary file and removes it after 36 hours. */
export const JOURNAL_PREFIX = `${TEMP_PREFIX}dsync.`;

/** What the names of new files m.N begin with, before they have a number; then come the journal's id and a count. */
export const NEW_FILE_PREFIX = `${TEMP_PREFIX}dsync-new.`;

/** A journal beyond this is not read: no writer makes one. */
const MAX_JOURNAL = 256 * 1024 * 1024;

/** A file that was made under a temporary name. */
export interface TempFile {
  /** Its name in the storage directory. */
  readonly name: string;
  /** Device number. */
  readonly dev: number;
  /** Inode number, as text. */
  readonly ino: string;
}

/** What a journal tells. */
export interface Unfinished {
  /** New files. */
  readonly temps: readonly TempFile[];
  /** Files that were appended to, with their sizes before. */
  readonly appends: readonly { readonly fileId: number; readonly oldSize: number }[];
  /** Map UIDs whose refcount may be too high. */
  readonly suspects: readonly Range[];
}

/** Numbers from first to last. */
export interface Range {
  /** The lowest. */
  readonly first: number;
  /** The highest, not below the lowest. */
  readonly last: number;
}

/** Numbers ascending, none twice. */
export const sortedSet = (numbers: Iterable<number>): Uint32Array => {
  const sorted = Uint32Array.from(numbers).sort();
  return sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
};

/** Ascending numbers, none twice, as "1-3,7". */
export const formatRanges = (sorted: Uint32Array): string => {
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(",");
};

const parseRange = (text: string): Range | null => {
  const match = /^([0-9]{1,10})(?:-([0-9]{1,10}))?$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last ? { first, last } : null;
};

/** Whether a number is in one of some ranges, which may overlap and come in any order; logarithmic in their count. */
export const inRanges = (ranges: readonly Range[]): (value: number) => boolean => {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  const firsts = Float64Array.from(sorted, ({ first }) => first);
  // The highest last one of all ranges up to each.
  const lasts = Float64Array.from(sorted, ({ last }) => last);
  for (let i = 1; i < lasts.length; i++) lasts[i] = Math.max(lasts[i]!, lasts[i - 1]!);
  return (value) => {
    let [low, high] = [0, firsts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (firsts[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low > 0 && lasts[low - 1]! >= value;
  };
};

/** Reads a journal; lines that are cut off or not known are passed over. */
export const parseJournal = (bytes: Uint8Array): Unfinished => {
  const temps: TempFile[] = [];
  const appends: { fileId: number; oldSize: number }[] = [];
  const suspects: Range[] = [];
  const text = new TextDecoder().decode(bytes);
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    const [kind, first = "", second = "", third = ""] = line.split(" ");
    if (kind === "temp" && first.startsWith(TEMP_PREFIX) && !first.includes("/")) {
      temps.push({ name: first, dev: Number(second), ino: third });
    } else if (kind === "append" && /^[0-9]+ [0-9]+$/.test(`${first} ${second}`)) {
      appends.push({ fileId: Number(first), oldSize: Number(second) });
    } else if (kind === "suspects") {
      for (const part of first.split(",")) {
        const range = parseRange(part);
        if (range !== null) suspects.push(range);
      }
    }
  }
  return { temps, appends, suspects };
};

const encoder = new TextEncoder();

interface JournalFile {
  readonly id: string;
  readonly path: string;
  readonly fd: Fd;
  readonly lock: Held;
}

/** The journal of one open store. Its file is made when the first line is written. */
export class Journal {
  readonly #os: Os;
  readonly #layout: Layout;
  #file: JournalFile | null = null;
  #durableName = false;
  #size = 0;
  #newFiles = 0;

  /** Makes no file yet. */
  constructor(os: Os, layout: Layout) {
    this.#os = os;
    this.#layout = layout;
  }

  /** What its file name ends with. Makes the file: while it is locked, what bears this id has a living owner. */
  get id(): string {
    return this.#open().id;
  }

  /** A name for a new file m.N that has no number yet. */
  newFileName(): string {
    this.#newFiles += 1;
    return `${NEW_FILE_PREFIX}${this.id}.${this.#newFiles}`;
  }

  /** Tells of a new file that lies there under a temporary name. Not yet durable. */
  temp(name: string, { dev, ino }: FileInfo): void {
    this.#line(`temp ${name} ${dev} ${ino}`);
  }

  /** Tells of an append to m.N. Not yet durable. */
  append(fileId: number, oldSize: number): void {
    this.#line(`append ${fileId} ${oldSize}`);
  }

  /** Tells of refcounts that may be too high from now on. Ascending, none twice. Not yet durable. */
  suspects(mapUids: Uint32Array): void {
    if (mapUids.length > 0) this.#line(`suspects ${formatRanges(mapUids)}`);
  }

  /** Makes all lines durable. */
  sync(): void {
    if (this.#file === null) return;
    this.#os.disk.sync(this.#file.fd);
    if (this.#durableName) return;
    this.#os.disk.syncDir(this.#layout.storage);
    this.#durableName = true;
  }

  /** All is done that was told of. */
  reset(): void {
    if (this.#file === null || this.#size === 0) return;
    this.#os.disk.truncate(this.#file.fd, 0);
    this.#size = 0;
  }

  /** Removes the file; for when all is done. */
  close(): void {
    if (this.#file === null) return;
    this.#os.disk.unlink(this.#file.path);
    this.abandon();
  }

  /** Leaves the file to the one who recovers from it; for when something was begun and could not be ended. */
  abandon(): void {
    if (this.#file === null) return;
    this.#file.lock.release();
    this.#os.files.close(this.#file.fd);
    this.#file = null;
    this.#size = 0;
    this.#durableName = false;
  }

  #line(text: string): void {
    const { fd } = this.#open();
    const bytes = encoder.encode(`${text}\n`);
    this.#os.disk.write(fd, bytes, this.#size);
    this.#size += bytes.length;
  }

  #open(): JournalFile {
    const { files } = this.#os;
    const file = this.#file;
    // After 36 hours without a line Dovecot has removed it; then nobody sees that we live.
    if (file !== null && this.#size === 0 && files.stat(file.path) === null) this.abandon();
    this.#file ??= this.#create();
    return this.#file;
  }

  #create(): JournalFile {
    const { disk, files, locks } = this.#os;
    for (;;) {
      const id = formatHex(this.#os.random(12));
      const path = `${this.#layout.storage}/${JOURNAL_PREFIX}${id}`;
      const fd = disk.openNew(path);
      const lock = locks.tryFlock(fd, path);
      // Between the two calls somebody may have found the empty journal, and removed it as that of a dead owner.
      if (lock !== null && files.stat(path)?.ino === files.fstat(fd).ino) {
        return { id, path, fd, lock };
      }
      lock?.release();
      files.close(fd);
    }
  }
}

/** A journal whose owner is dead, locked by us. */
export interface DeadJournal {
  /** What its file name ends with. */
  readonly id: string;
  /** What it tells. */
  readonly unfinished: Unfinished;
  /** All of it was dealt with: removes the file. */
  readonly remove: () => void;
  /** Lets go of the file and leaves it. Twice is fine. */
  readonly leave: () => void;
}

/** The journals of dead owners in a storage, each locked. The caller lets go of each. */
export const deadJournals = (os: Os, layout: Layout): DeadJournal[] => {
  const { disk, files, locks } = os;
  const dead: DeadJournal[] = [];
  for (const { name } of files.list(layout.storage) ?? []) {
    if (!name.startsWith(JOURNAL_PREFIX)) continue;
    const path = `${layout.storage}/${name}`;
    const fd = ifThere(() => files.open(path, "r+"));
    if (fd === null) continue;
    const lock = locks.tryFlock(fd, path);
    let held = true;
    const leave = () => {
      if (held) {
        lock?.release();
        files.close(fd);
      }
      held = false;
    };
    if (lock === null || files.stat(path)?.ino !== files.fstat(fd).ino) {
      leave();
      continue;
    }
    const bytes = files.readFile(path, MAX_JOURNAL) ?? new Uint8Array();
    const remove = () => {
      disk.unlink(path);
      leave();
    };
    dead.push({
      id: name.slice(JOURNAL_PREFIX.length),
      unfinished: parseJournal(bytes),
      remove,
      leave,
    });
  }
  return dead;
};
