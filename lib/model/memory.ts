/**
 * What a mirror remembers of its last run. On the strength of it mails are expunged, and mailboxes deleted, of which no
 * log tells any more; so it counts only where both sides prove to be what it was made of (`run/proven_memory.ts`); of a
 * Dovecot behind a pipe nothing is proven, and this side's proof has to do. Where it does not count, or is not there,
 * nothing is lost, only decided more cautiously.
 *
 * @module
 */
import type { MailboxGuid } from "./ids.ts";
import type { MailboxName } from "./mailbox.ts";

/** What is remembered of one mailbox. */
export interface MailboxMemory {
  /** The name that both sides gave it. */
  readonly name: MailboxName;
  /** The UIDVALIDITY that both sides had. */
  readonly uidValidity: number;
  /** The UIDNEXT that both sides had: a mail from here on came since. */
  readonly uidNext: number;
  /** UIDs of the left side that could not be carried over: their absence on the right is no expunge. */
  readonly pendingLeft: readonly number[];
  /** UIDs of the right side that could not be carried over. */
  readonly pendingRight: readonly number[];
  /** Where the left side's history stood when both were equal: flags that were changed before are settled. */
  readonly momentLeft: string;
  /** Where the right side's history stood then. */
  readonly momentRight: string;
  /**
   * Where the left side's history stood when this was noted: only where that is the past of what is there now, it is of
   * what is there now. Absent: an older dsync noted it, and `momentLeft` says it.
   */
  readonly seenLeft?: string;
  /** Where the right side's history stood then. */
  readonly seenRight?: string;
  /** What both stores said of it before it was looked at and found equal; absent: not known. */
  readonly equal?: EqualMoment;
}

/** What tells, as long as both stores say it again, that a mailbox is equal on both sides. */
export interface EqualMoment {
  /** The left store's stamp of it. */
  readonly stampLeft: string;
  /** The right store's stamp. */
  readonly stampRight: string;
  /** How many mails both have. */
  readonly messages: number;
}

/** What is remembered of a pair of stores. */
export interface SyncMemory {
  /** What is remembered of each mailbox. */
  readonly mailboxes: ReadonlyMap<MailboxGuid, MailboxMemory>;
  /** The names that both sides had subscribed; null: not known. */
  readonly subscriptions: readonly MailboxName[] | null;
}

/** Nothing is remembered. */
export const NO_MEMORY: SyncMemory = { mailboxes: new Map(), subscriptions: null };
