/** Small builders of mails and operations for tests of stores. */
import { flags, keywords } from "../../lib/model/flags.ts";
import { guid, type ModSeq, modSeq, uid } from "../../lib/model/ids.ts";
import type { Mail, MailRecord } from "../../lib/model/mail.ts";
import type { CopyMail, SaveMail } from "../../lib/model/operation.ts";

export interface MailSpec {
  readonly uid: number;
  readonly guid?: string;
  readonly flags?: number;
  readonly keywords?: readonly string[];
  readonly modSeq?: number;
  readonly bytes?: Uint8Array | string;
  readonly receivedAt?: number;
  readonly savedAt?: number;
  readonly pop3Uidl?: string;
  readonly pop3Order?: number;
  readonly copies?: number;
  /** Give the body as a stream of pieces of this many bytes. */
  readonly pieces?: number;
}

/** A GUID of 32 hex digits. */
export const hexGuid = (n: number): string => n.toString(16).padStart(32, "a");

export const bytesOf = (spec: MailSpec): Uint8Array =>
  spec.bytes instanceof Uint8Array
    ? spec.bytes
    : new TextEncoder().encode(spec.bytes ?? `Subject: mail ${spec.uid}\n\nBody of ${spec.uid}\n`);

export const recordOf = (spec: MailSpec): MailRecord => ({
  uid: uid(spec.uid),
  guid: guid(spec.guid ?? hexGuid(spec.uid)),
  flags: flags(spec.flags ?? 0),
  keywords: keywords(spec.keywords ?? []),
  modSeq: modSeq(BigInt(spec.modSeq ?? 1)) as ModSeq,
});

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

export const copyOf = (spec: MailSpec): CopyMail => ({
  _tag: "CopyMail",
  from: recordOf(spec),
  uid: uid(spec.uid),
  keepModSeq: spec.modSeq !== undefined,
});

export const saveOf = (spec: MailSpec): SaveMail => ({
  _tag: "SaveMail",
  copy: copyOf(spec),
  mail: mailOf(spec),
});

export const readBody = async (mail: Mail): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of mail.body) pieces.push(piece.slice());
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
};
