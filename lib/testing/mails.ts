/**
 * Small builders of mails and operations for tests of stores.
 *
 * @module
 */
import { flags, keywords } from "../model/flags.ts";
import { guid, type ModSeq, modSeq, uid } from "../model/ids.ts";
import type { Mail, MailRecord } from "../model/mail.ts";
import type { CopyMail, SaveMail } from "../model/operation.ts";

/** A mail of a test, in as few words as it needs; what is absent has a fixed value that comes from the UID. */
export interface MailSpec {
  /** Its UID. */
  readonly uid: number;
  /** Its GUID. */
  readonly guid?: string;
  /** The or of its system flags. */
  readonly flags?: number;
  /** Its keywords. */
  readonly keywords?: readonly string[];
  /** Its MODSEQ; where it is given, a save keeps it. */
  readonly modSeq?: number;
  /** Its stored bytes. */
  readonly bytes?: Uint8Array | string;
  /** INTERNALDATE, seconds since 1970. */
  readonly receivedAt?: number;
  /** SAVEDATE, seconds since 1970. */
  readonly savedAt?: number;
  /** Its POP3 UIDL. */
  readonly pop3Uidl?: string;
  /** Its POP3 order. */
  readonly pop3Order?: number;
  /** How many mailbox entries share its bytes. */
  readonly copies?: number;
  /** Give the body as a stream of pieces of this many bytes. */
  readonly pieces?: number;
}

/** A GUID of 32 hex digits. */
export const hexGuid = (n: number): string => n.toString(16).padStart(32, "a");

/** Its stored bytes. */
export const bytesOf = (spec: MailSpec): Uint8Array =>
  spec.bytes instanceof Uint8Array
    ? spec.bytes
    : new TextEncoder().encode(spec.bytes ?? `Subject: mail ${spec.uid}\n\nBody of ${spec.uid}\n`);

/** It as a scan shows it. */
export const recordOf = (spec: MailSpec): MailRecord => ({
  uid: uid(spec.uid),
  guid: guid(spec.guid ?? hexGuid(spec.uid)),
  flags: flags(spec.flags ?? 0),
  keywords: keywords(spec.keywords ?? []),
  modSeq: modSeq(BigInt(spec.modSeq ?? 1)) as ModSeq,
});

/** It as a fetch gives it. */
export const mailOf = (spec: MailSpec): Mail => {
  const bytes = bytesOf(spec);
  const stream = async function* (size: number) {
    for (let i = 0; i < bytes.length; i += size) {
      yield await Promise.resolve(bytes.subarray(i, i + size));
    }
  };
  return {
    uid: uid(spec.uid),
    guid: guid(spec.guid ?? hexGuid(spec.uid)),
    receivedAt: spec.receivedAt ?? 1_700_000_000 + spec.uid,
    savedAt: spec.savedAt ?? null,
    pop3Uidl: spec.pop3Uidl ?? null,
    pop3Order: spec.pop3Order ?? null,
    size: bytes.length,
    copies: spec.copies ?? 1,
    body: spec.pieces === undefined ? [bytes] : stream(spec.pieces),
  };
};

/** The copy of it that a plan has. */
export const copyOf = (spec: MailSpec): CopyMail => ({
  _tag: "CopyMail",
  from: recordOf(spec),
  uid: uid(spec.uid),
  keepModSeq: spec.modSeq !== undefined,
});

/** The operation that saves it. */
export const saveOf = (spec: MailSpec): SaveMail => ({
  _tag: "SaveMail",
  copy: copyOf(spec),
  mail: mailOf(spec),
});
