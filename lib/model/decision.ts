/**
 * What a run decided that somebody may wonder about, with the reason.
 *
 * @module
 */
import type { Guid, Uid } from "./ids.ts";
import type { MailboxName } from "./mailbox.ts";
import type { Side } from "./report.ts";

/** What was decided. */
export type DecisionKind =
  /** A mail has another UID now: `to`. */
  | "renumbered"
  /** Changes of flags by this side's users were undone: `to` lists them, "+\Seen" for one that they had set. */
  | "flags lost"
  /** A mail is here again that this side's users had expunged. */
  | "came back"
  /** A mail was expunged here because of the other side. */
  | "removed"
  /** A mailbox has another name now: `to`. */
  | "mailbox renamed"
  /** Two mailboxes, one on each side, became one. */
  | "mailbox merged"
  /** A mailbox was deleted here because of the other side. */
  | "mailbox removed"
  /** A mailbox was filled anew. */
  | "mailbox replaced"
  /** A mailbox that the other side deleted stays: `to` is the number of mails that it stays for. */
  | "mailbox kept";

/** One decision, carried out on one side. */
export interface Decision {
  /** What was decided. */
  readonly kind: DecisionKind;
  /** On which side it was carried out. */
  readonly side: Side;
  /** The mailbox. */
  readonly mailbox: MailboxName;
  /** The mail; null: it is of the mailbox as a whole. */
  readonly uid: Uid | null;
  /** The mail's GUID. */
  readonly guid: Guid | null;
  /** What came of it, by `kind`; null: nothing more to tell. */
  readonly to: string | null;
  /** Why, as a clause. */
  readonly reason: string;
}

/** A decision about one mail, before it is known where it is carried out. */
export type MailDecision = Omit<Decision, "side" | "mailbox">;
