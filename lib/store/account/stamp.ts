/**
 * What tells that files have not changed, without a look into them.
 *
 * @module
 */
import type { MailboxGuid } from "../../model/ids.ts";
import type { Os } from "../../port/os.ts";
import { attempt } from "./or_fail.ts";

/** How some paths stood at one moment. */
export interface Stamp {
  /** Device, inode, size and times of each; another text whenever one of them was changed, replaced or removed. */
  readonly text: string;
  /** Whether one was changed so lately that on some file system a second change could have the same times. */
  readonly isYoung: boolean;
  /** The same, for a file system that this machine's clock stamps, going by the digits of the times. */
  readonly isFresh: boolean;
}

/** The files of an index that a change of its mailbox touches. */
export const indexFiles = (directory: string, base: string): readonly string[] => [
  `${directory}/${base}`,
  `${directory}/${base}.log`,
];

/** A change that comes within so long of the last one may have the same time, wherever the file lies. */
const YOUNG_S = 2;
/** The same where times have fractions of a second: Linux stamps files by a clock that ticks a hundred times a second. */
const FRESH_S = 0.03;

/** Looks at paths; what changes behind a directory's entries is not seen. Throws `StreamFailure`. */
export const stampOf = (os: Os, paths: readonly string[]): Stamp => {
  const now = os.now() / 1000;
  let [isYoung, isFresh] = [false, false];
  const parts = paths.map((path) => {
    const info = os.files.stat(path);
    if (info === null) return "-";
    const { dev, ino, mtime, mtimeNs, ctime, ctimeNs } = info;
    const last = Math.max(mtime + mtimeNs / 1e9, ctime + ctimeNs / 1e9);
    isYoung ||= Math.floor(last) >= now - YOUNG_S;
    isFresh ||= last >= now - (mtimeNs === 0 || ctimeNs === 0 ? YOUNG_S : FRESH_S);
    const size = info.kind === "directory" ? "" : info.size;
    return [dev, ino, size, mtime, mtimeNs, ctime, ctimeNs].join(":");
  });
  return { text: parts.join(" "), isYoung, isFresh };
};

/**
 * The stamps of mailboxes for the store port: `paths` gives what a change of one touches. One that is young, or whose
 * files cannot be looked at, is left out.
 */
export const stampsOf = (
  os: Os,
  mailboxes: Iterable<readonly [MailboxGuid, readonly string[]]>,
): ReadonlyMap<MailboxGuid, string> => {
  const stamps = new Map<MailboxGuid, string>();
  for (const [guid, paths] of mailboxes) {
    const stamp = attempt(() => stampOf(os, paths), () => null);
    if (stamp !== null && !stamp.isYoung) stamps.set(guid, stamp.text);
  }
  return stamps;
};
