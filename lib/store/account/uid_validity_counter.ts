/**
 * The account's UIDVALIDITY counter on disk, shared by all formats, so that a mailbox that is deleted and made again
 * never has the old UIDVALIDITY. The rename of the marker file is the lock.
 *
 * @module
 */
import {
  formatUidValidity,
  nextUidValidity,
  parseUidValidity,
  parseUidValidityMarker,
  UID_VALIDITY_FILE,
  uidValidityMarker,
} from "../../codec/uid_validity.ts";
import type { Os } from "../../port/os.ts";
import { modesOf } from "./modes.ts";
import { thrownError } from "./or_fail.ts";

/** How often another process may take the value that we were about to take (RETRY_COUNT of mailbox-uidvalidity.c). */
const TRIES = 10;
/** Nobody writes to the marker. */
const MARKER_MODE = 0o444;

const encoder = new TextEncoder();

/** The value in the file, or null. */
const written = (os: Os, root: string): number | null => {
  const bytes = os.files.readFile(`${root}/${UID_VALIDITY_FILE}`, 4096);
  return bytes === null ? null : parseUidValidity(bytes);
};

const markers = (os: Os, root: string): readonly number[] =>
  (os.files.list(root) ?? []).map(({ name }) => parseUidValidityMarker(name))
    .filter((value) => value !== null);

const write = (os: Os, root: string, value: number): void => {
  const path = `${root}/${UID_VALIDITY_FILE}`;
  const exists = os.files.stat(path) !== null;
  const fd = exists ? os.files.open(path, "r+") : os.disk.openNew(path, modesOf(os, root).file);
  try {
    os.disk.write(fd, encoder.encode(formatUidValidity(value)), 0);
  } finally {
    os.files.close(fd);
  }
};

/** Renames the marker; false when somebody else has taken that value. */
const moveMarker = (os: Os, root: string, from: number, to: number): boolean => {
  try {
    os.disk.rename(`${root}/${uidValidityMarker(from)}`, `${root}/${uidValidityMarker(to)}`);
    return true;
  } catch (thrown) {
    if (thrownError(thrown)._tag === "Missing") return false;
    throw thrown;
  }
};

/** Starts the counter at a value. */
const start = (os: Os, root: string, value: number): void => {
  os.disk.mkdir(root, modesOf(os, root).directory);
  os.disk.create(`${root}/${uidValidityMarker(value)}`, [], { mode: MARKER_MODE });
  write(os, root, value);
};

/**
 * Takes the next UIDVALIDITY of the account whose control directory is `root`; starts with the current time (seconds)
 * where there is no counter. Throws `StreamFailure`.
 */
export const takeUidValidity = (os: Os, root: string): number => {
  let value = written(os, root);
  for (let i = 0; value !== null && i < TRIES; i++) {
    const next = nextUidValidity(value);
    if (moveMarker(os, root, value, next)) {
      write(os, root, next);
      return next;
    }
    value = next;
  }
  // The file is missing, broken, or not what the markers say: the highest marker counts.
  const highest = Math.max(0, ...markers(os, root));
  const next = highest === 0 ? Math.floor(os.now() / 1000) : nextUidValidity(highest);
  if (highest === 0 || !moveMarker(os, root, highest, next)) start(os, root, next);
  else write(os, root, next);
  return next;
};

/**
 * Raises the counter to `atLeast` where it is lower, so that it will not give out the UIDVALIDITY of a mailbox that
 * was copied here. Throws `StreamFailure`.
 */
export const raiseUidValidity = (os: Os, root: string, atLeast: number): void => {
  for (let i = 0; i < TRIES; i++) {
    const highest = Math.max(0, ...markers(os, root));
    if (highest >= atLeast) return;
    if (highest === 0) return start(os, root, Math.max(atLeast, written(os, root) ?? 0));
    if (moveMarker(os, root, highest, atLeast)) return write(os, root, atLeast);
  }
};
