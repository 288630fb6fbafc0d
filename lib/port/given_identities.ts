/**
 * The identities of mailboxes that have none yet: a rehearsal makes them up, and what was planned with them can only be
 * done if the mailboxes get the same again.
 *
 * @module
 */
import type { MailboxIdentity, MailboxName } from "../model/mailbox.ts";

/** What has a say when a mailbox is given an identity. */
export interface GivenIdentities {
  /** The identity that it shall have; null: a new one. */
  readonly of: (name: MailboxName) => MailboxIdentity | null;
  /** Is told of each that was given. */
  readonly note: (name: MailboxName, identity: MailboxIdentity) => void;
}
