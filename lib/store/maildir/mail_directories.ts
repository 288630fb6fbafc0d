/**
 * The directories that a mailbox's files lie in.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { modesOf } from "../account/modes.ts";
import { MAIL_DIRECTORIES } from "./layout.ts";

/** Makes the directories of a mailbox that are missing, as Dovecot does when it opens one. Durable, with one fsync. */
export const makeMailDirectories = (os: Os, mail: string): void => {
  const missing = MAIL_DIRECTORIES.map((one) => `${mail}/${one}`)
    .filter((path) => os.files.stat(path)?.kind !== "directory");
  if (missing.length === 0) return;
  const { directory } = modesOf(os, mail);
  os.disk.mkdir(mail, directory);
  // cur/ last: with LAYOUT=fs it makes the mailbox.
  for (const path of missing.reverse()) os.disk.mkdir(path, directory, false);
  os.disk.syncDir(mail);
};
