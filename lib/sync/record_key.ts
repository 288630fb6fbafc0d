/**
 * What says that two records are of one mail.
 *
 * @module
 */
import { guid128Hex } from "../codec/guid.ts";
import type { MailRecord } from "../model/mail.ts";

/** A merge asks for a record's key some ten times: it is worked out once, and goes with the record. */
const known = new WeakMap<MailRecord, string>();

/** The 128-bit form of a record's GUID, 32 hex digits: equal for records of one mail in any store. */
export const recordKey = (record: MailRecord): string => {
  const there = known.get(record);
  if (there !== undefined) return there;
  const key = guid128Hex(record.guid);
  known.set(record, key);
  return key;
};
