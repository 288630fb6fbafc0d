/**
 * What a memory store holds, as plain data that its maker may look into and change.
 *
 * @module
 */
import type { MailboxAttribute } from "../../model/attribute.ts";
import type { LogChange } from "../../model/change.ts";
import type { MailboxGuid, ModSeq } from "../../model/ids.ts";
import type { Mail, MailRecord } from "../../model/mail.ts";
import type { MailboxLogRecord, MailboxName } from "../../model/mailbox.ts";

/** A mail in memory. */
export interface StoredMail {
  /** What a scan shows. */
  record: MailRecord;
  /** What a fetch gives; the body is an array. */
  mail: Mail;
}

/** A mailbox in memory. Its fields may be read and written freely between calls: it is what tests build. */
export interface StoredMailbox {
  /** Its name. */
  name: MailboxName;
  /** Its identity. */
  guid: MailboxGuid;
  /** UIDVALIDITY. */
  uidValidity: number;
  /** UIDNEXT. */
  uidNext: number;
  /** UIDs from here on are \Recent. */
  firstRecentUid: number;
  /** HIGHESTMODSEQ. */
  highestModSeq: ModSeq;
  /** Ascending by UID. */
  mails: StoredMail[];
  /** What its index log knows, one net change for each mail. */
  changes: LogChange[];
  /** Whether that reaches back to the first day. */
  historyComplete: boolean;
  /** Its attributes; absent: none yet. */
  attributes?: MailboxAttribute[];
}

/** All that a memory store holds. */
export interface MemoryState {
  /** All mailboxes, in no order. */
  mailboxes: StoredMailbox[];
  /** \NoSelect names; the parents of mailboxes need not be among them. */
  directories: Set<MailboxName>;
  /** Subscribed names. */
  subscriptions: Set<MailboxName>;
  /** The log of the tree, oldest first. */
  log: MailboxLogRecord[];
}

/** A state with nothing in it. */
export const emptyState = (): MemoryState => ({
  mailboxes: [],
  directories: new Set(),
  subscriptions: new Set(),
  log: [],
});
