/**
 * Mailboxes, their names, and the tree they form.
 *
 * @module
 */
import type { Brand, MailboxGuid, ModSeq } from "./ids.ts";
import type { SyncError } from "./error.ts";

/**
 * A mailbox name as users see it: hierarchy parts joined with "/", Unicode, in the normal form it was stored in.
 * The mailbox INBOX is always spelled in capitals. Two names are the same mailbox when their {@linkcode nameKey} is.
 */
export type MailboxName = Brand<string, "MailboxName">;

/** The one mailbox that always exists. */
export const INBOX: MailboxName = "INBOX" as MailboxName;

/** Takes text as a mailbox name; any spelling of a first part "inbox" alone becomes INBOX. */
export const mailboxName = (value: string): MailboxName =>
  (value.toUpperCase() === "INBOX" ? "INBOX" : value) as MailboxName;

/** What names are matched by: Unicode NFC. Dovecot 2.4.3 and later rewrites names to NFC, 2.3 never did. */
export const nameKey = (name: MailboxName): string => name.normalize("NFC");

/** The name of the parent, or null at the top. */
export const parentName = (name: MailboxName): MailboxName | null => {
  const at = name.lastIndexOf("/");
  return at < 0 ? null : (name.slice(0, at) as MailboxName);
};

/** What makes a mailbox the one it is. */
export interface MailboxIdentity {
  /** Its GUID. */
  readonly guid: MailboxGuid;
  /** UIDVALIDITY, not 0. */
  readonly uidValidity: number;
}

/** One entry of the hierarchy. */
export type MailboxNode =
  /** A mailbox that can be opened. */
  | { readonly _tag: "Mailbox"; readonly name: MailboxName; readonly guid: MailboxGuid }
  /** A \NoSelect name: it has children or is an empty directory. */
  | { readonly _tag: "Directory"; readonly name: MailboxName }
  /**
   * A mailbox that could not be read; the error is among the tree's problems. Never deleted or overwritten on the other
   * side.
   */
  | { readonly _tag: "Damaged"; readonly name: MailboxName };

/** What happened to a name or mailbox, from dovecot.mailbox.log; times are seconds since 1970. */
export interface MailboxLogRecord {
  /** The kind of change. */
  readonly type:
    | "DeleteMailbox"
    | "DeleteDirectory"
    | "Rename"
    | "Subscribe"
    | "Unsubscribe"
    | "CreateDirectory";
  /** DeleteMailbox: the mailbox GUID. Otherwise the first 16 bytes of SHA-1 of the name, as 32 hex digits. */
  readonly guid: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** All mailboxes of one store. */
export interface MailboxTree {
  /** Sorted by {@linkcode nameKey}, parents before children. */
  readonly nodes: readonly MailboxNode[];
  /** Subscribed names in the order of the file; some may not exist. */
  readonly subscriptions: readonly MailboxName[];
  /** The log of changes to the tree, oldest first. */
  readonly log: readonly MailboxLogRecord[];
  /** What could not be read; a non-empty list means that a missing name proves nothing. */
  readonly problems: readonly SyncError[];
}

/** The mailbox that a tree has of a name; null: none. */
export const mailboxNamed = (tree: MailboxTree | null, name: MailboxName): MailboxGuid | null => {
  const node = tree?.nodes.find((one) => nameKey(one.name) === nameKey(name));
  return node?._tag === "Mailbox" ? node.guid : null;
};

/** The numbers of one mailbox at the moment it was opened. */
export interface MailboxStatus extends MailboxIdentity {
  /** UIDNEXT: above every UID ever used. */
  readonly uidNext: number;
  /** How many mails it holds. */
  readonly messages: number;
  /** UIDs from here on are \Recent. */
  readonly firstRecentUid: number;
  /** HIGHESTMODSEQ, at least 1. */
  readonly highestModSeq: ModSeq;
  /** Whether mails have MODSEQs of their own; if not, each is reported with the highest. */
  readonly modSeqTracked: boolean;
}
