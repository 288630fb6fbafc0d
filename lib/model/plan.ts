/**
 * What a run does or would do, step by step, as data.
 *
 * @module
 */
import type { AttributeValue } from "./attribute.ts";
import type { MailboxGuid } from "./ids.ts";
import type { MailboxName } from "./mailbox.ts";
import type { CopyMail, Expunge, RenumberMail, TreeOperation, UpdateFlags } from "./operation.ts";
import type { Side } from "./report.ts";

/** How much mail goes with a mailbox. */
export interface MailboxExtent {
  /** Its GUID. */
  readonly guid: MailboxGuid;
  /** Its UIDNEXT: a mail from there on came later. */
  readonly uidNext: number;
  /** How many mails it has. */
  readonly messages: number;
}

/** What is done to one mail; counters and MODSEQs that rise by the way are no step. */
export type MailStep = CopyMail | RenumberMail | UpdateFlags | Expunge;

/** One step of a run. */
export type PlanStep =
  /** A change of the tree; `gone`: what goes with a mailbox that is deleted. */
  | {
    readonly _tag: "Tree";
    readonly side: Side;
    readonly operation: TreeOperation;
    readonly gone: MailboxExtent | null;
  }
  /** A mailbox is filled anew, with this identity, in the place of the one that has its name. */
  | {
    readonly _tag: "Replace";
    readonly side: Side;
    readonly name: MailboxName;
    readonly guid: MailboxGuid;
    readonly uidValidity: number;
    readonly gone: MailboxExtent | null;
  }
  /** A mail of a mailbox is saved, renumbered, changed or expunged. */
  | {
    readonly _tag: "Mail";
    readonly side: Side;
    readonly name: MailboxName;
    readonly mailbox: MailboxGuid;
    readonly operation: MailStep;
  }
  /** An attribute of a mailbox is set or taken away. */
  | {
    readonly _tag: "Attribute";
    readonly side: Side;
    readonly name: MailboxName;
    readonly mailbox: MailboxGuid;
    readonly attribute: AttributeValue;
  };
