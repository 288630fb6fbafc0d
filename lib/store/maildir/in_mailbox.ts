/**
 * Errors of one mailbox.
 *
 * @module
 */
import { type SyncError, withPlace } from "../../model/error.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { thrownError } from "../account/or_fail.ts";

/** Runs `use` with errors narrowed to the mailbox. */
export const inMailbox = async <A>(name: MailboxName, use: () => A | Promise<A>): Promise<A> => {
  try {
    return await use();
  } catch (thrown) {
    const error = thrownError(thrown);
    const scope = error.scope === "store" ? "mailbox" : error.scope;
    throw new StreamFailure<SyncError>(withPlace({ ...error, scope }, { mailbox: name }));
  }
};
