/**
 * Writing `dovecot.index`, the outcome of a log, so that nobody has to read the log from its first day.
 *
 * @module
 */
import type { LogPosition } from "../../codec/index_changes.ts";
import type { IndexView } from "../../codec/index_view.ts";
import type { FileInfo, Os } from "../../port/os.ts";
import type { IndexPaths } from "./log_file.ts";

/** Fewer bytes of log than this are read in a few milliseconds. */
const WORTH = 1 << 20;
/** A snapshot of many mails is written anew less often: a mail takes some 40 bytes of it. */
const WORTH_OF_MAIL = 8;

/** Whether so much was logged since the last snapshot that another one is worth its while. */
export const isWorthSnapshot = (
  { position, count }: IndexView,
  last: LogPosition | null,
): boolean => {
  const from = last !== null && last.seq === position.seq ? last.offset : 0;
  return position.offset - from >= Math.max(WORTH, count * WORTH_OF_MAIL);
};

/**
 * Puts a snapshot in the place of the one that is there, if any. Where somebody else can know of the index the caller has
 * the lock of its log, which is durable up to where the snapshot stands. A process that dies meanwhile leaves the old one.
 *
 * `owner`: the log. False: nothing is written, since the snapshot would be somebody else's, as in a shared mailbox;
 * who reads the log could perhaps not read the snapshot.
 */
export const writeSnapshot = (
  { files, disk }: Os,
  paths: IndexPaths,
  pieces: Iterable<Uint8Array>,
  mode: number,
  owner?: Pick<FileInfo, "uid" | "gid">,
): boolean => {
  // Dovecot writes over what a dead process has left, too.
  disk.unlink(paths.newIndex);
  const fd = disk.openNew(paths.newIndex, mode);
  let done = false;
  try {
    const { uid, gid } = files.fstat(fd);
    if (owner !== undefined && (uid !== owner.uid || gid !== owner.gid)) return false;
    for (const piece of pieces) disk.write(fd, piece, null);
    disk.sync(fd);
    done = true;
  } finally {
    files.close(fd);
    if (!done) disk.unlink(paths.newIndex);
  }
  disk.rename(paths.newIndex, paths.index);
  return true;
};
