/**
 * Two mailboxes with one GUID: a directory that was copied by hand, dovecot-uidlist and all.
 *
 * @module
 */
import { type SyncError, syncError } from "../../model/error.ts";
import type { MailboxName } from "../../model/mailbox.ts";

const BEFORE = "it has the same GUID as ";
const BEHIND = ": one is a copy of the other";

/** What is said of a mailbox whose GUID `twin` has, too. */
export const twinError = (name: MailboxName, twin: MailboxName): SyncError =>
  syncError("Damaged", "mailbox", { mailbox: name }, `${BEFORE}${twin}${BEHIND}`);

/** The other mailbox that a {@linkcode twinError} names; null: it is another error. */
export const twinIn = ({ what }: SyncError): MailboxName | null =>
  what.startsWith(BEFORE) && what.endsWith(BEHIND)
    ? what.slice(BEFORE.length, -BEHIND.length) as MailboxName
    : null;
