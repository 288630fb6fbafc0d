/**
 * What a run did and what it could not do.
 *
 * @module
 */
import type { Decision } from "./decision.ts";
import type { SyncError } from "./error.ts";
import type { MailboxName } from "./mailbox.ts";
import type { TreeOperation } from "./operation.ts";

/** What was done on one side. */
export interface SideReport {
  /** Mailboxes made. */
  readonly mailboxesCreated: number;
  /** Mailboxes removed. */
  readonly mailboxesDeleted: number;
  /** Mailboxes renamed. */
  readonly mailboxesRenamed: number;
  /** Mailboxes filled anew because of a conflict. */
  readonly mailboxesRebuilt: number;
  /** Subscriptions set or taken away. */
  readonly subscriptions: number;
  /** Attributes of mailboxes set or taken away. */
  readonly attributes: number;
  /** Mails saved. */
  readonly saved: number;
  /** Their stored bytes. */
  readonly savedBytes: number;
  /** Mails whose flags, keywords or MODSEQ were changed. */
  readonly updated: number;
  /** Mails expunged. */
  readonly expunged: number;
}

/** A side on which nothing was done. */
export const NOTHING_DONE: SideReport = {
  mailboxesCreated: 0,
  mailboxesDeleted: 0,
  mailboxesRenamed: 0,
  mailboxesRebuilt: 0,
  subscriptions: 0,
  attributes: 0,
  saved: 0,
  savedBytes: 0,
  updated: 0,
  expunged: 0,
};

/** Adds up two reports of one side. */
export const addSides = (a: SideReport, b: SideReport): SideReport => ({
  mailboxesCreated: a.mailboxesCreated + b.mailboxesCreated,
  mailboxesDeleted: a.mailboxesDeleted + b.mailboxesDeleted,
  mailboxesRenamed: a.mailboxesRenamed + b.mailboxesRenamed,
  mailboxesRebuilt: a.mailboxesRebuilt + b.mailboxesRebuilt,
  subscriptions: a.subscriptions + b.subscriptions,
  attributes: a.attributes + b.attributes,
  saved: a.saved + b.saved,
  savedBytes: a.savedBytes + b.savedBytes,
  updated: a.updated + b.updated,
  expunged: a.expunged + b.expunged,
});

/** Whether nothing was done. */
export const isNothing = (side: SideReport): boolean =>
  Object.values(side).every((count) => count === 0);

/** The two sides of a run; in a backup the left one is the source. */
export type Side = "left" | "right";

/** A mailbox that one side deleted, and that stays on both for mails which the deleting side had never seen. */
export interface KeptMailbox {
  /** Its name. */
  readonly name: MailboxName;
  /** How many mails it stays for. */
  readonly mails: number;
}

/** What a run did. */
export interface Report {
  /** How many mailboxes were compared. */
  readonly mailboxes: number;
  /** How many mails the left side's mailboxes hold. */
  readonly mails: number;
  /** What was done on the left side. */
  readonly left: SideReport;
  /** What was done on the right side. */
  readonly right: SideReport;
  /** Deleted mailboxes that stay; no problem, but something to be told. */
  readonly kept: readonly KeptMailbox[];
  /** What could not be read or done; empty when the sides are in sync. */
  readonly problems: readonly SyncError[];
}

/** What a run tells while it works. */
export type SyncEvent =
  /** A change of the tree was carried out. */
  | { readonly _tag: "TreeChanged"; readonly side: Side; readonly operation: TreeOperation }
  /** A deleted mailbox stays for mails that the deleting side had never seen. */
  | { readonly _tag: "MailboxKept"; readonly mailbox: KeptMailbox }
  /** Something was decided and carried out that somebody may wonder about. */
  | { readonly _tag: "Decided"; readonly decision: Decision }
  /** A mailbox was begun; where a store is far away, perhaps before the last one is done. */
  | { readonly _tag: "MailboxBegun"; readonly name: MailboxName; readonly messages: number }
  /** Some of a mailbox's operations are done, and durable. */
  | {
    readonly _tag: "Progress";
    readonly side: Side;
    readonly name: MailboxName;
    /** How many, with those that were refused. */
    readonly operations: number;
    /** Bytes of the mails that were saved by them. */
    readonly bytes: number;
  }
  /** A mailbox is done, with what was done on each side. */
  | {
    readonly _tag: "MailboxDone";
    readonly name: MailboxName;
    readonly left: SideReport;
    readonly right: SideReport;
  }
  /** Something could not be read or done. */
  | { readonly _tag: "Problem"; readonly error: SyncError };
