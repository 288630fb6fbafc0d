/**
 * The identities of mailboxes that have none yet: a rehearsal makes them up, and what was planned with them can only be
 * done if the mailboxes get the same again.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxName } from "../model/mailbox.ts";

/** A mailbox's GUID and UIDVALIDITY. */
export interface GivenIdentity {
  /** Its GUID. */
  readonly guid: MailboxGuid;
  /** Its UIDVALIDITY. */
  readonly uidValidity: number;
}

/** What has a say when a mailbox is given an identity. */
export interface GivenIdentities {
  /** The identity that it shall have; null: a new one. */
  readonly of: (name: MailboxName) => GivenIdentity | null;
  /** Is told of each that was given. */
  readonly note: (name: MailboxName, identity: GivenIdentity) => void;
}
