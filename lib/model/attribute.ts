/**
 * Attributes of a mailbox: what IMAP METADATA keeps, and Sieve scripts where they are kept so.
 *
 * @module
 */
import type { ModSeq } from "./ids.ts";

/** Which attribute of a mailbox. */
export interface AttributeName {
  /** Its owner's, or everybody's. */
  readonly scope: "private" | "shared";
  /** Its key without the scope: "comment", "vendor/x". */
  readonly key: string;
}

/** A wanted value: text of bytes as in `textOfBytes`; null: the attribute shall not be there. */
export interface AttributeValue extends AttributeName {
  /** The value. */
  readonly value: string | null;
}

/** An attribute as it is, or one that the log knows to be gone. */
export interface MailboxAttribute extends AttributeValue {
  /** When a user changed it last, seconds since 1970; 0: the log does not know. */
  readonly changedAt: number;
  /** MODSEQ of that change; 0: the log does not know. */
  readonly modSeq: ModSeq;
}

/** What is equal for the same attribute only. */
export const attributeId = ({ scope, key }: AttributeName): string => `${scope}/${key}`;
