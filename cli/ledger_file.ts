/**
 * The ledger of a user: what runs decided, kept in two files that take turns, so that it does not grow for ever.
 *
 * @module
 */
import { formatLedgerLine, type LedgerEntry, parseLedgerLine } from "../lib/codec/decision_json.ts";
import type { Decision } from "../lib/model/decision.ts";
import type { Side } from "../lib/model/report.ts";

/** When the file is put aside, bytes. */
const FULL = 16 * 1024 * 1024;
/** How much is written at once, characters. */
const PIECE = 64 * 1024;

const filesIn = (directory: string): readonly [string, string] => [
  `${directory}/ledger.1.jsonl`,
  `${directory}/ledger.jsonl`,
];

const sizeOf = (path: string): number => {
  try {
    return Deno.statSync(path).size;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return 0;
    throw thrown;
  }
};

/** Appends to the ledger. That it cannot be written is told once, and stops no run. */
export class Ledger {
  readonly #directory: string;
  readonly #warn: (what: string) => void;
  #waiting = "";
  #file: Deno.FsFile | null = null;
  #isBroken = false;

  constructor(directory: string, warn: (what: string) => void) {
    this.#directory = directory;
    this.#warn = warn;
  }

  /** Notes a decision. */
  note(names: Readonly<Record<Side, string>>, decision: Decision): void {
    this.#waiting += formatLedgerLine(new Date().toISOString(), names, decision);
    if (this.#waiting.length > PIECE) this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting === "" || this.#isBroken) return;
    const bytes = new TextEncoder().encode(this.#waiting);
    this.#waiting = "";
    try {
      this.#file ??= this.#open();
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      this.#isBroken = true;
      this.#warn(`${this.#directory}: the ledger cannot be written: ${thrown.message}`);
    }
  }

  #open(): Deno.FsFile {
    Deno.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const [old, now] = filesIn(this.#directory);
    if (sizeOf(now) > FULL) Deno.renameSync(now, old);
    return Deno.openSync(now, { create: true, append: true, mode: 0o600 });
  }

  /** Writes what waits and lets go of the file. */
  close(): void {
    this.flush();
    this.#file?.close();
    this.#file = null;
  }
}

/** What the ledger has, oldest first; lines that cannot be read are left out. */
export const readLedger = function* (directory: string): Generator<LedgerEntry> {
  for (const path of filesIn(directory)) {
    if (sizeOf(path) === 0) continue;
    for (const line of Deno.readTextFileSync(path).split("\n")) {
      const entry = parseLedgerLine(line);
      if (entry !== null) yield entry;
    }
  }
};
