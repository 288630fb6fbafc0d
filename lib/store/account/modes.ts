/**
 * Permissions of what is made: those of the directory it is made in, as Dovecot does it.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";

/** Permission bits for new files and directories. */
export interface Modes {
  /** For files: the directory's bits without x. */
  readonly file: number;
  /** For directories. */
  readonly directory: number;
}

/** What is used where there is nothing to go by. */
export const PRIVATE: Modes = { file: 0o600, directory: 0o700 };

/** The permissions that follow from a directory; private ones when it does not exist. */
export const modesOf = (os: Os, directory: string): Modes => {
  const info = os.files.stat(directory);
  if (info === null || info.kind !== "directory") return PRIVATE;
  return { file: (info.mode & 0o666) | 0o600, directory: (info.mode & 0o777) | 0o700 };
};
