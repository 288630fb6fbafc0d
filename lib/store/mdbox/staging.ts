/**
 * Indexes of mailboxes on their way in or out, where no LIST looks. Each bears the id of its owner's journal: one whose
 * owner is dead is garbage.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import type { Journal } from "./journal.ts";
import type { Layout } from "./layout.ts";

/** A directory of the staging area. */
export interface Staged {
  /** The id of its owner's journal. */
  readonly owner: string;
  /** Where it is. */
  readonly path: string;
}

/** The directories of the staging area. */
export const listStaged = (os: Os, layout: Layout): Staged[] =>
  (os.files.list(layout.staging) ?? []).map(({ name }) => ({
    owner: name.split(".", 1)[0]!,
    path: `${layout.staging}/${name}`,
  }));

/** The path of a new directory of ours. It is not made yet, but what it will be in is. `durable`: as of `Disk.mkdir`. */
export const newStagedPath = (
  os: Os,
  layout: Layout,
  journal: Journal,
  mode: number,
  durable = true,
): string => {
  const { id } = journal;
  os.disk.mkdir(layout.staging, mode, durable);
  for (let n = 1;; n++) {
    const path = `${layout.staging}/${id}.${n}`;
    if (os.files.stat(path) === null) return path;
  }
};

/** Removes the staging area when nothing is in it. */
export const leaveStagingArea = (os: Os, layout: Layout): void => {
  os.disk.rmdir(layout.staging);
};

/** Removes a directory of the staging area, and the area when it was the last one. */
export const removeStaged = (os: Os, layout: Layout, path: string): void => {
  os.disk.removeTree(path);
  leaveStagingArea(os, layout);
};
