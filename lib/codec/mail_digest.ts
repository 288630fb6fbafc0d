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

/** So much text is gathered before it is digested, characters. */
const GATHERED = 64 * 1024;

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
  const hash = sha256.create();
  let text = `${JSON.stringify(numbers)}\n`;
  const flush = (): void => {
    hash.update(encoder.encode(text));
    text = "";
  };
  // Mails share their flags and keywords with many others.
  const flagsTexts = new Map<Flags, string>();
  const flagsText = (flags: Flags): string => {
    let known = flagsTexts.get(flags);
    if (known === undefined) flagsTexts.set(flags, known = JSON.stringify(flagNames(flags)));
    return known;
  };
  const keywordsText = (keywords: Keywords): string =>
    keywords.length === 0 ? "[]" : JSON.stringify(keywords.toSorted());
  return {
    take: ({ uid, guid, flags, keywords, more }) => {
      const rest = more.length === 0 ? "[]" : JSON.stringify(more);
      text += `[${uid},"${guid128Hex(guid)}",${flagsText(flags)},${
        keywordsText(keywords)
      },${rest}]\n`;
      if (text.length > GATHERED) flush();
    },
    end: () => {
      flush();
      return formatHex(hash.digest());
    },
  };
};
