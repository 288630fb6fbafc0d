/**
 * Mails with their bodies over a channel: an item tells of some, and their bytes follow one after the other.
 *
 * @module
 */
import type { Body } from "../model/mail.ts";
import { failStream } from "../stream/chunks.ts";
import { brokenProtocol, type Channel } from "./channels.ts";

/** A body of more bytes is passed on as a stream. */
const SMALL = 256 * 1024;

const sendPiece = (channel: Channel, bytes: Uint8Array): Promise<void> | void =>
  bytes.length <= SMALL ? channel.bytes(bytes) : sendCut(channel, bytes);

const sendCut = async (channel: Channel, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; at += SMALL) {
    await channel.bytes(bytes.subarray(at, at + SMALL));
  }
};

/** Sends the bytes of a mail. */
export const sendBody = async (channel: Channel, body: Body): Promise<void> => {
  if (Array.isArray(body)) {
    for (const bytes of body) {
      const sent = sendPiece(channel, bytes);
      if (sent !== undefined) await sent;
    }
  } else {
    for await (const bytes of body) await sendPiece(channel, bytes);
  }
  await channel.bodyEnd();
};

/** A body that has come in, or is coming. */
export interface Received {
  /** It. */
  readonly body: Body;
  /** Takes what was not read of it, so that what follows can be. */
  readonly finish: () => Promise<void>;
}

/** The next bytes of a body; null: it has ended. */
const nextPiece = async (channel: Channel): Promise<Uint8Array | null> => {
  const next = await channel.next();
  if (next === null || next._tag === "Item") return failStream(brokenProtocol("a mail is cut off"));
  return next._tag === "BodyEnd" ? null : next.bytes;
};

/** The body of the mail that comes next, of which `size` bytes were told. A small one is read at once. */
export const receiveBody = async (channel: Channel, size: number): Promise<Received> => {
  if (size > SMALL) {
    let ended = false;
    const piece = async (): Promise<Uint8Array | null> => {
      const bytes = ended ? null : await nextPiece(channel);
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
  }
  const pieces: Uint8Array[] = [];
  let read = 0;
  for (let bytes = await nextPiece(channel); bytes !== null; bytes = await nextPiece(channel)) {
    read += bytes.length;
    if (read > SMALL) failStream(brokenProtocol("a mail is longer than it said"));
    pieces.push(bytes);
  }
  return { body: pieces, finish: () => Promise.resolve() };
};
