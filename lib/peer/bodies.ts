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

/** The next bytes of a body; null: it has ended. */
const pieceOf = (next: Incoming | null): Uint8Array | null => {
  if (next === null || next._tag === "Item") return failStream(brokenProtocol("a mail is cut off"));
  return next._tag === "BodyEnd" ? null : next.bytes;
};

const receiveStream = (channel: Channel): Received => {
  let ended = false;
  const piece = async (): Promise<Uint8Array | null> => {
    const bytes = ended ? null : pieceOf(await channel.next());
    ended = bytes === null;
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

  /** Takes a piece; false: the body has ended. */
  take(bytes: Uint8Array | null): boolean {
    if (bytes === null) return false;
    this.#size += bytes.length;
    if (this.#size > SMALL) failStream(brokenProtocol("a mail is longer than it said"));
    this.body.push(bytes);
    return true;
  }
}

const receiveRest = async (
  channel: Channel,
  pieces: Pieces,
  first: Promise<Incoming | null>,
): Promise<Received> => {
  let next = await first;
  while (pieces.take(pieceOf(next))) next = await channel.next();
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
    if (!pieces.take(pieceOf(next))) return pieces;
  }
};
