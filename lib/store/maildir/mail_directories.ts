/**
 * The directories that a mailbox's files lie in.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { modesOf } from "../account/modes.ts";
import { MAIL_DIRECTORIES } from "./layout.ts";

/** Makes the directories of a mailbox that are missing, as Dovecot does when it opens one. */
export const makeMailDirectories = (os: Os, mail: string): void => {
  const { directory } = modesOf(os, mail);
  // cur/ last: with LAYOUT=fs it makes the mailbox.
  for (const one of [...MAIL_DIRECTORIES].reverse()) os.disk.mkdir(`${mail}/${one}`, directory);
};
