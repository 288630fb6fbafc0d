/**
 * What mdbox keeps in the extensions of its indexes: the payloads of `map` and `ref` (in the map index of the storage),
 * of `mdbox-hdr`, `mdbox`, `guid` and `hdr-pop3-uidl` (in each mailbox index). All numbers are little-endian.
 *
 * Record functions read from and write to a place inside a column of records, so that no mail costs an object.
 *
 * Source: Dovecot, src/lib-storage/index/dbox-multi/mdbox-storage.h and mdbox-map-private.h.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import type { ExtensionKind } from "./index_build.ts";
import { formatHex, putGuid128 } from "./guid.ts";
import { putU32, u32 } from "./little_endian.ts";
import { type MailboxGuid, mailboxGuid } from "../model/ids.ts";

/** Map index: where each stored mail lies. */
export const MAP: ExtensionKind = {
  name: "map",
  headerSize: 8,
  recordSize: 12,
  recordAlign: 4,
};
/** Map index: how many mailbox entries name each stored mail. */
export const REF: ExtensionKind = { name: "ref", headerSize: 0, recordSize: 2, recordAlign: 2 };
/** Mailbox index: what the mailbox is. */
export const MDBOX_HEADER: ExtensionKind = {
  name: "mdbox-hdr",
  headerSize: 24,
  recordSize: 0,
  recordAlign: 0,
};
/** Mailbox index: which stored mail each message is. */
export const MDBOX: ExtensionKind = {
  name: "mdbox",
  headerSize: 0,
  recordSize: 8,
  recordAlign: 4,
};
/** Mailbox index: the 128-bit GUID of each message. */
export const GUID: ExtensionKind = {
  name: "guid",
  headerSize: 0,
  recordSize: 16,
  recordAlign: 1,
};
/** Mailbox index: up to which UID messages can have a POP3 UIDL. */
export const POP3_UIDL_HEADER: ExtensionKind = {
  name: "hdr-pop3-uidl",
  headerSize: 4,
  recordSize: 0,
  recordAlign: 0,
};

/** The header of `map`. */
export interface MapHeader {
  /** The highest N of an m.N that ever was; 0 = none. */
  readonly highestFileId: number;
  /** How often the storage was rebuilt. */
  readonly rebuildCount: number;
}

/** A record of `map`. */
export interface MapRecord {
  /** The N of m.N; never 0. */
  readonly fileId: number;
  /** Where the record begins in the file. */
  readonly offset: number;
  /** Bytes of the record, its header and metadata included; 0: 4 GiB or more, the last in its file. */
  readonly size: number;
}

/** `mdbox-hdr` flag: some message has a POP3 UIDL in its metadata. */
export const HAVE_POP3_UIDLS = 1;
/** `mdbox-hdr` flag: some message has a POP3 order in its metadata. */
export const HAVE_POP3_ORDERS = 2;
/** Where the flags lie in `mdbox-hdr`. */
export const MDBOX_HEADER_FLAGS_OFFSET = 20;

/** The header of `mdbox-hdr`. */
export interface MdboxHeader {
  /** UIDVALIDITY of the map index that the map UIDs belong to. */
  readonly mapUidValidity: number;
  /** The mailbox GUID; null where it is all zeros: not given yet. */
  readonly guid: MailboxGuid | null;
  /** {@linkcode HAVE_POP3_UIDLS}, {@linkcode HAVE_POP3_ORDERS}. */
  readonly flags: number;
}

const MAP_FILE_ID = 0;
const MAP_OFFSET = 4;
const MAP_SIZE = 8;
const HEADER_GUID = 4;
const HEADER_MIN_SIZE = 4;
const GUID_SIZE = 16;

/** Reads the header of `map`; bytes that are missing count as zeros, as Dovecot reads it. */
export const decodeMapHeader = (header: Uint8Array): MapHeader => {
  const full = new Uint8Array(MAP.headerSize);
  full.set(header.subarray(0, full.length));
  return { highestFileId: u32(full, 0), rebuildCount: u32(full, 4) };
};

/** The bytes of the header of `map`. */
export const encodeMapHeader = (header: MapHeader): Uint8Array => {
  const bytes = new Uint8Array(MAP.headerSize);
  putU32(bytes, 0, header.highestFileId);
  putU32(bytes, 4, header.rebuildCount);
  return bytes;
};

