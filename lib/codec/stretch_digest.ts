/**
 * Stretches of a mailbox: mails that follow each other by UID, with a digest by which two ends find out whether they have
 * the same there, without telling each other of every mail.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { ModSeq } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { formatHex, putGuid128 } from "./guid.ts";

/** So many mails are a stretch; the last one of a mailbox may have fewer. */
export const STRETCH = 256;

/** How the MODSEQs of some records are to be read. */
export interface ModSeqs {
  /** Whether each mail has one of its own. */
  readonly areTracked: boolean;
  /** The highest of the mailbox that is told of: a mail without one of its own is said to have that. */
  readonly highest: ModSeq;
}

/** The MODSEQ that a mail has in the mailbox that is told of, if it is the same mail. */
export const modSeqThere = ({ areTracked, highest }: ModSeqs, own: ModSeq): ModSeq =>
  areTracked ? own : highest;

/** 128 bits: two stretches that differ have one digest with a chance of one in 2^128. */
const DIGEST_BYTES = 16;

/** In the place of the MODSEQ that is the highest: no mail can have this one. */
const HIGHEST = 2n ** 64n - 1n;

/** Of a mail: UID and MODSEQ, flags, how many bytes of keywords follow, the GUID. */
const UID_AT = 0;
const MODSEQ_AT = 4;
const FLAGS_AT = 12;
const KEYWORDS_AT = 16;
const GUID_AT = 20;
const ROW = 36;

const encoder = new TextEncoder();

/** A stretch of mails without keywords. */
const rows = new Uint8Array(ROW * STRETCH);
const fields = new DataView(rows.buffer);

/**
 * A digest of records, 32 lower-case hex digits: equal for those that are equal in all but the form of their GUIDs, and
 * whose MODSEQs are the same in the mailbox that is told of. Linear.
 */
export const stretchDigest = (records: readonly MailRecord[], modSeqs: ModSeqs): string => {
  const hash = sha256.create();
  let at = 0;
  const flush = (): void => {
    hash.update(rows.subarray(0, at));
    at = 0;
  };
  for (const { uid, guid, flags, keywords, modSeq } of records) {
    if (at === rows.length) flush();
    const there = modSeqThere(modSeqs, modSeq);
    const names = keywords.length === 0 ? null : encoder.encode(JSON.stringify(keywords));
    fields.setUint32(at + UID_AT, uid, true);
    fields.setBigUint64(at + MODSEQ_AT, there === modSeqs.highest ? HIGHEST : there, true);
    fields.setUint32(at + FLAGS_AT, flags, true);
    fields.setUint32(at + KEYWORDS_AT, names?.length ?? 0, true);
    putGuid128(rows, at + GUID_AT, guid);
    at += ROW;
    if (names === null) continue;
    flush();
    hash.update(names);
  }
  flush();
  return formatHex(hash.digest().subarray(0, DIGEST_BYTES));
};
