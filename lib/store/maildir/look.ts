/**
 * A look at a Maildir that may count again: a run opens a mailbox some times in a row, and as a rule nothing has
 * happened to it between.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { stampOf } from "../account/stamp.ts";
import type { IndexFile } from "../index/index_file.ts";
import type { MailboxPaths } from "./layout.ts";
import { type Snapshot, touchedPaths } from "./snapshot.ts";

/** What a mailbox held when it was opened, and what tells whether that is still so. */
export interface Look {
  /** What was read. */
  readonly snapshot: Snapshot;
  /** How far the index was read; "" where there is none. */
  readonly index: string;
}

const placeIn = (index: IndexFile | null): string => {
  if (index === null) return "";
  const { indexId, position: { seq, offset } } = index.view;
  return `${indexId}:${seq}:${offset}`;
};

/** What was just read, together with the index that it was read with. */
export const lookAt = (snapshot: Snapshot, index: IndexFile | null): Look => ({
  snapshot,
  index: placeIn(index),
});

/**
 * Whether a look would show the same again: no file that a change touches has another inode, size or time, none had been
 * touched so lately that a second change could have the same time, and the index has been read no further. Where the
 * clock of a file server is behind, a change of this very moment may be overlooked, and is found by the next run.
 */
export const isStill = (
  os: Os,
  paths: MailboxPaths,
  { snapshot, index: place }: Look,
  index: IndexFile | null,
): boolean =>
  place === placeIn(index) && !snapshot.stamp.isFresh &&
  stampOf(os, touchedPaths(paths)).text === snapshot.stamp.text;
