/**
 * A mail as a scan sees it, and a mail on its way from one store to another.
 *
 * @module
 */
import type { Flags, Keywords } from "./flags.ts";
import type { Guid, ModSeq, Uid } from "./ids.ts";

/** What the index says of one mail; no byte of the mail itself has been read. */
export interface MailRecord {
  /** Its UID. */
  readonly uid: Uid;
  /** Full text where the store knows it unread, else the 128-bit form. */
  readonly guid: Guid;
  /** System flags. */
  readonly flags: Flags;
  /** Keywords. */
  readonly keywords: Keywords;
  /** As a client would be told: the mail's own where tracked, else the mailbox's highest. */
  readonly modSeq: ModSeq;
}

/**
 * The bytes of a mail as a client would be given them, but for line ends: those that are stored, decompressed where
 * Dovecot has compressed them. As pieces in order: an array when they are in memory already (small mails), else a
 * stream that can be read once. Never normalised: line ends are as they were stored. How long the bytes are good is for
 * whoever gave the mail to say.
 */
export type Body = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** Whether a body is in memory already, and can be read more than once. */
export const isInMemory = (body: Body): body is readonly Uint8Array[] => Array.isArray(body);

/** A mail read from a store, with everything about it that does not change. */
export interface Mail {
  /** Its UID in the mailbox it was read from. */
  readonly uid: Uid;
  /** Its GUID in full text. */
  readonly guid: Guid;
  /** INTERNALDATE, seconds since 1970. */
  readonly receivedAt: number;
  /** SAVEDATE, seconds since 1970; null: the store does not know it. */
  readonly savedAt: number | null;
  /** Explicit POP3 UIDL; null: made from the format setting. */
  readonly pop3Uidl: string | null;
  /** Explicit POP3 order, 1 and up; null: none. */
  readonly pop3Order: number | null;
  /** How many bytes it has: the sum of the lengths of the body's pieces. */
  readonly size: number;
  /** How many mailbox entries share these stored bytes in the store it came from (hard links, refcount); at least 1. */
  readonly copies: number;
  /** Its bytes. */
  readonly body: Body;
}