/** Reads the `map` record at `bytes[at]`, or null where it is cut off or names no file. */
export const decodeMapRecord = (bytes: Uint8Array, at: number): MapRecord | null => {
  if (at < 0 || at + MAP.recordSize > bytes.length) return null;
  const fileId = u32(bytes, at + MAP_FILE_ID);
  if (fileId === 0) return null;
  return { fileId, offset: u32(bytes, at + MAP_OFFSET), size: u32(bytes, at + MAP_SIZE) };
};

/** Writes a `map` record to `bytes[at]`. */
export const encodeMapRecord = (bytes: Uint8Array, at: number, record: MapRecord): void => {
  putU32(bytes, at + MAP_FILE_ID, record.fileId);
  putU32(bytes, at + MAP_OFFSET, record.offset);
  putU32(bytes, at + MAP_SIZE, record.size);
};

/** Writes a refcount (0 to 65535) to `bytes[at]`. */
export const encodeRefcount = (bytes: Uint8Array, at: number, refcount: number): void => {
  bytes[at] = refcount;
  bytes[at + 1] = refcount >>> 8;
};

/**
 * Reads the header of `mdbox-hdr`. Shorter than its first field is damage; what else is missing counts as zeros, as
 * Dovecot reads it.
 */
export const decodeMdboxHeader = (header: Uint8Array): E.Either<SyncError, MdboxHeader> => {
  if (header.length < HEADER_MIN_SIZE) {
    const what = `mdbox-hdr of ${header.length} bytes, at least ${HEADER_MIN_SIZE} expected`;
    return E.left(syncError("Damaged", "mailbox", {}, what));
  }
  const full = new Uint8Array(MDBOX_HEADER.headerSize);
  full.set(header.subarray(0, full.length));
  const zero = full.subarray(HEADER_GUID, HEADER_GUID + GUID_SIZE).every((byte) => byte === 0);
  return E.right({
    mapUidValidity: u32(full, 0),
    guid: zero ? null : mailboxGuid(formatHex(full.subarray(HEADER_GUID, HEADER_GUID + GUID_SIZE))),
    flags: full[MDBOX_HEADER_FLAGS_OFFSET]!,
  });
};

/** The bytes of the header of `mdbox-hdr`. */
export const encodeMdboxHeader = (header: MdboxHeader): Uint8Array => {
  const bytes = new Uint8Array(MDBOX_HEADER.headerSize);
  putU32(bytes, 0, header.mapUidValidity);
  if (header.guid !== null) putGuid128(bytes, HEADER_GUID, header.guid);
  bytes[MDBOX_HEADER_FLAGS_OFFSET] = header.flags;
  return bytes;
};

/** Bytes of a map UID, which an `mdbox` record begins with. */
export const MAP_UID_SIZE = 4;

/** The map UID in the `mdbox` record at `bytes[at]`; 0: the record is cut off or lost. */
export const decodeMapUid = (bytes: Uint8Array, at: number): number =>
  at < 0 || at + MDBOX.recordSize > bytes.length ? 0 : u32(bytes, at);

/** The saved date in the `mdbox` record at `bytes[at]`, seconds since 1970; 0: cut off. */
export const decodeSavedAt = (bytes: Uint8Array, at: number): number =>
  at < 0 || at + MDBOX.recordSize > bytes.length ? 0 : u32(bytes, at + 4);

/** Writes an `mdbox` record to `bytes[at]`: the map UID and the saved date, seconds since 1970, cut to 32 bits. */
export const encodeMdboxRecord = (
  bytes: Uint8Array,
  at: number,
  mapUid: number,
  savedAt: number,
): void => {
  putU32(bytes, at, mapUid);
  putU32(bytes, at + 4, Math.min(Math.max(savedAt, 0), 0xffffffff));
};

/** The header of `hdr-pop3-uidl`: the highest UID that can have a POP3 UIDL; null: not known, all are looked up. */
export const decodePop3UidlHeader = (header: Uint8Array): number | null =>
  header.length < POP3_UIDL_HEADER.headerSize ? null : u32(header, 0);

/** The bytes of the header of `hdr-pop3-uidl`. */
export const encodePop3UidlHeader = (highestUid: number): Uint8Array => {
  const bytes = new Uint8Array(POP3_UIDL_HEADER.headerSize);
  putU32(bytes, 0, highestUid);
  return bytes;
};
