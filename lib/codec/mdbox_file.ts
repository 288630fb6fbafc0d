/**
 * The files `m.N` of an mdbox: a header line, then records back to back. A record is a message header, the stored bytes
 * of the mail, and metadata lines that end with an empty one.
 *
 * ```
 * 2 M1e C6b044d0c LF                     file header
 * 01 02 N ... 0000000000000096 LF        message header, 30 bytes
 * <0x96 bytes>                           the mail, as stored
 * LF 01 03 LF  R65928d5c LF  V9e LF  G<guid> LF  BINBOX LF  LF      metadata
 * ```
 *
 * All functions here look at pieces that somebody else has read, so that a mail of any size can pass as a stream.
 * `base` is the place of a piece's first byte in its file; errors name offsets in the file.
 *
 * Source: Dovecot, src/lib-storage/index/dbox-common/dbox-file.h and dbox-file.c.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { bytesOfText, textOfBytes } from "./byte_text.ts";
import { hexNumber, hexTime } from "./hex_number.ts";

/** Bytes of a message header in every file that is written today. */
export const MESSAGE_HEADER_SIZE = 30;

/** A reader needs no more than this from the start of a file to decode its header. */
export const MAX_FILE_HEADER_SIZE = 512;

/** Metadata longer than this is taken for damage; Dovecot writes some hundred bytes. */
export const MAX_METADATA_SIZE = 1 << 20;

/** The largest file or mail that fits: the map holds offsets and sizes as u32. */
export const MAX_RECORD_SIZE = 0xffffffff;

const LF = 0x0a;
const SPACE = 0x20;
/** A message header begins with these. */
const MAGIC_PRE_0 = 0x01;
const MAGIC_PRE_1 = 0x02;
const TYPE_NORMAL = 0x4e; // "N"
/** The 16 hex digits of the size, in a message header. */
const SIZE_OFFSET = 13;
const SIZE_DIGITS = 16;
/** Metadata begins with LF 01 03 LF; its first LF belongs to the marker, not to the mail. */
const METADATA_MARKER = Uint8Array.of(LF, 0x01, 0x03, LF);

/** The first line of a file. */
export interface FileHeader {
  /** 1 is only read; 2 is read and written. */
  readonly version: 1 | 2;
  /** Bytes of each message header; {@linkcode MESSAGE_HEADER_SIZE} is needed to append. */
  readonly messageHeaderSize: number;
  /** Creation time, seconds since 1970; null when not given. */
  readonly createdAt: number | null;
  /** Bytes of this line, LF included: the offset of the first record. */
  readonly size: number;
}

/** What a record says of its mail. */
export interface Metadata {
  /** G: the GUID in full text; null when missing, which damages the record. */
  readonly guid: string | null;
  /** R: received date, seconds since 1970; 0 when missing, as Dovecot reads it. */
  readonly receivedAt: number;
  /** V: size with each LF counted as CR LF; null when missing. */
  readonly virtualSize: number | null;
  /** P: POP3 UIDL. */
  readonly pop3Uidl: string | null;
  /** O: POP3 order. */
  readonly pop3Order: number | null;
  /** B: disk name of the mailbox the mail was first saved to; only a rebuild looks at it. */
  readonly mailbox: string | null;
  /** Z: plain size; given when the stored bytes are not the mail's own (compressed). */
  readonly plainSize: number | null;
  /** X: references to attachments outside of the file. */
  readonly external: string | null;
}

/** Metadata as it is written: what is null is left out. */
export interface NewMetadata {
  /** G, not empty. */
  readonly guid: string;
  /** R, seconds since 1970. */
  readonly receivedAt: number;
  /** V. */
  readonly virtualSize: number;
  /** P. */
  readonly pop3Uidl: string | null;
  /** O. */
  readonly pop3Order: number | null;
  /** B. */
  readonly mailbox: string | null;
}

/** A complete record found by {@linkcode walkRecords}. */
export interface WalkedRecord {
  /** Where its message header begins in the file. */
  readonly offset: number;
  /** Bytes of the whole record, as the map counts them. */
  readonly size: number;
  /** Where the mail begins in the file. */
  readonly bodyOffset: number;
  /** Bytes of the mail. */
  readonly bodySize: number;
  /** Its metadata. */
  readonly metadata: Metadata;
}

const damaged = (offset: number, what: string): E.Either<SyncError, never> =>
  E.left(syncError("Damaged", "message", { offset }, what));

/**
 * Decodes the file header from the beginning of a file; {@linkcode MAX_FILE_HEADER_SIZE} bytes, or the whole file when
 * it is shorter, are enough. Keys that are not known are skipped.
 */
