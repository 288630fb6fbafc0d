/**
 * Mails out of an mdbox mailbox: what its index says of them, and what their records in the storage are.
 *
 * @module
 */
import { sameGuid } from "../../codec/guid.ts";
import type { IndexView } from "../../codec/index_view.ts";
import { compressionOf } from "../../codec/compression.ts";
import { HAVE_POP3_ORDERS, HAVE_POP3_UIDLS } from "../../codec/mdbox_index.ts";
import type { Metadata } from "../../codec/mdbox_file.ts";
import { type Place, type SyncError, syncError, withPlace } from "../../model/error.ts";
import { guid, type Uid } from "../../model/ids.ts";
import { type Body, isInMemory, type Mail, type MailRecord } from "../../model/mail.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { Fetched } from "../../port/store.ts";
import { CHUNK, type Chunks, StreamFailure } from "../../stream/chunks.ts";
import {
  guidOf,
  guidsOf,
  incompleteRows,
  mapUidOf,
  openMailboxIndex,
  savedAtOf,
} from "./mailbox_index.ts";
import { plainBody } from "../compressed/plain_body.ts";
import type { Found, Storage } from "./storage.ts";
import type { StoredRecord } from "./storage_reader.ts";

/** A chunk of fetched mails ends when it holds so many bytes. */
const CHUNK_BYTES = 1 << 20;

/** What reading a mailbox needs. */
export interface ReadingContext {
  /** The storage. */
  readonly storage: Storage;
  /** The mailbox's name, for messages. */
  readonly name: MailboxName;
  /** Where its index is. */
  readonly directory: string;
  /** The index as it was when the mailbox was opened. */
  readonly view: IndexView;
  /** The flags in `mdbox-hdr`: whether mails can have POP3 UIDLs and orders. */
  readonly pop3Flags: number;
  /** The highest UID that can have them; null: not known, all can. */
  readonly highestPop3Uid: number | null;
}

/** What the index does not say of a mail: its record in the storage must be asked, or cannot be found. */
interface Unclear {
  readonly uid: Uid;
  readonly error: SyncError;
}

/** Rows whose map UID or GUID is lost. Reads the storage only for mails whose GUID the index does not have. */
export const unclearRows = (context: ReadingContext): readonly Unclear[] => {
  const unclear: Unclear[] = [];
  for (const row of incompleteRows(context.view)) {
    try {
      readRow(context, row);
    } catch (thrown) {
      unclear.push({ uid: context.view.uidOf(row), error: asLost(context, row, thrown) });
    }
  }
  return unclear;
};

/** All mails as the index has them, but for those `without`. */
export const scan = async function* (
  context: ReadingContext,
  without: ReadonlySet<number>,
): AsyncGenerator<readonly MailRecord[]> {
  const { view } = context;
  for (let from = 0; from < view.count; from += CHUNK) {
    const chunk: MailRecord[] = [];
    const to = Math.min(from + CHUNK, view.count);
    const guids = guidsOf(view, from, to);
    for (let row = from; row < to; row++) {
      const uid = view.uidOf(row);
      if (without.has(uid)) continue;
      chunk.push({
        uid,
        // An old Dovecot did not put it into the index: then the record of the mail has it.
        guid: guids[row - from] ?? guid(readRow(context, row).metadataGuid),
        flags: view.flagsOf(row),
        keywords: view.keywordsOf(row),
        modSeq: view.modSeqOf(row),
      });
    }
    if (chunk.length > 0) yield chunk;
  }
};

/** Reads mails; see `Mailbox.fetch`. */
export const fetchMails = async function* (
  context: ReadingContext,
  wanted: Chunks<Uid, SyncError>,
): AsyncGenerator<readonly Fetched[]> {
  for await (const uids of wanted) {
    let chunk: Fetched[] = [];
    let bytes = 0;
    for (const uid of uids) {
      const fetched = fetchOne(context, uid);
      chunk.push(fetched);
      if (fetched._tag === "Mail") bytes += fetched.mail.size;
      // A stream is good until the next chunk is pulled, so nothing comes behind it.
      const streams = fetched._tag === "Mail" && !isInMemory(fetched.mail.body);
      if (streams || bytes >= CHUNK_BYTES) {
        yield chunk;
        chunk = [];
        bytes = 0;
      }
    }
    if (chunk.length > 0) yield chunk;
  }
};

