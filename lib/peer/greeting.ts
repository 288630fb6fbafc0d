/**
 * How a session begins: both ends say hello and who they are, without waiting for each other; and the items behind that.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { joinBytes } from "../codec/byte_pieces.ts";
import { WireDecoder } from "../codec/dsync_wire_decoder.ts";
import { WireEncoder } from "../codec/dsync_wire_encoder.ts";
import { WIRE_MINOR } from "../codec/dsync_wire_hello.ts";
import type { Handshake, WireItem } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { Peer } from "../port/peer.ts";
import type { Pipe } from "../port/pipe.ts";
import { failStream } from "../stream/chunks.ts";

/** Encoded items are sent in pieces of about so many bytes. */
const PIECE = 64 * 1024;

const fail = (what: string): never => failStream<SyncError>(syncError("Io", "run", {}, what));

/** What every dsync of ours says in its hello; a Dovecot passes over it. */
const OURS = "dsync-ts";

/** The other end behind a pipe, when it has said hello. */
export interface Greeted {
  /** It. */
  readonly peer: Peer;
  /** What both ends offered beyond the protocol. */
  readonly extensions: readonly string[];
  /** The bytes that came behind its handshake already, and all that follow: for who goes on without items. */
  readonly rest: () => AsyncIterable<Uint8Array>;
}

/** Items over a pipe. */
class WireLink {
  readonly #pipe: Pipe;
  readonly #encoder = new WireEncoder();
  readonly #decoder = new WireDecoder();
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(pipe: Pipe) {
    this.#pipe = pipe;
    this.#chunks = pipe.incoming[Symbol.asyncIterator]();
  }

  readonly send = async (items: readonly WireItem[]): Promise<void> => {
    let pieces: Uint8Array[] = [];
    let size = 0;
    for (const item of items) {
      const bytes = this.#encoder.encode(item);
      if (E.isLeft(bytes)) return failStream(bytes.left);
      pieces.push(bytes.right);
      size += bytes.right.length;
      if (size < PIECE) continue;
      await this.#pipe.send(joinBytes(pieces));
      pieces = [];
      size = 0;
    }
    if (size > 0) await this.#pipe.send(joinBytes(pieces));
  };

  readonly receive = async (): Promise<WireItem> => {
    for (;;) {
      const item = this.#decoder.next();
      if (E.isLeft(item)) return failStream(item.left);
      if (item.right !== null) return item.right;
      const { value, done } = await this.#chunks.next();
      if (done === true) {
        const end = this.#decoder.end();
        return E.isLeft(end) ? failStream(end.left) : fail("the other end closed the connection");
      }
      this.#decoder.feed(value);
    }
  };

  async *rest(): AsyncGenerator<Uint8Array> {
    yield* this.#decoder.rest();
    for (;;) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return;
      yield value;
    }
  }
}

/**
 * Says hello over a pipe and hears the other end's. `name` is what the other end is called in messages. Fails with a
 * stream failure: `Unsupported` where it speaks another protocol.
 */
export const greet = async (
  pipe: Pipe,
  name: string,
  handshake: Handshake,
  extensions: readonly string[],
): Promise<Greeted> => {
  const link = new WireLink(pipe);
  const hear = async (): Promise<readonly [WireItem, WireItem]> => [
    await link.receive(),
    await link.receive(),
  ];
  const said = link.send([
    { _tag: "Hello", minor: WIRE_MINOR, extensions: [OURS, ...extensions] },
    handshake,
  ]);
  // What it says, or that it says nothing, tells more than that it did not listen.
  said.catch(() => {});
  const [hello, theirs] = await hear();
  await said;
  if (hello._tag !== "Hello" || theirs._tag !== "Handshake") {
    return fail("the other end did not say who it is");
  }
  return {
    peer: {
      name,
      minor: hello.minor,
      isOurs: hello.extensions.includes(OURS),
      handshake: theirs,
      send: link.send,
      receive: link.receive,
    },
    extensions: hello.extensions.filter((one) => extensions.includes(one)),
    rest: () => link.rest(),
  };
};
