/**
 * What a comparison of two stores comes to.
 *
 * @module
 */
import type { Uid } from "./ids.ts";
import type { MailboxName } from "./mailbox.ts";

/** One difference: where, and what is there on each side. */
export interface Finding {
  /** The mailbox, or null where the difference is of the account. */
  readonly mailbox: MailboxName | null;
  /** The message, or null where the difference is of the mailbox. */
  readonly uid: Uid | null;
  /**
   * The field: "name", "directory" (a name that no mailbox has), "subscription", "guid", "uidvalidity", "uidnext",
   * "flags", "keywords", "received", "saved", "bytes" ...
   */
  readonly field: string;
  /** What the left side has; null: nothing. */
  readonly left: string | null;
  /** What the right side has; null: nothing. */
  readonly right: string | null;
}

/**
 * The digests of a mailbox that both sides have; equal where nothing was found in it, attributes and saved dates left
 * aside.
 */
export interface MailboxDigests {
  /** Its name on the left side. */
  readonly mailbox: MailboxName;
  /** SHA-256 of the left side's numbers and mails, as 64 hex digits. */
  readonly left: string;
  /** The same of the right side. */
  readonly right: string;
}

/** What a comparison came to. */
export interface Comparison {
  /** Mailboxes that both sides have. */
  readonly mailboxes: number;
  /** Mails that both sides have. */
  readonly mails: number;
  /** Stored bytes of the left side's mails, each counted once; 0 where bytes are not compared. */
  readonly bytes: number;
  /** Of each mailbox that both sides have, in order of names. */
  readonly digests: readonly MailboxDigests[];
  /** Every difference, mailboxes in order of names, mails by UID. */
  readonly findings: readonly Finding[];
}