export const decodeFileHeader = (start: Uint8Array): E.Either<SyncError, FileHeader> => {
  const end = start.subarray(0, MAX_FILE_HEADER_SIZE).indexOf(LF);
  if (end < 0) return damaged(0, "no end of the file header line");
  const version = start[0]! - 0x30;
  if ((version !== 1 && version !== 2) || start[1] !== SPACE) {
    return damaged(0, "file header of an unknown version");
  }
  let messageHeaderSize = -1;
  let createdAt: number | null = null;
  for (let at = 2; at < end;) {
    const space = start.indexOf(SPACE, at);
    const stop = space < 0 || space > end ? end : space;
    const key = start[at]!;
    if (key === 0x4d /* M */) {
      messageHeaderSize = hexNumber(start, at + 1, stop);
      if (messageHeaderSize < 0) return damaged(at, "message header size is no hex number");
    } else if (key === 0x43 /* C */) {
      const time = hexNumber(start, at + 1, stop);
      if (time < 0) return damaged(at, "creation time is no hex number");
      createdAt = time;
    }
    at = stop + 1;
  }
  if (messageHeaderSize < MESSAGE_HEADER_SIZE || messageHeaderSize > MAX_FILE_HEADER_SIZE) {
    return damaged(0, "file header without a usable message header size");
  }
  return E.right({ version, messageHeaderSize, createdAt, size: end + 1 });
};

const encoder = new TextEncoder();

/** The header line of a new file; `createdAt` in seconds since 1970. */
export const encodeFileHeader = (createdAt: number): Uint8Array =>
  encoder.encode(`2 M${MESSAGE_HEADER_SIZE.toString(16)} C${createdAt.toString(16)}\n`);

/** Decodes the message header at `bytes[at]` of a file with this header. Gives the number of stored bytes of the mail. */
export const decodeMessageHeader = (
  header: FileHeader,
  bytes: Uint8Array,
  at: number,
  base: number = 0,
): E.Either<SyncError, number> => {
  const end = at + header.messageHeaderSize;
  if (end > bytes.length) return damaged(base + at, "end of file inside a message header");
  if (bytes[at] !== MAGIC_PRE_0 || bytes[at + 1] !== MAGIC_PRE_1) {
    return damaged(base + at, "no message header");
  }
  if (bytes[at + 2] !== TYPE_NORMAL) {
    return damaged(base + at + 2, "message header of an unknown type");
  }
  if (bytes[end - 1] !== LF) {
    return damaged(base + end - 1, "message header without its line end");
  }
  const size = hexNumber(bytes, at + SIZE_OFFSET, at + SIZE_OFFSET + SIZE_DIGITS);
  return size < 0
    ? damaged(base + at + SIZE_OFFSET, "message size is no hex number")
    : E.right(size);
};

/** Writes the message header of a mail with `bodySize` stored bytes to `bytes[at]`: {@linkcode MESSAGE_HEADER_SIZE} bytes. */
export const putMessageHeader = (bytes: Uint8Array, at: number, bodySize: number): void => {
  bytes[at] = MAGIC_PRE_0;
  bytes[at + 1] = MAGIC_PRE_1;
  bytes[at + 2] = TYPE_NORMAL;
  bytes.fill(SPACE, at + 3, at + SIZE_OFFSET);
  let left = bodySize;
  for (let i = at + SIZE_OFFSET + SIZE_DIGITS - 1; i >= at + SIZE_OFFSET; i--) {
    const digit = left % 16;
    bytes[i] = digit < 10 ? 0x30 + digit : 0x37 + digit;
    left = (left - digit) / 16;
  }
  bytes[at + MESSAGE_HEADER_SIZE - 1] = LF;
};

/** The message header of a mail with `bodySize` stored bytes. */
export const encodeMessageHeader = (bodySize: number): Uint8Array => {
  const bytes = new Uint8Array(MESSAGE_HEADER_SIZE);
  putMessageHeader(bytes, 0, bodySize);
  return bytes;
};

/** A GUID may be the name of a file in a Maildir, which need not be UTF-8. */
const lineText = (bytes: Uint8Array, from: number, to: number): string =>
  textOfBytes(bytes.subarray(from, to));

const decimal = (text: string): number | null => {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  // Dovecot takes 0 and what is no u32 for "no order".
  return value > 0 && value <= 0xffffffff ? value : null;
};

/**
 * Decodes the metadata that begins with its marker at `bytes[at]`. Gives it with its length in bytes, marker and last
 * empty line included. Of a key that comes twice the first counts; unknown keys are skipped.
 */
