/**
 * Digests of mailboxes and mails: equal for what a comparison finds equal, so that two ends can be compared by reading
 * two short lines.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { flagNames, type Flags, type Keywords } from "../model/flags.ts";
import type { Guid, Uid } from "../model/ids.ts";
import { formatHex, guid128Hex } from "./guid.ts";

/** What a digest says of one mail. */
export interface DigestedMail {
  /** Its UID. */
  readonly uid: Uid;
  /** Its GUID; the full text and its 128-bit form count as the same. */
  readonly guid: Guid;
  /** System flags. */
  readonly flags: Flags;
  /** Keywords. */
  readonly keywords: Keywords;
  /** What else is compared, in a fixed order: date, bytes and others. */
  readonly more: readonly string[];
}

/** A digest that grows; `end` gives it and may be called once. */
export interface Digest<A> {
  /** Takes in some more. */
  readonly take: (more: A) => void;
  /** SHA-256 as 64 lower-case hex digits. */
  readonly end: () => string;
}

const encoder = new TextEncoder();

/** A digest of a mail's stored bytes, taken in pieces. */
export const bodyDigest = (): Digest<Uint8Array> => {
  const hash = sha256.create();
  return { take: (piece) => void hash.update(piece), end: () => formatHex(hash.digest()) };
};

/**
 * A digest of a mailbox: its numbers, then its mails, ascending by UID. No text of one field can be read as another's:
 * each line is a JSON array.
 */
export const mailboxDigest = (numbers: readonly (number | string)[]): Digest<DigestedMail> => {
  const hash = sha256.create().update(encoder.encode(`${JSON.stringify(numbers)}\n`));
  return {
    take: ({ uid, guid, flags, keywords, more }) => {
      const line = [uid, guid128Hex(guid), flagNames(flags), keywords.toSorted(), more];
      hash.update(encoder.encode(`${JSON.stringify(line)}\n`));
    },
    end: () => formatHex(hash.digest()),
  };
};
