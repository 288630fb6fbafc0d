/**
 * The mails of this end as they are told to the other end, and sent when it asks for them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { joinBytes } from "../codec/byte_pieces.ts";
import { sameGuid } from "../codec/guid.ts";
import {
  BODY_END,
  END_OF_LIST,
  type MailRequest,
  type RequestedMail,
  type WireItem,
} from "../codec/dsync_wire_item.ts";
import { headerEnd, headerHash as headerHashOf, MAX_HASHED_HEADER } from "../codec/header_hash.ts";
import { countBareLf } from "../codec/virtual_size.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type Guid, guid, type Uid, uid } from "../model/ids.ts";
import { isInMemory, type Mail, type MailRecord } from "../model/mail.ts";
import type { Peer } from "../port/peer.ts";
import type { Mailbox } from "../port/store.ts";
import { drain, failStream, fromArray } from "../stream/chunks.ts";
import { stuckMails, type UnsentMails } from "./stuck_mails.ts";
import { isOpen, type MailFilter, type TellMore } from "../sync/wire_mailbox.ts";

/** Items are sent in bundles of about so many bytes of bodies. */
const BUNDLE = 256 * 1024;
/** Items are sent in bundles of so many. */
const ITEMS = 512;

/** What a stream gives, or its error thrown on. */
export const unwrap = <A>(result: E.Either<SyncError, A>): A =>
  E.isLeft(result) ? failStream(result.left) : result.right;

/** Reads mails for what the index does not say of them; mails that cannot be read are left out. */
const look = async (
  mailbox: Mailbox,
  uids: readonly Uid[],
  use: (mail: Mail) => Promise<void> | void,
): Promise<void> => {
  const end = await drain(mailbox.fetch(fromArray(uids)), async (chunk) => {
    for (const answer of chunk) if (answer._tag === "Mail") await use(answer.mail);
  })();
  unwrap(end);
};

/**
 * Records with GUIDs in full text, which the other end compares letter by letter. `known`: what the other end has at a
 * UID, which is taken where it is the same mail. Of the rest the mails themselves are read.
 */
export const withFullGuids = async (
  mailbox: Mailbox,
  records: readonly MailRecord[],
  known: ReadonlyMap<number, Guid>,
): Promise<readonly MailRecord[]> => {
  const full = new Map<number, Guid>();
  const unknown: Uid[] = [];
  for (const record of records) {
    const theirs = known.get(record.uid);
    if (theirs !== undefined && sameGuid(theirs, record.guid)) full.set(record.uid, theirs);
    else unknown.push(record.uid);
  }
  await look(mailbox, unknown, (mail) => void full.set(mail.uid, mail.guid));
  return records.map((record) => ({ ...record, guid: full.get(record.uid) ?? record.guid }));
};

/** How hashes of headers are made; `isEmpty`: they match nothing, as the other end has no mails. */
export interface HashRule {
  /** The names of the headers. */
  readonly headers: readonly string[];
  /** Which hash. */
  readonly version: 1 | 3;
  /** Whether they need not be made. */
  readonly isEmpty: boolean;
}

/**
 * What the other end needs for a filter on dates or sizes, and where mails have no GUIDs there; null where it needs
 * nothing. Reads every mail, for hashes only its header.
 */
export const tellMore = async (
  mailbox: Mailbox,
  records: readonly MailRecord[],
  filter: MailFilter,
  hashes: HashRule | null,
): Promise<TellMore | null> => {
  const isFiltered = !isOpen({ ...filter, flag: null });
  if (!isFiltered && hashes === null) return null;
  const receivedAt = new Map<number, number>();
  const virtualSize = new Map<number, number>();
  const headerHash = hashes === null ? null : new Map<number, string>();
  if (hashes?.isEmpty === true) { for (const { uid: one } of records) headerHash!.set(one, ""); }
  const mustHash = hashes !== null && !hashes.isEmpty;
  if (isFiltered || mustHash) {
    await look(mailbox, records.map((record) => record.uid), async (mail) => {
      if (isFiltered) receivedAt.set(mail.uid, mail.receivedAt);
      const measured = await measure(mail, filter.maxSize !== null, mustHash);
      if (filter.maxSize !== null) virtualSize.set(mail.uid, measured.virtualSize);
      if (mustHash) {
        headerHash!.set(mail.uid, headerHashOf(measured.header, hashes.headers, hashes.version));
      }
    });
  }
  return {
    receivedAt,
    // A Dovecot ends itself over a date that it lacks. This one is within the filter, so that an expunge is heard.
    expungedReceivedAt: isFiltered ? filter.since ?? 1 : null,
    virtualSize,
    headerHash,
  };
};

/** Reads a mail for its size and its header, no further than it must. */
const measure = async (
  mail: Mail,
  wantsSize: boolean,
  wantsHeader: boolean,
): Promise<{ readonly virtualSize: number; readonly header: Uint8Array }> => {
  let virtualSize = 0;
  let last = 0;
  let start: Uint8Array = new Uint8Array(0);
  let isHeaderWhole = !wantsHeader;
  if (wantsSize || wantsHeader) {
    for await (const piece of mail.body) {
      virtualSize += piece.length + countBareLf(piece, last);
      last = piece[piece.length - 1] ?? last;
      if (!isHeaderWhole) {
        start = joinBytes([start, piece]);
        isHeaderWhole = headerEnd(start) >= 0 || start.length > MAX_HASHED_HEADER;
      }
      if (isHeaderWhole && !wantsSize) break;
    }
  }
  const end = headerEnd(start);
  const whole = end < 0 ? Math.min(start.length, MAX_HASHED_HEADER) : end;
  return { virtualSize, header: start.subarray(0, whole) };
};