const fetchOne = (context: ReadingContext, uid: Uid): Fetched => {
  const row = context.view.rowOf(uid);
  if (row < 0) {
    const where = { mailbox: context.name, uid };
    return {
      _tag: "Lost",
      uid,
      error: syncError("Changed", "message", where, "there is no such mail"),
    };
  }
  try {
    return { _tag: "Mail", mail: mailOf(context, row, readRow(context, row)) };
  } catch (thrown) {
    return { _tag: "Lost", uid, error: asLost(context, row, thrown) };
  }
};

const readRow = (
  context: ReadingContext,
  row: number,
): Found & { readonly metadataGuid: string } => {
  const { storage, view } = context;
  const damaged = (where: Place, what: string): never => {
    throw new StreamFailure<SyncError>(syncError("Damaged", "message", where, what));
  };
  const mapUid = mapUidOf(view, row);
  if (mapUid === 0) {
    return damaged({ path: context.directory }, "the index has lost the mail's map UID");
  }
  const found = storage.read(mapUid);
  const { metadata, path } = found.stored;
  const where = { path, offset: found.offset };
  if (metadata.guid === null) return damaged(where, "the record has no GUID");
  const known = guidOf(view, row);
  if (known !== null && !sameGuid(known, guid(metadata.guid))) {
    return damaged(where, `the record has the GUID ${metadata.guid}, the index ${known}`);
  }
  return { ...found, metadataGuid: metadata.guid };
};

const mailOf = (
  context: ReadingContext,
  row: number,
  { stored, refcount, metadataGuid }: Found & { readonly metadataGuid: string },
): Mail => {
  const { metadata } = stored;
  const { size, body } = bodyOf(context, stored);
  const { uidl, order } = pop3Of(context, row, metadata);
  return {
    uid: context.view.uidOf(row),
    guid: guid(metadataGuid),
    receivedAt: metadata.receivedAt,
    savedAt: savedAtOf(context.view, row),
    pop3Uidl: uidl,
    pop3Order: order,
    size,
    copies: Math.max(1, refcount),
    body: isInMemory(body) ? body : withPlaceOf(context, row, body),
  };
};

/** The mail as clients see it, and its size. */
const bodyOf = (
  { storage }: ReadingContext,
  { metadata: { plainSize, external }, path, start, body, bodySize }: StoredRecord,
): { readonly size: number; readonly body: Body } => {
  if (external !== null) {
    const what = "parts of the mail are stored outside of the mdbox";
    throw new StreamFailure<SyncError>(syncError("Unsupported", "message", { path }, what));
  }
  if (plainSize === null && compressionOf(start) === null) return { size: bodySize, body };
  // Dovecot leaves Z out where the mail has as many bytes plain.
  const stored = { start, size: bodySize, body, plainSize: plainSize ?? bodySize };
  return { size: stored.plainSize, body: plainBody(storage.os.decompress, stored, { path }) };
};

/** Dovecot looks at P and O only in mailboxes that are known to have them, and only up to a UID. */
const pop3Of = (
  { view, pop3Flags, highestPop3Uid: highest }: ReadingContext,
  row: number,
  { pop3Uidl, pop3Order }: Metadata,
): { readonly uidl: string | null; readonly order: number | null } => {
  const looked = highest === null || view.uidOf(row) <= highest;
  return {
    uidl: looked && (pop3Flags & HAVE_POP3_UIDLS) !== 0 && pop3Uidl !== "" ? pop3Uidl : null,
    order: looked && (pop3Flags & HAVE_POP3_ORDERS) !== 0 ? pop3Order : null,
  };
};

const withPlaceOf = async function* (
  context: ReadingContext,
  row: number,
  body: Body,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    throw new StreamFailure(asLost(context, row, thrown));
  }
};

/** Why a mail could not be read. Whatever it was, it is this mail's trouble alone. */
const asLost = (context: ReadingContext, row: number, thrown: unknown): SyncError => {
  if (!(thrown instanceof StreamFailure)) throw thrown;
  const error = thrown.error as SyncError;
  const uid = context.view.uidOf(row);
  const where = { mailbox: context.name, uid };
  if (error._tag === "Damaged" && isGone(context, uid)) {
    return syncError("Changed", "message", where, "the mail was expunged meanwhile", error);
  }
  return withPlace({ ...error, scope: "message" }, where);
};

/** Whether a mail that could not be found has been expunged since the mailbox was opened. */
const isGone = ({ storage, directory }: ReadingContext, uid: Uid): boolean => {
  try {
    const index = openMailboxIndex(storage.os, directory);
    if (index === null) return true;
    const gone = index.view.rowOf(uid) < 0;
    index.close();
    return gone;
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return false;
    throw thrown;
  }
};