export const decodeMetadata = (
  bytes: Uint8Array,
  at: number,
  base: number = 0,
): E.Either<SyncError, { readonly metadata: Metadata; readonly size: number }> => {
  if (at + METADATA_MARKER.length > bytes.length) {
    return damaged(base + at, "end of file where metadata should begin");
  }
  for (let i = 0; i < METADATA_MARKER.length; i++) {
    if (bytes[at + i] !== METADATA_MARKER[i]) {
      return damaged(base + at, "no metadata behind the mail");
    }
  }
  const limit = Math.min(bytes.length, at + MAX_METADATA_SIZE);
  let guid: string | null = null;
  let receivedAt: number | null = null;
  let virtualSize: number | null = null;
  let pop3Uidl: string | null = null;
  let pop3Order: string | null = null;
  let mailbox: string | null = null;
  let plainSize: number | null = null;
  let external: string | null = null;
  for (let line = at + METADATA_MARKER.length; line < limit;) {
    const lf = bytes.indexOf(LF, line);
    if (lf < 0 || lf >= limit) break;
    // Version 1 padded its metadata: a line that begins with a space ends it too.
    if (lf === line || bytes[line] === SPACE) {
      const order = pop3Order === null ? null : decimal(pop3Order);
      return E.right({
        metadata: {
          guid,
          receivedAt: receivedAt ?? 0,
          virtualSize,
          pop3Uidl,
          pop3Order: order,
          mailbox,
          plainSize,
          external,
        },
        size: lf + 1 - at,
      });
    }
    const from = line + 1;
    switch (bytes[line]) {
      case 0x47: // G
        if (guid === null) {
          guid = lineText(bytes, from, lf);
          if (guid === "") return damaged(base + line, "empty GUID");
        }
        break;
      case 0x52: // R
        if (receivedAt === null) {
          receivedAt = hexTime(bytes, from, lf);
          if (Number.isNaN(receivedAt)) {
            return damaged(base + line, "received date is no hex number");
          }
        }
        break;
      case 0x56: // V
        if (virtualSize === null) {
          virtualSize = hexNumber(bytes, from, lf);
          if (virtualSize < 0) return damaged(base + line, "virtual size is no hex number");
        }
        break;
      case 0x50: // P
        pop3Uidl ??= lineText(bytes, from, lf);
        break;
      case 0x4f: // O
        pop3Order ??= lineText(bytes, from, lf);
        break;
      case 0x42: // B
        mailbox ??= lineText(bytes, from, lf);
        break;
      case 0x5a: // Z
        if (plainSize === null) {
          plainSize = hexNumber(bytes, from, lf);
          if (plainSize < 0) return damaged(base + line, "plain size is no hex number");
        }
        break;
      case 0x58: // X
        external ??= lineText(bytes, from, lf);
        break;
    }
    line = lf + 1;
  }
  return damaged(base + at, "metadata without its end");
};

/** Text that fits a metadata line: Dovecot ends it at CR LF or LF, and C text at NUL. */
const fitsLine = (text: string): boolean => !/[\0\r\n]/.test(text);

/**
 * The metadata of a new record, marker and last empty line included, in Dovecot's order. Fails with `Unfit` when a
 * text has characters that no line can hold. A mailbox name that does not fit is left out, as Dovecot does.
 */
export const formatMetadata = (metadata: NewMetadata): E.Either<SyncError, string> => {
  const { guid, receivedAt, virtualSize, pop3Uidl, pop3Order, mailbox } = metadata;
  if (guid === "" || !fitsLine(guid)) {
    return E.left(syncError("Unfit", "message", {}, "the GUID is empty or has a line end in it"));
  }
  if (pop3Uidl !== null && !fitsLine(pop3Uidl)) {
    return E.left(syncError("Unfit", "message", {}, "the POP3 UIDL has a line end in it"));
  }
  const received = receivedAt < 0
    ? BigInt.asUintN(64, BigInt(receivedAt)).toString(16)
    : receivedAt.toString(16);
  let lines = `\n\x01\x03\nR${received}\nV${virtualSize.toString(16)}\n`;
  if (pop3Uidl !== null) lines += `P${pop3Uidl}\n`;
  if (pop3Order !== null) lines += `O${pop3Order}\n`;
  lines += `G${guid}\n`;
  if (mailbox !== null && fitsLine(mailbox)) lines += `B${mailbox}\n`;
  return E.right(lines + "\n");
};

/** {@linkcode formatMetadata} as bytes. */
export const encodeMetadata = (metadata: NewMetadata): E.Either<SyncError, Uint8Array> =>
  E.map(bytesOfText)(formatMetadata(metadata));

/**
 * Walks the complete records of `bytes`, whose first byte is a record at `base` in a file with this header. `end` is
 * where the last complete record ends in the file; `error` says what lies there when it is not the end of `bytes`.
 */
export const walkRecords = (
  header: FileHeader,
  bytes: Uint8Array,
  base: number,
): {
  readonly records: readonly WalkedRecord[];
  readonly end: number;
  readonly error: SyncError | null;
} => {
  const records: WalkedRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = decodeMessageHeader(header, bytes, at, base);
    if (E.isLeft(size)) return { records, end: base + at, error: size.left };
    const bodyAt = at + header.messageHeaderSize;
    const metadata = decodeMetadata(bytes, bodyAt + size.right, base);
    if (E.isLeft(metadata)) return { records, end: base + at, error: metadata.left };
    const end = bodyAt + size.right + metadata.right.size;
    records.push({
      offset: base + at,
      size: end - at,
      bodyOffset: base + bodyAt,
      bodySize: size.right,
      metadata: metadata.right.metadata,
    });
    at = end;
  }
  return { records, end: base + at, error: null };
};
