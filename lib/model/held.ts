/**
 * What is kept of a mail that a run took away.
 *
 * @module
 */
import type { Guid, Uid } from "./ids.ts";
import type { MailboxName } from "./mailbox.ts";

/** A mail in a hold. */
export interface HeldMail {
  /** When it was taken away, as ISO 8601 has it. */
  readonly at: string;
  /** The location that it was taken from. */
  readonly location: string;
  /** Its mailbox there. */
  readonly mailbox: MailboxName;
  /** Its UID there. */
  readonly uid: Uid;
  /** Its GUID. */
  readonly guid: Guid;
  /** Why it was taken away, as a clause. */
  readonly reason: string;
  /** The mailbox of the hold that it is in. */
  readonly heldIn: MailboxName;
  /** Its UID in the hold. */
  readonly heldUid: Uid;
}
