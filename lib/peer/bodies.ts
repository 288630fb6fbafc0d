/**
 * Mails with their bodies over a channel: an item tells of some, and their bytes follow one after the other.
 *
 * @module
 */
import type { Body } from "../model/mail.ts";
import { failStream } from "../stream/chunks.ts";
import { brokenProtocol, type Channel, type Incoming } from "./channels.ts";

/** A body of more bytes is passed on as a stream. */
const SMALL = 256 * 1024;

const sendPiece = (channel: Channel, bytes: Uint8Array): Promise<void> | void =>
  bytes.length <= SMALL ? channel.bytes(bytes) : sendCut(channel, bytes);

const sendCut = async (channel: Channel, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; at += SMALL) {
    await channel.bytes(bytes.subarray(at, at + SMALL));
  }
};

const sendPieces = async (channel: Channel, body: Body): Promise<void> => {
  for await (const bytes of body) await sendPiece(channel, bytes);
  await channel.bodyEnd();
};

/** Sends the bytes of a mail; nothing is given where nothing has to be waited for, as with most. */
export const sendBody = (channel: Channel, body: Body): Promise<void> | void =>
  Array.isArray(body) && body.length === 1 && body[0]!.length <= SMALL
    ? channel.body(body[0]!)
    : sendPieces(channel, body);

/** A body that has come in, or is coming. */
export interface Received {
  /** It. */
  readonly body: Body;
  /** Takes what was not read of it, so that what follows can be; absent: all was read. */
  readonly finish?: () => Promise<void>;
}

/** What of a body comes next: some bytes of it, and whether it ends with them. */
interface Piece {
  readonly bytes: Uint8Array | null;
  readonly isLast: boolean;
}

const pieceOf = (next: Incoming | null): Piece => {
  if (next === null || next._tag === "Item") return failStream(brokenProtocol("a mail is cut off"));
  return next._tag === "BodyEnd"
    ? { bytes: null, isLast: true }
    : { bytes: next.bytes, isLast: next._tag === "Body" };
};

const receiveStream = (channel: Channel): Received => {
  let ended = false;
  const piece = async (): Promise<Uint8Array | null> => {
    if (ended) return null;
    const { bytes, isLast } = pieceOf(await channel.next());
    ended = isLast;
    return bytes;
  };
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (let bytes = await piece(); bytes !== null; bytes = await piece()) yield bytes;
  };
  return {
    body: body(),
    finish: async () => {
      while (await piece() !== null);
    },
  };
};

const receivePieces = async (
  channel: Channel,
  first: Promise<Incoming | null> | Incoming | null,
): Promise<Received> => {
  const body: Uint8Array[] = [];
  let size = 0;
  for (let next = await first;; next = await channel.next()) {
    const { bytes, isLast } = pieceOf(next);
    if (bytes !== null) {
      size += bytes.length;
      if (size > SMALL) failStream(brokenProtocol("a mail is longer than it said"));
      body.push(bytes);
    }
    if (isLast) return { body };
  }
};

/**
 * The body of the mail that comes next, of which `size` bytes were told. A small one is read at once; no promise is given
 * where it is there already, in one piece.
 */
export const receiveBody = (channel: Channel, size: number): Promise<Received> | Received => {
  if (size > SMALL) return receiveStream(channel);
  const next = channel.next();
  const isWhole = !(next instanceof Promise) && next?._tag === "Body" && next.bytes.length <= SMALL;
  return isWhole ? { body: [next.bytes] } : receivePieces(channel, next);
};
