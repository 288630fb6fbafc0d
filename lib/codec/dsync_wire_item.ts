/**
 * What two dsyncs say to each other: the items of Dovecot's dsync protocol, version 3 (src/doveadm/dsync/
 * dsync-ibc-stream.c). Numbers are as on the wire; a field that may be missing there is null.
 *
 * @module
 */
import type { Guid, MailboxGuid, ModSeq, Uid } from "../model/ids.ts";

/** The first lines of a side: what it speaks. */
export interface Hello {
  /** The kind. */
  readonly _tag: "Hello";
  /** The minor version; see `wireAbilities`. */
  readonly minor: number;
  /** Names of what this sender does beyond the protocol; a Dovecot has none and passes over those of others. */
  readonly extensions: readonly string[];
}

/** `H`: who a side is and, from the master, how to sync. */
export interface Handshake {
  /** The kind. */
  readonly _tag: "Handshake";
  /** The sender's host name; the higher one takes the lock. */
  readonly hostname: string;
  /** Namespace prefixes to sync; one of them may be empty. */
  readonly namespacePrefixes: readonly string[] | null;
  /** Only this mailbox. */
  readonly mailbox: string | null;
  /** Only the mailbox with this GUID. */
  readonly mailboxGuid: MailboxGuid | null;
  /** How much is compared: full, changed or state; null is taken for full. */
  readonly syncType: "f" | "c" | "s" | null;
  /** Whether the peer should tell more on its stderr. */
  readonly debug: boolean;
  /** Whether all visible namespaces are synced. */
  readonly visibleNamespaces: boolean;
  /** Mailboxes to leave out. */
  readonly excluded: readonly string[] | null;
  /** Whether mails are asked for, one by one; without it all new ones are sent. */
  readonly mailRequests: boolean;
  /** The receiver of this handshake is the source of a backup. */
  readonly backupSend: boolean;
  /** The receiver of this handshake is the destination of a backup. */
  readonly backupReceive: boolean;
  /** Seconds to wait for the lock; null: no lock. */
  readonly lockTimeout: number | null;
  /** Mailboxes and subscriptions only. */
  readonly noMails: boolean;
  /** A one-way sync that keeps the destination's own changes. */
  readonly noOverwrite: boolean;
  /** Whether the slave purges its storage at the end. */
  readonly purge: boolean;
  /** Whether notifications are left out. */
  readonly noNotify: boolean;
  /** Only mails received from here on, seconds since 1970. */
  readonly since: number | null;
  /** Only mails up to this size in bytes. */
  readonly maxSize: number | null;
  /** Only mails with this flag or keyword; a leading "-" turns it round. */
  readonly flag: string | null;
  /** Only mails received up to here, seconds since 1970. Dovecot 2.3.19.1 writes `since` here. */
  readonly until: number | null;
  /** The virtual mailbox that has all mails. */
  readonly virtualAll: string | null;
  /** Whether a hash of no header matches any other. */
  readonly emptyHeaderWorkaround: boolean;
  /** Commit after this many saves. */
  readonly commitInterval: number | null;
  /** Headers for the header hash, as sent; take them with `hashedHeaderNames`. */
  readonly hashedHeaders: readonly string[] | null;
  /** What stands in for a character that a mailbox name cannot have. */
  readonly altChar: string | null;
}

/** `S`: how far a mailbox is in common. */
export interface MailboxState {
  /** The kind. */
  readonly _tag: "MailboxState";
  /** The mailbox. */
  readonly guid: MailboxGuid;
  /** Its UIDVALIDITY; 0: a full sync is needed. */
  readonly uidValidity: number;
  /** The highest UID that both sides know; 0: none. */
  readonly commonUid: number;
  /** The MODSEQ up to which changes are common; 0: none. */
  readonly commonModSeq: ModSeq;
  /** The same for private flags. */
  readonly commonPrivateModSeq: ModSeq;
  /** How many mails there are. */
  readonly messages: number | null;
  /** Whether something changed while it was synced. */
  readonly changedMeanwhile: boolean;
}

