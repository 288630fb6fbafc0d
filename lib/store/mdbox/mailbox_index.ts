/**
 * What mdbox keeps in the index of a mailbox: its identity, and of each mail the map UID, the saved date and the GUID.
 *
 * @module
 */
import { formatHex, formatHexRow } from "../../codec/guid.ts";
import { type ExtensionKind, setExtensionHeader, setHeader } from "../../codec/index_build.ts";
import { HEADER_AT } from "../../codec/index_header.ts";
import { DONE, type LogRecord } from "../../codec/index_record.ts";
import { Column } from "../../codec/index_rows.ts";
import type { IndexView } from "../../codec/index_view.ts";
import {
  decodeMapUid,
  decodeMdboxHeader,
  decodePop3UidlHeader,
  decodeSavedAt,
  encodeMdboxHeader,
  GUID,
  MAP_UID_SIZE,
  MDBOX,
  MDBOX_HEADER,
  type MdboxHeader,
  POP3_UIDL_HEADER,
} from "../../codec/mdbox_index.ts";
import { syncError } from "../../model/error.ts";
import { type Guid, guid } from "../../model/ids.ts";
import type { MailboxIdentity } from "../../model/mailbox.ts";
import type { Os } from "../../port/os.ts";
import { failStream } from "../../stream/chunks.ts";
import { orFail } from "../account/or_fail.ts";
import { createIndex, type NewIndex } from "../index/index_create.ts";
import { type IndexFile, openIndex } from "../index/index_file.ts";
import { MAILBOX_INDEX } from "./layout.ts";

const NO_GUID = "0".repeat(2 * GUID.recordSize);

/** Opens the index in a directory; null where there is none. Throws `StreamFailure<SyncError>`. */
export const openMailboxIndex = (os: Os, directory: string): IndexFile | null =>
  openIndex(os, directory, MAILBOX_INDEX);

/** The records that give a mailbox its identity. */
export const identityRecords = (
  { guid, uidValidity }: MailboxIdentity,
  mapUidValidity: number,
  flags: number = 0,
): readonly LogRecord[] => [
  ...setExtensionHeader(MDBOX_HEADER, encodeMdboxHeader({ mapUidValidity, guid, flags })),
  setHeader([[HEADER_AT.uidValidity, uidValidity]]),
];

/**
 * Makes the index of an empty mailbox, durable when it returns.
 *
 * Its log begins with the modseq 0, "not counted yet": what a sync fills into it does not raise the modseq of the
 * mailbox, so that in the end it can be given any, as low as that of the mailbox it is a copy of. Dovecot starts
 * counting when something first asks for modseqs.
 */
export const createMailboxIndex = (
  os: Os,
  directory: string,
  identity: MailboxIdentity,
  mapUidValidity: number,
  options: NewIndex = {},
): IndexFile =>
  createIndex(os, directory, MAILBOX_INDEX, (appender) => {
    appender.append(identityRecords(identity, mapUidValidity), DONE);
    appender.appendTail();
  }, { initialModSeq: 0n, ...options });

/** The header of `mdbox-hdr`. Throws `Damaged` where it is missing. */
export const mdboxHeaderOf = (view: IndexView, path: string): MdboxHeader =>
  orFail(decodeMdboxHeader(fullHeader(view, MDBOX_HEADER.name)), { path });

/** The identity of a mailbox. Throws `Damaged` where it has none. */
export const identityOf = (view: IndexView, path: string): MailboxIdentity => {
  const { guid } = mdboxHeaderOf(view, path);
  if (guid === null || view.uidValidity === 0) {
    const what = guid === null ? "the mailbox has no GUID" : "the mailbox has no UIDVALIDITY";
    return failStream(syncError("Damaged", "mailbox", { path }, what));
  }
  return { guid, uidValidity: view.uidValidity };
};

/** The highest UID that can have a POP3 UIDL; null: not known, all can. */
export const highestPop3Uid = (view: IndexView): number | null =>
  decodePop3UidlHeader(fullHeader(view, POP3_UIDL_HEADER.name));

/** Header data of an extension as long as the index says it is. */
const fullHeader = (view: IndexView, name: string): Uint8Array => {
  const extension = view.extension(name);
  return extension === undefined
    ? new Uint8Array()
    : extension.headerBytes(0, Math.min(extension.headerSize, MDBOX_HEADER.headerSize));
};

/** What an extension has of all mails; null: nothing, or less than it should. */
const columnOf = (view: IndexView, { name, recordSize }: ExtensionKind): Column | null => {
  const extension = view.extension(name);
  return extension === undefined || extension.recordSize < recordSize ? null : extension.column;
};

/** The map UID of a row; 0: lost. */
export const mapUidOf = (view: IndexView, row: number): number => {
  const column = columnOf(view, MDBOX);
  return column === null ? 0 : decodeMapUid(column.bytes, row * column.stride);
};

/** The saved date of a row, seconds since 1970. */
export const savedAtOf = (view: IndexView, row: number): number => {
  const column = columnOf(view, MDBOX);
  return column === null ? 0 : decodeSavedAt(column.bytes, row * column.stride);
};

/** Whether the first `size` bytes of a row are something else than zeros: nothing is told by those. */
const isTold = (column: Column | null, row: number, size: number): boolean => {
  if (column === null) return false;
  const { bytes, stride } = column;
  const from = row * stride;
  for (let at = from; at < from + size; at++) if (bytes[at] !== 0) return true;
  return false;
};

/** Rows whose map UID is lost or whose GUID is not known; as a rule there are none. */
export const incompleteRows = (view: IndexView): readonly number[] => {
  const [mapUids, guids] = [columnOf(view, MDBOX), columnOf(view, GUID)];
  const rows: number[] = [];
  for (let row = 0; row < view.count; row++) {
    const isComplete = isTold(mapUids, row, MAP_UID_SIZE) && isTold(guids, row, GUID.recordSize);
    if (!isComplete) rows.push(row);
  }
  return rows;
};

/** The 16 bytes of a row's GUID, a window; null: all zero, not known. */
export const guidBytesOf = (view: IndexView, row: number): Uint8Array | null =>
  isTold(columnOf(view, GUID), row, GUID.recordSize)
    ? view.extension(GUID.name)!.bytes(row).subarray(0, GUID.recordSize)
    : null;

/** The 128-bit GUID of a row; null: not known. */
export const guidOf = (view: IndexView, row: number): Guid | null => {
  const bytes = guidBytesOf(view, row);
  return bytes === null ? null : guid(formatHex(bytes));
};

/** The 128-bit GUIDs of the rows `[from, to)`; null: not known. */
export const guidsOf = (view: IndexView, from: number, to: number): readonly (Guid | null)[] => {
  const size = GUID.recordSize;
  const column = columnOf(view, GUID);
  if (column === null) return new Array(to - from).fill(null);
  const row = new Column(size, to - from);
  row.fill(0, to - from, size, column.bytes, from * column.stride, column.stride);
  return formatHexRow(row.bytes, size).map((text) => text === NO_GUID ? null : guid(text));
};

/** The map UIDs of all mails, one for each mail; lost ones are left out. */
export const mapUidsOf = (view: IndexView): Uint32Array => {
  const all = new Uint32Array(view.count);
  for (let row = 0; row < all.length; row++) all[row] = mapUidOf(view, row);
  return all.filter((mapUid) => mapUid !== 0);
};

/** The highest map UID of all mails; 0: there are none. */
export const highestMapUid = (view: IndexView): number => {
  let highest = 0;
  for (let row = 0; row < view.count; row++) highest = Math.max(highest, mapUidOf(view, row));
  return highest;
};
