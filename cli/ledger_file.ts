/**
 * The ledger of a user: what runs decided, kept in two files that take turns, so that it does not grow for ever.
 *
 * @module
 */
import { formatLedgerLine, type LedgerEntry, parseLedgerLine } from "../lib/codec/decision_json.ts";
import type { Decision } from "../lib/model/decision.ts";
import type { SyncError } from "../lib/model/error.ts";
import type { Side } from "../lib/model/report.ts";
import type { Fd, Os } from "../lib/port/os.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";

/** When the file is put aside, bytes. */
const FULL = 16 * 1024 * 1024;
/** How much is written at once, characters. */
const PIECE = 64 * 1024;

const filesIn = (directory: string): readonly [string, string] => [
  `${directory}/ledger.1.jsonl`,
  `${directory}/ledger.jsonl`,
];

/** The most that is read of one file, bytes. */
const LIMIT = 64 * 1024 * 1024;

/** Appends to the ledger. That it cannot be written is told once, and stops no run. */
export class Ledger {
  readonly #os: Os;
  readonly #directory: string;
  readonly #warn: (what: string) => void;
  #waiting = "";
  #fd: Fd | null = null;
  #isBroken = false;

  constructor(os: Os, directory: string, warn: (what: string) => void) {
    this.#os = os;
    this.#directory = directory;
    this.#warn = warn;
  }

  /** Notes a decision. */
  note(names: Readonly<Record<Side, string>>, decision: Decision): void {
    const at = new Date(this.#os.now()).toISOString();
    this.#waiting += formatLedgerLine(at, names, decision);
    if (this.#waiting.length > PIECE) this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting === "" || this.#isBroken) return;
    const bytes = new TextEncoder().encode(this.#waiting);
    this.#waiting = "";
    try {
      this.#fd ??= this.#open();
      this.#os.disk.write(this.#fd, bytes, null);
    } catch (thrown) {
      if (!(thrown instanceof StreamFailure)) throw thrown;
      this.#isBroken = true;
      const { what } = thrown.error as SyncError;
      this.#warn(`${this.#directory}: the ledger cannot be written: ${what}`);
    }
  }

  #open(): Fd {
    const { files, disk } = this.#os;
    disk.mkdir(this.#directory);
    const [old, now] = filesIn(this.#directory);
    if ((files.stat(now)?.size ?? 0) > FULL) disk.rename(now, old);
    return files.stat(now) === null ? disk.openNew(now) : files.open(now, "a");
  }

  /** Writes what waits and lets go of the file. */
  close(): void {
    this.flush();
    if (this.#fd !== null) this.#os.files.close(this.#fd);
    this.#fd = null;
  }
}

/** What the ledger has, oldest first; lines that cannot be read are left out. */
export const readLedger = function* (os: Os, directory: string): Generator<LedgerEntry> {
  for (const path of filesIn(directory)) {
    const bytes = os.files.readFile(path, LIMIT);
    if (bytes === null) continue;
    for (const line of new TextDecoder().decode(bytes).split("\n")) {
      const entry = parseLedgerLine(line);
      if (entry !== null) yield entry;
    }
  }
};
