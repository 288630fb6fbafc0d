/**
 * Whether a log ends where its last whole record does.
 *
 * @module
 */
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import type { IndexFile } from "./index_file.ts";

/** Milliseconds between two looks: a writer who is just at work has a moment to end his record. */
const PAUSES = [1, 2, 4, 8, 16, 32, 64] as const;

/**
 * Why what an index shows may not be all: its log goes on behind the last whole record, and nobody makes it longer. So it
 * is after a power cut, or when a writer was killed in the middle of a write; what was said there is lost, mails that came
 * last with it. Null: the log ends where it was read to. May read on, so it is asked before anything is taken from the
 * index. Throws as {@linkcode IndexFile.refresh}.
 */
export const tornEnd = (os: Os, index: IndexFile): SyncError | null => {
  let size = -1;
  for (const pause of [0, ...PAUSES]) {
    if (pause > 0) {
      os.pause(pause);
      index.refresh();
    }
    const now = os.files.stat(index.path)?.size ?? 0;
    if (now <= index.view.position.offset) return null;
    // Who reads behind a living writer is behind him in any case.
    if (pause === PAUSES.at(-1) && now !== size) return null;
    size = now;
  }
  const where = { path: index.path, offset: index.view.position.offset };
  const what = "the log ends inside a record, and what it said last is lost (doveadm force-resync)";
  return syncError("Damaged", "mailbox", where, what);
};
