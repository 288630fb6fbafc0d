/**
 * Indexes that were open just now: a run opens a mailbox some times in a row, and then only what was added to its log has
 * to be read.
 *
 * @module
 */
import { StreamFailure } from "../../stream/chunks.ts";
import type { IndexFile } from "./index_file.ts";

/** So many are kept at most: each has a file open. */
const MOST = 4;
/** So many mails they have together at most, some 6 MB. */
const MOST_MAILS = 100_000;

/**
 * The last few indexes, by their directories. What they show was read from the files, not taken from who wrote it: an
 * index through which something was written does not belong here.
 */
export class RecentIndexes {
  readonly #kept = new Map<string, IndexFile>();

  /**
   * The index of a directory as it is now; whoever takes it closes it, or keeps it again. Null: it is not here, or not
   * there any more, or what was added cannot be read, which opening it tells.
   */
  take(directory: string): IndexFile | null {
    const index = this.#kept.get(directory);
    if (index === undefined) return null;
    this.#kept.delete(directory);
    try {
      index.refresh();
      return index;
    } catch (thrown) {
      index.close();
      if (!(thrown instanceof StreamFailure)) throw thrown;
      return null;
    }
  }

  /** Keeps an index that nobody uses any more, until others take its place. */
  keep(directory: string, index: IndexFile): void {
    this.#drop(directory);
    this.#kept.set(directory, index);
    let mails = 0;
    for (const { view } of this.#kept.values()) mails += view.count;
    for (const [oldest, { view }] of this.#kept) {
      if (this.#kept.size <= MOST && mails <= MOST_MAILS) break;
      mails -= view.count;
      this.#drop(oldest);
    }
  }

  /** Closes all. */
  close(): void {
    for (const directory of [...this.#kept.keys()]) this.#drop(directory);
  }

  #drop(directory: string): void {
    this.#kept.get(directory)?.close();
    this.#kept.delete(directory);
  }
}