/** `N`: a name of the mailbox tree. */
export interface TreeNode {
  /** The kind. */
  readonly _tag: "TreeNode";
  /** The parts of the name, from the top. They come from a stranger: a part can be ".." or hold "/". */
  readonly name: readonly string[];
  /** y: exists; n: does not, but has children or a subscription; d: deleted. */
  readonly existence: "y" | "n" | "d";
  /** Its identity; null: it holds no mails. */
  readonly guid: MailboxGuid | null;
  /** UIDVALIDITY. */
  readonly uidValidity: number | null;
  /** UIDNEXT. */
  readonly uidNext: number | null;
  /** When it was renamed or created, seconds since 1970. */
  readonly renamedAt: number | null;
  /** Whether it is subscribed. */
  readonly subscribed: boolean;
  /** When that changed, seconds since 1970. */
  readonly subscriptionAt: number | null;
}

/** Something that went at some time. */
export interface Gone {
  /** 32 lower-case hex digits: a mailbox GUID, or the hash of a name (`mailboxNameHash`, with the sender's separator). */
  readonly id: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** `D`: what was deleted; ends the tree. */
export interface Deletes {
  /** The kind. */
  readonly _tag: "Deletes";
  /** The sender's separator in hashed names, one ASCII character. */
  readonly separator: string;
  /** The sender's escape character in hashed names: one ASCII character or none. */
  readonly escape: string | null;
  /** Mailboxes, by GUID. */
  readonly mailboxes: readonly Gone[] | null;
  /** Directories, by hash of the name. */
  readonly directories: readonly Gone[] | null;
  /** Unsubscribed names that are in the tree no more, by hash. */
  readonly unsubscribed: readonly Gone[] | null;
}

/** `c`: a header or field that the sender's cache keeps. */
export interface CacheField {
  /** The kind. */
  readonly _tag: "CacheField";
  /** Its name. */
  readonly name: string;
  /** n: not kept; t: for a time; y: always; F: forced by configuration. */
  readonly decision: "n" | "t" | "y" | "nF" | "tF" | "yF";
  /** Seconds since 1970. */
  readonly usedAt: number | null;
}

/** `B`: the mailbox that is synced next, or the answer to that. */
export interface MailboxNumbers {
  /** The kind. */
  readonly _tag: "MailboxNumbers";
  /** The mailbox. */
  readonly guid: MailboxGuid;
  /** UIDVALIDITY; with `lost` or `ignore` this and all numbers are 0. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
  /** How many mails it holds. */
  readonly messages: number;
  /** UIDs from here on are \Recent. */
  readonly firstRecentUid: number;
  /** HIGHESTMODSEQ; 0: MODSEQs are not permanent. */
  readonly highestModSeq: ModSeq;
  /** The same for private flags. */
  readonly highestPrivateModSeq: ModSeq;
  /** The slave has it no more. */
  readonly lost: boolean;
  /** The slave does not have it and need not. */
  readonly ignore: boolean;
  /** What the cache keeps. */
  readonly cacheFields: readonly CacheField[] | null;
  /** Whether mails have GUIDs. */
  readonly haveGuids: boolean;
  /** Whether a GUID can be given to a saved mail; below minor 2 `haveGuids` says it. */
  readonly haveSaveGuids: boolean;
  /** Whether GUIDs are kept in their 128-bit form only. */
  readonly haveOnlyGuid128: boolean;
}

/** `A`: a mailbox attribute. */
export interface Attribute {
  /** The kind. */
  readonly _tag: "Attribute";
  /** p: private; s: shared. */
  readonly type: "p" | "s";
  /** Its key. */
  readonly key: string;
  /** Its value, in the text form of `textOfBytes`. */
  readonly value: string | null;
  /** Whether the value follows as a body. */
  readonly body: boolean;
  /** Whether it was deleted. */
  readonly deleted: boolean;
  /** When, seconds since 1970. */
  readonly changedAt: number | null;
  /** MODSEQ of the change. */
  readonly modSeq: ModSeq | null;
}

/** `C`: what is known of one mail. */
export interface MailChange {
  /** The kind. */
  readonly _tag: "MailChange";
  /** s: it is there or new; e: expunged; f: flags changed. */
  readonly type: "s" | "e" | "f";
  /** Its UID. A list of changes must ascend; that is for the reader of the list to see. */
  readonly uid: Uid;
  /** Its GUID; empty: the storage has none. Of an expunge the 128-bit form. */
  readonly guid: Guid | null;
  /** Header hash, where GUIDs cannot be relied on. */
  readonly headerHash: string | null;
  /** MODSEQ. */
  readonly modSeq: ModSeq | null;
  /** MODSEQ of private flags. */
  readonly privateModSeq: ModSeq | null;
  /** Flags added: Dovecot's bits, \Recent (20) and its dirty bit (80) among them; `flags` masks them. */
  readonly addFlags: number | null;
  /** Flags removed, as bits. */
  readonly removeFlags: number | null;
  /** Flags now, as bits. */
  readonly finalFlags: number | null;
  /** Whether all keywords are dropped first. */
  readonly keywordsReset: boolean;
  /** Keywords, each behind "+" added and gone again, "-" removed, "=" there, "&" added and there. */
  readonly keywordChanges: readonly string[] | null;
  /** Seconds since 1970. */
  readonly receivedAt: number | null;
  /** Size with CRLF line ends; {@linkcode UNKNOWN_VIRTUAL_SIZE} where it was not looked for. */
  readonly virtualSize: bigint | null;
}

/** What a save says of a size that nobody asked for. */
export const UNKNOWN_VIRTUAL_SIZE: bigint = 0xffff_ffff_ffff_ffffn;

/** `R`: asks for a mail. */
export interface MailRequest {
  /** The kind. */
  readonly _tag: "MailRequest";
  /** By GUID; it decides where it is there. */
  readonly guid: Guid | null;
  /** By the UID at the side that is asked. */
  readonly uid: Uid | null;
}

/** `M`: answers a request. */
export interface RequestedMail {
  /** The kind. */
  readonly _tag: "RequestedMail";
  /** The GUID by which it was asked for. */
  readonly guid: Guid | null;
  /** The UID by which it was asked for. */
  readonly uid: Uid | null;
  /** POP3 UIDL; empty: none. */
  readonly pop3Uidl: string | null;
  /** POP3 order, 1 and up. */
  readonly pop3Order: number | null;
  /** INTERNALDATE, seconds since 1970. */
  readonly receivedAt: number | null;
  /** SAVEDATE, seconds since 1970. */
  readonly savedAt: number | null;
  /** Whether the mail follows as a body; without it the mail is gone. Never take that for an empty mail. */
  readonly body: boolean;
}

/** `F`: the slave is done. */
export interface Finish {
  /** The kind. */
  readonly _tag: "Finish";
  /** What went wrong. */
  readonly error: string | null;
  /** Number of Dovecot's enum mail_error. */
  readonly mailError: number | null;
  /** Whether the next run must be a full one. */
  readonly fullResync: boolean;
}

/** `X`: the sender closes; may stand in place of any item, and nothing follows. */
export interface Done {
  /** The kind. */
  readonly _tag: "Done";
}

/** A line with a dot: the current list ends. */
export interface EndOfList {
  /** The kind. */
  readonly _tag: "EndOfList";
}

/** Some bytes of a body, as stored. The piece may share memory with the chunk it came in. */
export interface BodyPiece {
  /** The kind. */
  readonly _tag: "BodyPiece";
  /** The bytes, at least one. */
  readonly bytes: Uint8Array;
}

/** The body ends here. */
export interface BodyEnd {
  /** The kind. */
  readonly _tag: "BodyEnd";
}

/** What has a line of columns on the wire. */
export type WireRecord =
  | Handshake
  | MailboxState
  | TreeNode
  | Deletes
  | MailboxNumbers
  | Attribute
  | MailChange
  | MailRequest
  | RequestedMail
  | Finish;

/** Everything that one side can say, in the order in which it says it. */
export type WireItem = Hello | WireRecord | EndOfList | Done | BodyPiece | BodyEnd;

/** The end of a list. */
export const END_OF_LIST: EndOfList = { _tag: "EndOfList" };

/** The sender closes. */
export const DONE: Done = { _tag: "Done" };

/** The end of a body. */
export const BODY_END: BodyEnd = { _tag: "BodyEnd" };

/** Whether a body follows an item. */
export const hasBody = (item: WireItem): boolean =>
  (item._tag === "RequestedMail" || item._tag === "Attribute") && item.body;

/**
 * The headers to hash, without the empty name that a Dovecot's trailing TAB makes: its own slave hashes one line end too
 * many for it.
 */
export const hashedHeaderNames = (handshake: Handshake): readonly string[] =>
  (handshake.hashedHeaders ?? []).filter((name) => name !== "");
