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

const sendPieces = async (channel: Channel, body: Body, from: number): Promise<void> => {
  if (Array.isArray(body)) {
    for (const bytes of body.slice(from)) await sendPiece(channel, bytes);
  } else {
    for await (const bytes of body) await sendPiece(channel, bytes);
  }
  await channel.bodyEnd();
};

/** Sends the bytes of a mail; nothing is given where nothing has to be waited for, as with most. */
export const sendBody = (channel: Channel, body: Body): Promise<void> | void => {
  if (!Array.isArray(body)) return sendPieces(channel, body, 0);
  if (body.length === 1 && body[0]!.length <= SMALL) return channel.body(body[0]!);
  for (let at = 0; at < body.length; at++) {
    const sent = sendPiece(channel, body[at]!);
    if (sent !== undefined) return sent.then(() => sendPieces(channel, body, at + 1));
  }
  return channel.bodyEnd();
};

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

/** The pieces of a small body. */
class Pieces {
  readonly body: Uint8Array[] = [];
  #size = 0;

  /** Takes what comes next; false: the body has ended with it. */
  take(next: Incoming | null): boolean {
    const { bytes, isLast } = pieceOf(next);
    if (bytes !== null) {
      this.#size += bytes.length;
      if (this.#size > SMALL) failStream(brokenProtocol("a mail is longer than it said"));
      this.body.push(bytes);
    }
    return !isLast;
  }
}

const receiveRest = async (
  channel: Channel,
  pieces: Pieces,
  first: Promise<Incoming | null>,
): Promise<Received> => {
  let next = await first;
  while (pieces.take(next)) next = await channel.next();
  return pieces;
};

/**
 * The body of the mail that comes next, of which `size` bytes were told. A small one is read at once; no promise is given
 * where it is there already.
 */
export const receiveBody = (channel: Channel, size: number): Promise<Received> | Received => {
  if (size > SMALL) return receiveStream(channel);
  const pieces = new Pieces();
  for (;;) {
    const next = channel.next();
    if (next instanceof Promise) return receiveRest(channel, pieces, next);
    if (!pieces.take(next)) return pieces;
  }
};
