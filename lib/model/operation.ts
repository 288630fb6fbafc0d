/**
 * What a sync does to one side, as data: idempotent, and each says what it expects to find.
 *
 * @module
 */
import { type SyncError, syncError } from "./error.ts";
import { type Flags, type Keywords, keywords } from "./flags.ts";
import type { Guid, MailboxGuid, ModSeq, Uid } from "./ids.ts";
import type { Body, Mail, MailRecord } from "./mail.ts";
import type { MailboxName } from "./mailbox.ts";

/** A change of the mailbox tree. */
export type TreeOperation =
  /** Makes an empty mailbox with this identity. Its missing parents become directories. */
  | {
    readonly _tag: "CreateMailbox";
    readonly name: MailboxName;
    readonly guid: MailboxGuid;
    readonly uidValidity: number;
  }
  /** Makes a \NoSelect name. Without effect where the format cannot hold an empty one. */
  | { readonly _tag: "CreateDirectory"; readonly name: MailboxName }
  /** Removes the mailbox with this GUID, mails included; its children stay. */
  | {
    readonly _tag: "DeleteMailbox";
    readonly name: MailboxName;
    readonly guid: MailboxGuid;
    /**
     * The UIDNEXT that it had when this was decided: where it is higher, or mail waits for a UID, the mailbox stays
     * (`Changed`). Absent: it goes with whatever has come.
     */
    readonly uidNext?: number;
  }
  /**
   * Removes a \NoSelect name without children. One with children is refused, but if the run is killed then, and the
   * next one finds it empty, it goes.
   */
  | { readonly _tag: "DeleteDirectory"; readonly name: MailboxName }
  /** Renames the mailbox with this GUID; children stay where they are. The new name must be free. */
  | {
    readonly _tag: "RenameMailbox";
    readonly name: MailboxName;
    readonly guid: MailboxGuid;
    readonly newName: MailboxName;
  }
  /** Gives an existing mailbox another identity, its mails and UIDs untouched. */
  | {
    readonly _tag: "ReidentifyMailbox";
    readonly name: MailboxName;
    readonly guid: MailboxGuid;
    readonly newGuid: MailboxGuid;
    readonly newUidValidity: number;
  }
  /** Subscribes a name; it need not exist. */
  | { readonly _tag: "Subscribe"; readonly name: MailboxName }
  /** Unsubscribes a name. */
  | { readonly _tag: "Unsubscribe"; readonly name: MailboxName };

/** The same, but only as of a UIDNEXT that the mailbox had; null: none is known. The lower one counts. */
export const deletedAsOf = (
  operation: Extract<TreeOperation, { readonly _tag: "DeleteMailbox" }>,
  uidNext: number | null,
): TreeOperation =>
  uidNext === null
    ? operation
    : { ...operation, uidNext: Math.min(operation.uidNext ?? Infinity, uidNext) };

/** Why such a mailbox stays. */
export const mailCame = (mailbox: MailboxName): SyncError =>
  syncError(
    "Changed",
    "mailbox",
    { mailbox },
    "mail came to it since it was decided that it should go; it stays",
  );

/**
 * Sets flags and keywords of one mail, relative to what it has. Where they change the MODSEQ rises by itself, too; where
 * nothing changes but `modSeq`, the mail's MODSEQ becomes the higher of its own and that.
 */
export interface UpdateFlags {
  /** Which operation it is. */
  readonly _tag: "UpdateFlags";
  /** The mail. */
  readonly uid: Uid;
  /** It must have this GUID, else the operation is refused. */
  readonly guid: Guid;
  /** Flags to set. */
  readonly add: Flags;
  /** Flags to clear. */
  readonly remove: Flags;
  /** Keywords to set. */
  readonly addKeywords: Keywords;
  /** Keywords to clear. */
  readonly removeKeywords: Keywords;
  /** The MODSEQ that the mail shall have at least; null: as it comes. */
  readonly modSeq: ModSeq | null;
}

/** Removes one mail. */
export interface Expunge {
  /** Which operation it is. */
  readonly _tag: "Expunge";
  /** The mail. */
  readonly uid: Uid;
  /** It must have this GUID, else the operation is refused. */
  readonly guid: Guid;
}

/** Moves a mail to another UID of the same mailbox: the same bytes, dates, GUID, flags and keywords. */
export interface RenumberMail {
  /** Which operation it is. */
  readonly _tag: "RenumberMail";
  /** The mail. */
  readonly uid: Uid;
  /** It must have this GUID, else the operation is refused. */
  readonly guid: Guid;
  /** The UID it shall have: not below UIDNEXT. */
  readonly newUid: Uid;
  /** The MODSEQ that the mail shall have at least; null: as it comes. */
  readonly modSeq: ModSeq | null;
}

/** Raises the counters of a mailbox; none is ever lowered. Comes last. */
export interface RaiseStatus {
  /** Which operation it is. */
  readonly _tag: "RaiseStatus";
  /** The least UIDNEXT. */
  readonly uidNext: number;
  /** The least HIGHESTMODSEQ. */
  readonly highestModSeq: ModSeq;
  /** Mails below this UID are not \Recent. */
  readonly firstRecentUid: number;
}

/** A mail of the other side that is wanted here; its bytes have not been read. */
export interface CopyMail {
  /** Which operation it is. */
  readonly _tag: "CopyMail";
  /** The mail on the other side. */
  readonly from: MailRecord;
  /** The UID it shall have here: not below UIDNEXT. */
  readonly uid: Uid;
  /** Whether to keep `from.modSeq`; false where the other side does not track MODSEQs. */
  readonly keepModSeq: boolean;
}

/** A {@linkcode CopyMail} with the mail at hand. */
export interface SaveMail {
  /** Which operation it is. */
  readonly _tag: "SaveMail";
  /** As planned. */
  readonly copy: CopyMail;
  /** The mail, read from the other side. */
  readonly mail: Mail;
}

/** The same, with more keywords. */
export const savedWith = ({ copy, ...save }: SaveMail, more: Keywords): SaveMail => ({
  ...save,
  copy: { ...copy, from: { ...copy.from, keywords: keywords([...copy.from.keywords, ...more]) } },
});

const NO_BYTES: Body = [];

/** The same, once its mail is written: the bytes need not wait in memory until it is durable, and its outcome told. */
export const withoutBytes = ({ _tag, copy, mail }: SaveMail): SaveMail => ({
  _tag,
  copy,
  mail: { ...mail, body: NO_BYTES },
});

/** What a plan holds for one mailbox of one side. */
export type PlannedOperation = CopyMail | RenumberMail | UpdateFlags | Expunge | RaiseStatus;

/** What a mailbox carries out. */
export type MailOperation = SaveMail | RenumberMail | UpdateFlags | Expunge | RaiseStatus;

/** How one operation ended; refused operations changed nothing. */
export type Outcome =
  | { readonly _tag: "Done"; readonly operation: MailOperation }
  | { readonly _tag: "Refused"; readonly operation: MailOperation; readonly error: SyncError };
