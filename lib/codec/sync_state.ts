/**
 * The state string of -s: what two ends had in common of each mailbox, as Dovecot writes and reads it
 * (dsync-mailbox-state.c): base64 of a version, 44 bytes a mailbox, and a CRC-32.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { type MailboxGuid, mailboxGuid, modSeq } from "../model/ids.ts";
import { crc32 } from "./crc32.ts";
import type { MailboxState } from "./dsync_wire_item.ts";
import { formatHex, parseHex } from "./guid.ts";

const MAJOR = 1;
/** Major, minor, two zeros. */
const HEADER = 4;
/** GUID, UIDVALIDITY, common UID, common MODSEQ, the same for private flags, messages; little endian. */
const RECORD = 44;
/** A record of version 0 has no number of messages. */
const OLD_RECORD = 40;
const CRC = 4;

/** Formats states; an empty list is a string, too, and not the empty one. */
export const formatSyncState = (states: Iterable<MailboxState>): string => {
  const all = [...states];
  const bytes = new Uint8Array(HEADER + RECORD * all.length + CRC);
  const view = new DataView(bytes.buffer);
  bytes[0] = MAJOR;
  let at = HEADER;
  for (const state of all) {
    bytes.set(parseHex(state.guid)!, at);
    view.setUint32(at + 16, state.uidValidity, true);
    view.setUint32(at + 20, state.commonUid, true);
    view.setBigUint64(at + 24, state.commonModSeq, true);
    view.setBigUint64(at + 32, state.commonPrivateModSeq, true);
    view.setUint32(at + 40, state.messages ?? 0, true);
    at += RECORD;
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return base64Of(bytes);
};

const base64Of = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

const bytesOf = (text: string): Uint8Array | null => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
};

const wrong = (what: string): Either<SyncError, never> =>
  E.left(syncError("Damaged", "run", {}, `the saved state cannot be used: ${what}`));

/**
 * Parses a state string; by mailbox. `Damaged` where it is none, was cut or changed: then all has to be compared, and
 * nothing may be deleted because of it. A string of Dovecot's version 0 counts as an empty state.
 */
export const parseSyncState = (
  text: string,
): Either<SyncError, ReadonlyMap<MailboxGuid, MailboxState>> => {
  const bytes = bytesOf(text.trim());
  if (bytes === null) return wrong("it is no base64");
  if (bytes.length < HEADER) return wrong("it is too short");
  const view = new DataView(bytes.buffer);
  const isEmpty = bytes.length === HEADER && view.getUint32(0) === 0;
  if (isEmpty || isVersion0(bytes, view)) return E.right(new Map());
  if (bytes[0] !== MAJOR) return wrong(`it has the version ${bytes[0]}`);
  const records = (bytes.length - HEADER - CRC) / RECORD;
  if (records < 0 || !Number.isInteger(records)) return wrong(`it has ${bytes.length} bytes`);
  const end = bytes.length - CRC;
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) {
    return wrong("its checksum is another");
  }
  const states = new Map<MailboxGuid, MailboxState>();
  for (let at = HEADER; at < end; at += RECORD) {
    const guid = mailboxGuid(formatHex(bytes.subarray(at, at + 16)));
    states.set(guid, {
      _tag: "MailboxState",
      guid,
      uidValidity: view.getUint32(at + 16, true),
      commonUid: view.getUint32(at + 20, true),
      commonModSeq: modSeq(view.getBigUint64(at + 24, true)),
      commonPrivateModSeq: modSeq(view.getBigUint64(at + 32, true)),
      messages: view.getUint32(at + 40, true),
      changedMeanwhile: false,
    });
  }
  return E.right(states);
};

const isVersion0 = (bytes: Uint8Array, view: DataView): boolean => {
  const end = bytes.length - CRC;
  return end >= 0 && end % OLD_RECORD === 0 &&
    view.getUint32(end, true) === crc32(bytes.subarray(0, end));
};
