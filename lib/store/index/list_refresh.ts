/**
 * Tells running sessions that the mailbox tree has become another one.
 *
 * @module
 */
import { DONE } from "../../codec/index_record.ts";
import { refreshList } from "../../codec/list_index.ts";
import type { Os } from "../../port/os.ts";
import { thrownError } from "../account/or_fail.ts";
import { openIndex } from "./index_file.ts";

/** The base of the list index's files. */
const BASE = "dovecot.list.index";
/** Dovecot holds this lock for moments only. */
const TIMEOUT_MS = 10_000;

/**
 * Asks sessions to look at the mailboxes again, by the flag in `dovecot.list.index` of the account whose index
 * directory is `root`. The list index is a cache: where there is none, or it cannot be written, sessions learn of the
 * change later.
 */
export const refreshListIndex = async (os: Os, root: string): Promise<void> => {
  try {
    const list = openIndex(os, root, BASE);
    if (list === null) return;
    try {
      await list.withLock((writer) => writer.append(refreshList(), DONE), TIMEOUT_MS);
    } finally {
      list.close();
    }
  } catch (thrown) {
    thrownError(thrown);
  }
};
