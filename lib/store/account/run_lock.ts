/**
 * One run at a time changes a store: the file `dsync.lock` in its root, locked with flock while its owner lives. It is
 * made at the first write and removed at the end, so one whose lock can be had is what a killed run has left, and says
 * that there may be more of it. Lines of text, only ever appended; one without its end is passed over:
 *
 * ```
 * owner PID HOST             who has it now
 * leaving "NAME"             a name, as JSON, that nothing will be left of but an empty directory, which goes, too
 * ```
 *
 * @module
 */
import { type SyncError, syncError } from "../../model/error.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { Fd, FileInfo, Held, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { modesOf } from "./modes.ts";
import { attempt, errnoOf } from "./or_fail.ts";

/** The lock file of a run. No format takes a file of this name in its root for mail. */
export const RUN_LOCK = "dsync.lock";

/** Beyond it a lock file is not read: no run leaves so many names. */
const MAX_BYTES = 16 << 20;

/** Files that come and go at each of so many looks are somebody's who is at work. */
const TRIES = 100;

interface Owned {
  readonly fd: Fd;
  readonly held: Held;
}

/** Puts in order what a killed run has left; asked while the lock is held, with the names that it was leaving. */
export type Recover = (leaving: readonly MailboxName[]) => Promise<void>;

interface Told {
  readonly pid: string | null;
  readonly leaving: readonly MailboxName[];
}

const parseName = (json: string): MailboxName | null => {
  try {
    const name: unknown = JSON.parse(json);
    return typeof name === "string" ? name as MailboxName : null;
  } catch {
    return null;
  }
};

const parse = (text: string): Told => {
  let pid: string | null = null;
  const leaving = new Set<MailboxName>();
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    const [, kind, value = ""] = /^(owner|leaving) (.*)$/.exec(line) ?? [];
    if (kind === "owner") pid = /^\d+/.exec(value)?.[0] ?? null;
    const name = kind === "leaving" ? parseName(value) : null;
    if (name !== null) leaving.add(name);
  }
  return { pid, leaving: [...leaving] };
};

/** The lock of one store. Throws `StreamFailure<SyncError>`. */
export class RunLock {
  readonly #os: Os;
  readonly #root: string;
  readonly #recover: Recover;
  #owned: Owned | null = null;
  #recovered: Promise<void> = Promise.resolve();

  /** For the store in the directory `root`; touches nothing yet. */
  constructor(os: Os, root: string, recover: Recover) {
    this.#os = os;
    this.#root = root;
    this.#recover = recover;
  }

  get #path(): string {
    return `${this.#root}/${RUN_LOCK}`;
  }

  /**
   * Takes the lock before a write; having it already is fine. What a killed run has left is put in order first. Throws
   * `Busy`, which names the process, while another run has it, and `Unsafe` where something else has the lock's name.
   */
  async claim(): Promise<void> {
    if (this.#owned === null) {
      this.#os.disk.mkdir(this.#root, modesOf(this.#os, this.#root).directory);
      this.#take(() => this.#busy());
    }
    await this.#recovered;
  }

  /**
   * Puts in order what a killed run has left, before the store is read, and keeps the lock then. Nothing is done where
   * there is no lock file, where a run is at work, or where nothing may be written.
   */
  async recover(): Promise<void> {
    if (this.#owned === null && this.#os.files.lstat(this.#path)?.kind === "file") {
      attempt(() => this.#take(() => {}), (error) => {
        if (error._tag !== "Denied") throw new StreamFailure(error);
      });
    }
    await this.#recovered;
  }

  /** Tells of a name that only an empty directory is left of soon. Durable; the lock is held. */
  leaving(name: MailboxName): void {
    if (this.#owned === null) return;
    this.#append(this.#owned.fd, `leaving ${JSON.stringify(name)}`);
    this.#os.disk.sync(this.#owned.fd);
  }

  /** Lets go. The file is removed if all that was begun was ended, else the next run shall look. */
  release(allEnded: boolean): void {
    if (this.#owned === null) return;
    const { fd, held } = this.#owned;
    this.#owned = null;
    if (allEnded) this.#os.disk.unlink(this.#path);
    held.release();
    this.#os.files.close(fd);
  }

  /** Takes the lock; `otherwise` where a living process has it, or where the file comes and goes. */
  #take(otherwise: () => void): void {
    const { files, locks } = this.#os;
    for (let tries = 0; tries < TRIES; tries++) {
      const kind = files.lstat(this.#path)?.kind;
      const left = kind !== undefined;
      // Whoever put it there, we would write into what it leads to.
      if (left && kind !== "file") this.#unsafe(kind);
      const fd = left ? this.#open() : this.#create();
      // Somebody has made it, or removed it, meanwhile.
      if (fd === null) continue;
      const held = locks.tryFlock(fd, this.#path);
      if (held === null) {
        files.close(fd);
        return otherwise();
      }
      if (files.lstat(this.#path)?.ino !== files.fstat(fd).ino) {
        held.release();
        files.close(fd);
        continue;
      }
      this.#owned = { fd, held };
      const { leaving } = this.#read();
      this.#append(fd, `owner ${this.#os.pid} ${this.#os.hostname}`);
      if (left) this.#recovered = this.#recover(leaving);
      return;
    }
    otherwise();
  }

  #read(): Told {
    const bytes = this.#os.files.readFile(this.#path, MAX_BYTES);
    return parse(new TextDecoder().decode(bytes ?? undefined));
  }

  /** What a killed writer has left of a line is a line of its own then. */
  #append(fd: Fd, line: string): void {
    const { size } = this.#os.files.fstat(fd);
    this.#os.disk.write(fd, new TextEncoder().encode(`${size === 0 ? "" : "\n"}${line}\n`), size);
  }

  #open(): Fd | null {
    return attempt(() => this.#os.files.open(this.#path, "r+"), (error) => {
      if (error._tag === "Missing") return null;
      throw new StreamFailure(error);
    });
  }

  #create(): Fd | null {
    const { file } = modesOf(this.#os, this.#root);
    return attempt(() => this.#os.disk.openNew(this.#path, file), (error) => {
      if (errnoOf(error) === "EEXIST") return null;
      throw new StreamFailure(error);
    });
  }

  #unsafe(kind: FileInfo["kind"]): never {
    const what = `what must be a lock file is ${kind === "other" ? "none" : `a ${kind}`}`;
    throw new StreamFailure<SyncError>(syncError("Unsafe", "store", { path: this.#path }, what));
  }

  #busy(): never {
    const pid = attempt(() => this.#read().pid, () => null);
    const what = `another dsync${pid === null ? "" : ` (process ${pid})`} is at work here`;
    throw new StreamFailure<SyncError>(syncError("Busy", "store", { path: this.#path }, what));
  }
}
