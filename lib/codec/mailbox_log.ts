/**
 * `dovecot.mailbox.log`: what happened to the names of an account, in records of 24 bytes without a header
 * (Dovecot's src/lib-index/mailbox-log.h).
 *
 * @module
 */
import type { MailboxLogRecord } from "../model/mailbox.ts";
import { formatHex, parseHex } from "./guid.ts";

/** The size of one record: u8 type, 3 zero bytes, 16 bytes GUID or name hash, u32 time in big-endian order. */
export const MAILBOX_LOG_RECORD_SIZE = 24;

/** A file that has reached this size is renamed to ".2" (MAILBOX_LOG_ROTATE_SIZE). */
export const MAILBOX_LOG_ROTATE_SIZE = 4096;

const GUID_OFFSET = 4;
const TIME_OFFSET = 20;

/** By the number on disk, from 1. */
const TYPES = [
  "DeleteMailbox",
  "DeleteDirectory",
  "Rename",
  "Subscribe",
  "Unsubscribe",
  "CreateDirectory",
] as const;

/** A record that may be written. Dovecot 2.3 takes type 6, CreateDirectory, for corruption and deletes the file. */
export type WritableLogRecord = MailboxLogRecord & {
  readonly type: Exclude<MailboxLogRecord["type"], "CreateDirectory">;
};

/**
 * Reads the records of a file, oldest first. Total: records of unknown type are passed over, and what is cut off at
 * the end is left for the next reader.
 */
export const decodeMailboxLog = (bytes: Uint8Array): readonly MailboxLogRecord[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: MailboxLogRecord[] = [];
  for (
    let at = 0;
    at + MAILBOX_LOG_RECORD_SIZE <= bytes.length;
    at += MAILBOX_LOG_RECORD_SIZE
  ) {
    const type = TYPES[view.getUint8(at) - 1];
    if (type === undefined) continue;
    records.push({
      type,
      guid: formatHex(bytes.subarray(at + GUID_OFFSET, at + TIME_OFFSET)),
      at: view.getUint32(at + TIME_OFFSET, false),
    });
  }
  return records;
};

/** One record as it is appended. A GUID that is not 32 hex digits is written as zeros; times are taken modulo 2^32. */
export const encodeMailboxLogRecord = (record: WritableLogRecord): Uint8Array => {
  const bytes = new Uint8Array(MAILBOX_LOG_RECORD_SIZE);
  const guid = parseHex(record.guid);
  bytes[0] = TYPES.indexOf(record.type) + 1;
  if (guid !== null && guid.length === 16) bytes.set(guid, GUID_OFFSET);
  new DataView(bytes.buffer).setUint32(TIME_OFFSET, record.at, false);
  return bytes;
};
