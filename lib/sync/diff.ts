/**
 * The stage *diff*: two scans of one mailbox, ascending by UID, become the mails in which they differ.
 *
 * @module
 */
import { sameGuid } from "../codec/guid.ts";
import { sameKeywords } from "../model/flags.ts";
import type { MailRecord } from "../model/mail.ts";
import type { Chunks } from "../stream/chunks.ts";
import { type Joined, mergeJoin } from "../stream/merge_join.ts";

/** One UID at which two sides differ: a mail that one side lacks, or two mails that are not the same in every field. */
export type Difference = Joined<MailRecord, MailRecord>;

const uidOf = (record: MailRecord): number => record.uid;

/** Whether two records of one UID are of one mail. */
export type SameIdentity = (a: MailRecord, b: MailRecord) => boolean;

const byGuid: SameIdentity = (a, b) => sameGuid(a.guid, b.guid);

/** Whether two records of one UID are equal in identity, flags and keywords. */
export const sameMail = (
  a: MailRecord,
  b: MailRecord,
  sameIdentity: SameIdentity = byGuid,
): boolean => a.flags === b.flags && sameKeywords(a.keywords, b.keywords) && sameIdentity(a, b);

/** Whether two records of one UID are equal in identity, flags, keywords and MODSEQ. */
export const sameRecord = (
  a: MailRecord,
  b: MailRecord,
  sameIdentity: SameIdentity = byGuid,
): boolean => a.modSeq === b.modSeq && sameMail(a, b, sameIdentity);

/**
 * Tells records of one mail by pairs that an earlier look found, ascending by UID: their GUIDs need not be hashed again.
 * For one comparison, in the order of UIDs.
 */
export const knownPairs = (
  pairs: readonly (readonly [MailRecord, MailRecord])[],
): SameIdentity => {
  let at = 0;
  return (a, b) => {
    while (at < pairs.length && pairs[at]![0].uid < a.uid) at++;
    const pair = pairs[at];
    const isKnown = pair !== undefined && pair[0].uid === a.uid &&
      pair[0].guid === a.guid && pair[1].guid === b.guid;
    return isKnown || byGuid(a, b);
  };
};

/**
 * Compares two scans. Order: ascending UID. Equal mails (as `same` has it) cost no allocation.
 *
 * @example
 * ```ts
 * import { flags, guid, modSeq, NO_FLAGS, SEEN, uid } from "@dsync/dsync/model";
 * import { collect, diff, fromArray } from "@dsync/dsync/stages";
 * import * as E from "fp-ts/Either.js";
 *
 * const mail = { uid: uid(1), guid: guid("a"), flags: NO_FLAGS, keywords: [], modSeq: modSeq(1n) };
 * const seen = { ...mail, flags: flags(SEEN), modSeq: modSeq(2n) };
 * const found = await collect(diff(fromArray([mail]), fromArray([seen])))();
 * if (E.isLeft(found) || found.right[0]?._tag !== "Both") throw new Error("one pair differs");
 * ```
 */
export const diff = <E>(
  left: Chunks<MailRecord, E>,
  right: Chunks<MailRecord, E>,
  same: (a: MailRecord, b: MailRecord) => boolean = sameRecord,
): Chunks<Difference, E> => mergeJoin(left, right, uidOf, uidOf, same);