/** The requests of a list as mails of this end: by GUID any copy of it, or by UID. */
export interface Asked {
  /** How it was asked for. */
  readonly request: MailRequest;
  /** The UIDs that it can be had at, ascending. */
  readonly uids: readonly number[];
}

/** Finds what was asked for; a mail that was never told of ends the session, as the other end is confused. */
export const findAsked = (
  records: readonly MailRecord[],
  requests: readonly MailRequest[],
): readonly Asked[] => {
  const byGuid = new Map<string, number[]>();
  const uids = new Set<number>();
  for (const record of records) {
    uids.add(record.uid);
    const copies = byGuid.get(record.guid);
    if (copies === undefined) byGuid.set(record.guid, [record.uid]);
    else copies.push(record.uid);
  }
  const asked = requests.map((request): Asked => {
    const found = request.guid === null
      ? (request.uid !== null && uids.has(request.uid) ? [request.uid as number] : [])
      : byGuid.get(request.guid) ?? [];
    if (found.length === 0) {
      const what = `the other end asked for a mail that it was not told of: ${
        request.guid ?? `UID ${request.uid}`
      }`;
      failStream(syncError("Damaged", "run", {}, what));
    }
    return { request, uids: found };
  });
  return asked.sort((a, b) => a.uids[0]! - b.uids[0]!);
};

const mailItem = ({ request: { guid: asked } }: Asked, mail: Mail): RequestedMail => ({
  _tag: "RequestedMail",
  guid: asked ?? guid(""),
  uid: asked === null ? mail.uid : null,
  pop3Uidl: mail.pop3Uidl ?? "",
  pop3Order: mail.pop3Order,
  receivedAt: mail.receivedAt,
  savedAt: mail.savedAt,
  body: true,
});

const goneItem = ({ request }: Asked): RequestedMail => ({
  _tag: "RequestedMail",
  guid: request.guid ?? guid(""),
  uid: request.guid === null ? request.uid : null,
  pop3Uidl: null,
  pop3Order: null,
  receivedAt: null,
  savedAt: null,
  body: false,
});

/** Sends items in bundles. */
export class Sender {
  readonly #peer: Peer;
  #items: WireItem[] = [];
  #bytes = 0;

  /** To this peer. */
  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** Adds an item; waits where a bundle goes out. */
  async add(item: WireItem): Promise<void> {
    this.#items.push(item);
    if (item._tag === "BodyPiece") this.#bytes += item.bytes.length;
    if (this.#items.length >= ITEMS || this.#bytes >= BUNDLE) await this.flush();
  }

  /** Adds a list with its end. */
  async list(items: Iterable<WireItem>): Promise<void> {
    for (const item of items) await this.add(item);
    await this.add(END_OF_LIST);
    await this.flush();
  }

  /** Sends what is left. */
  async flush(): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    if (items.length > 0) await this.#peer.send(items);
  }
}

/**
 * Sends the mails that were asked for, and the end of the list: small ones in order of UIDs, then those that are streams,
 * which the protocol cannot take back once they have begun, each after it was read to its end. A mail that cannot be
 * read is told to be gone, after every copy was tried, and added to `unsent`.
 */
export const sendAsked = async (
  mailbox: Mailbox,
  asked: readonly Asked[],
  sender: Sender,
  unsent: UnsentMails,
): Promise<void> => {
  const later: Asked[] = [];
  let at = 0;
  const first = drain(mailbox.fetch(fromArray(asked.map(({ uids }) => uid(uids[0]!)))), async (
    chunk,
  ) => {
    for (const answer of chunk) {
      const one = asked[at++]!;
      const isHere = answer._tag === "Mail" && isInMemory(answer.mail.body);
      if (isHere) await sendMail(sender, one, answer.mail);
      else later.push(one);
    }
    // The bytes of a chunk are good until the next one is pulled.
    await sender.flush();
  });
  unwrap(await first());
  for (const one of later) {
    const error = await sendReadable(mailbox, one, sender);
    if (error === null) continue;
    unsent.add(one.uids, error);
    await sender.add(goneItem(one));
  }
  await sender.add(END_OF_LIST);
  await sender.flush();
};

/** Sends the first copy of a mail that can be read to its end; gives why none can be, or null. */
const sendReadable = async (
  mailbox: Mailbox,
  asked: Asked,
  sender: Sender,
): Promise<SyncError | null> => {
  let why: SyncError | null = null;
  for (const at of asked.uids.map(uid)) {
    const [stuck] = unwrap(await stuckMails(mailbox, [at])());
    why ??= stuck?.error ?? null;
    if (stuck !== undefined) continue;
    const sent = drain(mailbox.fetch(fromArray([at])), async (chunk) => {
      for (const answer of chunk) {
        if (answer._tag === "Lost") return failStream(answer.error);
        await sendMail(sender, asked, answer.mail);
      }
      await sender.flush();
    });
    unwrap(await sent());
    return null;
  }
  return why;
};

const sendMail = async (sender: Sender, asked: Asked, mail: Mail): Promise<void> => {
  await sender.add(mailItem(asked, mail));
  for await (const bytes of mail.body) {
    if (bytes.length > 0) await sender.add({ _tag: "BodyPiece", bytes });
  }
  await sender.add(BODY_END);
};
