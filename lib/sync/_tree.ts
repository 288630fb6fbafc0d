/** Trees for tests: mailboxes with small numbers for GUIDs, and operations as short texts. */
import { type MailboxGuid, mailboxGuid } from "../model/ids.ts";
import { mailboxName, type MailboxNode } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";

/** A GUID out of a number. */
export const id = (n: number): MailboxGuid => mailboxGuid(n.toString(16).padStart(32, "0"));

/** A mailbox. */
export const box = (name: string, n: number): MailboxNode => ({
  _tag: "Mailbox",
  name: mailboxName(name),
  guid: id(n),
});

/** A directory. */
export const dir = (name: string): MailboxNode => ({ _tag: "Directory", name: mailboxName(name) });

/** An operation in a few words. */
export const text = (operation: TreeOperation): string =>
  operation._tag === "RenameMailbox"
    ? `rename ${operation.name} > ${operation.newName}`
    : `${operation._tag} ${operation.name}`;
