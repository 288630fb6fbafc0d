/**
 * Mails with their bodies over a channel: an item tells of some, and their bytes follow one after the other.
 *
 * @module
 */
import type { SyncError } from "../model/error.ts";
import { type Body, isInMemory } from "../model/mail.ts";
import { failStream, StreamFailure } from "../stream/chunks.ts";
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
  try {
    for await (const bytes of body) await sendPiece(channel, bytes);
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    const error = thrown.error as SyncError;
    // One mail that cannot be read stops no other; all else ends the conversation.
    if (error.scope !== "message") throw thrown;
    return await channel.bodyFailure(error);
  }
  await channel.bodyEnd();
};

/** Sends the bytes of a mail; nothing is given where nothing has to be waited for, as with most. */
export const sendBody = (channel: Channel, body: Body): Promise<void> | void =>
  isInMemory(body) && body.length === 1 && body[0]!.length <= SMALL
    ? channel.body(body[0]!)
    : sendPieces(channel, body);

/** A body that has come in, or is coming. */
export interface Received {
  /** It. */
  readonly body: Body;
  /** Takes what was not read of it, so that what follows can be; absent: all was read. */
  readonly finish?: () => Promise<void>;
}

/** What of a body comes next: some bytes of it, and whether it ends with them; or that the sender cannot read it. */
type Piece =
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array | null; readonly isLast: boolean }
  | { readonly _tag: "Failure"; readonly error: SyncError };

const pieceOf = (next: Incoming | null): Piece => {
  switch (next?._tag) {
    case "Body":
    case "Bytes":
      return { _tag: "Bytes", bytes: next.bytes, isLast: next._tag === "Body" };
    case "BodyEnd":
      return { _tag: "Bytes", bytes: null, isLast: true };
    case "BodyFailure":
      return next.error.scope === "message"
        ? { _tag: "Failure", error: next.error }
        : failStream(brokenProtocol("a mail's error that is another's"));
    default:
      return failStream(brokenProtocol("a mail is cut off"));
  }
};

const receiveStream = (channel: Channel): Received => {
  let ended = false;
  const next = async (): Promise<Piece> => {
    const piece = pieceOf(await channel.next());
    ended = piece._tag === "Failure" || piece.isLast;
    return piece;
  };
  const body = async function* (): AsyncGenerator<Uint8Array> {
    while (!ended) {
      const piece = await next();
      if (piece._tag === "Failure") return failStream(piece.error);
      if (piece.bytes !== null) yield piece.bytes;
    }
  };
  return {
    body: body(),
    finish: async () => {
      while (!ended) await next();
    },
  };
};

async function* failing(error: SyncError): AsyncGenerator<Uint8Array> {
  yield failStream(error);
}

const receivePieces = async (
  channel: Channel,
  first: Promise<Incoming | null> | Incoming | null,
): Promise<Received> => {
  const body: Uint8Array[] = [];
  let size = 0;
  for (let next = await first;; next = await channel.next()) {
    const piece = pieceOf(next);
    if (piece._tag === "Failure") return { body: failing(piece.error) };
    const { bytes, isLast } = piece;
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
