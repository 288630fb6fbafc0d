/**
 * Many conversations over one pipe. Each has a window: so much may be under way that its receiver has not used up, and a
 * slow one holds back nobody else.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import {
  type Frame,
  FrameDecoder,
  jsonBytes,
  parseJson,
  plainBytes,
} from "../codec/store_frame.ts";
import type { Json } from "../codec/store_json.ts";
import { ERROR, valueOf } from "../codec/store_value.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { failStream, StreamFailure } from "../stream/chunks.ts";
import { Fifo } from "../stream/fifo.ts";
import { Outbox } from "./outbox.ts";

/** How many bytes of a channel may be under way. */
const WINDOW = 4 * 1024 * 1024;
/** What one frame may have beyond that: a tree is told in one. */
const SLACK = 64 * 1024 * 1024;
/** How many channels the other end may have open. */
const MAX_CHANNELS = 256;

/** An error of the other end's protocol. */
export const brokenProtocol = (what: string): SyncError =>
  syncError("Damaged", "run", {}, `the other end breaks the protocol: ${what}`);

const errorBytes = ({ cause: _, ...said }: SyncError): Uint8Array => jsonBytes(said);

const errorOf = (bytes: Uint8Array): SyncError =>
  valueOf(ERROR, parseJson(bytes)) ?? brokenProtocol("an error that is none");

/** The other end does not want any more of what is sent. */
export class Cancelled extends Error {}

/** What a channel brings: items as JSON values, bytes of bodies, the ends of these, or why there is none. */
export type Incoming =
  | { readonly _tag: "Item"; readonly json: unknown }
  | { readonly _tag: "Body" | "Bytes"; readonly bytes: Uint8Array }
  | { readonly _tag: "BodyEnd" }
  | { readonly _tag: "BodyFailure"; readonly error: SyncError };

/** One conversation. */
export class Channel {
  readonly #send: (frame: Omit<Frame, "channel">) => Promise<void> | void;
  readonly #flush: () => Promise<void>;
  readonly #release: () => void;
  readonly #queue = new Fifo<Frame>();
  #queued = 0;
  #usedUp = 0;
  #allowed = WINDOW;
  #failure: unknown = null;
  #isDropped = false;
  #wakeReader: (() => void) | null = null;
  #wakeSender: (() => void) | null = null;

  /** `send` may gather what it is given, until `flush`; `release` is called when nothing more will come. */
  constructor(
    send: (frame: Omit<Frame, "channel">) => Promise<void> | void,
    flush: () => Promise<void>,
    release: () => void,
  ) {
    this.#send = send;
    this.#flush = flush;
    this.#release = release;
  }

  /** Whether something is there to be read without waiting. */
  get hasNext(): boolean {
    return this.#queue.length > 0;
  }

  /** Sends what is gathered. */
  flush(): Promise<void> {
    return this.#flush();
  }

  /** A frame has come in for it. */
  take(frame: Frame): void {
    switch (frame.kind) {
      case "Credit":
        this.#allowed += frame.content.length === 4
          ? new DataView(frame.content.buffer, frame.content.byteOffset).getUint32(0, true)
          : 0;
        this.#wakeSender?.();
        return;
      case "Cancel":
        return this.fail(new Cancelled());
      default:
        if (this.#isDropped) return;
        this.#queued += frame.content.length;
        if (this.#queued > WINDOW + SLACK) this.fail(new StreamFailure(brokenProtocol("a flood")));
        this.#queue.push(frame);
        this.#wakeReader?.();
    }
  }

  /** Nothing works any more. */
  fail(failure: unknown): void {
    this.#failure ??= failure;
    this.#wakeReader?.();
    this.#wakeSender?.();
  }

  /** Sends a frame; nothing is given where nothing has to be waited for, as with most. */
  #put(kind: Frame["kind"], content: Uint8Array): Promise<void> | void {
    if (this.#allowed <= 0 || this.#failure !== null) return this.#putLater(kind, content);
    this.#allowed -= content.length;
    return this.#send({ kind, content });
  }

  async #putLater(kind: Frame["kind"], content: Uint8Array): Promise<void> {
    while (this.#allowed <= 0 && this.#failure === null) {
      const woken = new Promise<void>((done) => this.#wakeSender = done);
      await this.#flush();
      await woken;
    }
    if (this.#failure !== null) throw this.#failure;
    this.#allowed -= content.length;
    await this.#send({ kind, content });
  }

  /** Sends an item; waits while the window is full. */
  item(value: unknown): Promise<void> | void {
    return this.#put("Item", jsonBytes(value));
  }

  /** The same for what is JSON already, which costs less. */
  plain(value: Json): Promise<void> | void {
    return this.#put("Item", plainBytes(value));
  }

  /** Sends a body. */
  body(content: Uint8Array): Promise<void> | void {
    return this.#put("Body", content);
  }

  /** Sends some bytes of a body. */
  bytes(content: Uint8Array): Promise<void> | void {
    return this.#put("Bytes", content);
  }

  /** Ends a body. */
  bodyEnd(): Promise<void> | void {
    return this.#put("BodyEnd", NOTHING);
  }

  /** Ends a body that cannot be read to its end. */
  bodyFailure(error: SyncError): Promise<void> | void {
    return this.#put("BodyFailure", errorBytes(error));
  }

  /** Ends what this end streams. */
  async end(): Promise<void> {
    await this.#put("End", NOTHING);
    await this.#flush();
  }

  /** Ends the call with its result. */
  async result(value: unknown): Promise<void> {
    await this.#send({ kind: "Result", content: jsonBytes(value) });
    this.#release();
    await this.#flush();
  }

  /** Ends the call with an error. */
  async failure(error: SyncError): Promise<void> {
    await this.#send({ kind: "Failure", content: errorBytes(error) });
    this.#release();
    await this.#flush();
  }

  /** Wants no more: what still comes is dropped. */
  async cancel(): Promise<void> {
    this.#isDropped = true;
    this.#queue.clear();
    try {
      await this.#send({ kind: "Cancel", content: NOTHING });
      await this.#flush();
    } catch {
      // Where the other end is gone there is nobody to tell.
    }
    this.#release();
  }

  /** The next frame, if nothing has to be waited for or told before. */
  #ready(): Frame | undefined {
    if (this.#usedUp >= WINDOW / 4) return undefined;
    const frame = this.#queue.shift();
    if (frame !== undefined) {
      this.#queued -= frame.content.length;
      this.#usedUp += frame.content.length;
    }
    return frame;
  }

  async #later(): Promise<Incoming | null> {
    for (;;) {
      if (this.#usedUp >= WINDOW / 4) {
        const credit = new Uint8Array(4);
        new DataView(credit.buffer).setUint32(0, this.#usedUp, true);
        this.#usedUp = 0;
        await this.#send({ kind: "Credit", content: credit });
        await this.#flush();
      }
      const frame = this.#ready();
      if (frame !== undefined) return this.#read(frame);
      if (this.#failure !== null) throw this.#failure;
      const woken = new Promise<void>((done) => this.#wakeReader = done);
      await this.#flush();
      await woken;
    }
  }

  /**
   * The next of what streams in; null: the stream has ended, and the call with it when `Result` was said. No promise
   * where it is there, as of most mails.
   */
  next(): Promise<Incoming | null> | Incoming | null {
    const frame = this.#ready();
    return frame === undefined ? this.#later() : this.#read(frame);
  }

  #read(frame: Frame): Incoming | null {
    switch (frame.kind) {
      case "Item":
        return { _tag: "Item", json: parseJson(frame.content) };
      case "Body":
      case "Bytes":
        return { _tag: frame.kind, bytes: frame.content };
      case "BodyEnd":
        return { _tag: "BodyEnd" };
      case "BodyFailure":
        return { _tag: "BodyFailure", error: errorOf(frame.content) };
      case "Failure":
        this.#release();
        return failStream(errorOf(frame.content));
      case "Result":
        this.#release();
        this.#result = parseJson(frame.content);
        return null;
      default:
        return null;
    }
  }

  #result: unknown = undefined;

  /** What the call gave, when {@linkcode Channel.next} has given null. */
  get value(): unknown {
    return this.#result;
  }

  /** The items of a stream without bodies, until it ends. */
  async *items(): AsyncGenerator<unknown> {
    for (let next = await this.next(); next !== null; next = await this.next()) {
      if (next._tag !== "Item") failStream(brokenProtocol("bytes of no mail"));
      else yield next.json;
    }
  }
}

const NOTHING = new Uint8Array(0);

/** The two directions of a pipe. */
export interface Bytes {
  /** What comes in. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Sends; waits while the other end is slow. */
  readonly send: (bytes: Uint8Array) => Promise<void>;
}

/** All conversations over one pipe. */
export class Channels {
  readonly #bytes: Bytes;
  readonly #outbox: Outbox;
  readonly #open = new Map<number, Channel>();
  readonly #onCall: ((channel: Channel, call: unknown) => void) | null;
  #last = 0;
  #failure: unknown = null;

  /** `onCall`: told of each call of the other end; null: it may make none. */
  constructor(bytes: Bytes, onCall: ((channel: Channel, call: unknown) => void) | null) {
    this.#bytes = bytes;
    this.#outbox = new Outbox(bytes.send);
    this.#onCall = onCall;
  }

  #channel(id: number): Channel {
    const send = (frame: Omit<Frame, "channel">): Promise<void> | void =>
      this.#outbox.put({ kind: frame.kind, content: frame.content, channel: id });
    const channel = new Channel(
      send,
      () => this.#outbox.flush(),
      () => this.#open.delete(id),
    );
    this.#open.set(id, channel);
    return channel;
  }

  /** Makes a call. It is on its way when this returns, where nothing else is. */
  async call(call: unknown): Promise<Channel> {
    if (this.#failure !== null) throw this.#failure;
    const id = ++this.#last;
    const channel = this.#channel(id);
    const sent = this.#outbox.put({ kind: "Call", channel: id, content: jsonBytes(call) });
    const flushed = this.#outbox.flush();
    if (sent !== undefined) await sent;
    await flushed;
    return channel;
  }

  #take(frame: Frame): void {
    if (frame.kind !== "Call") return this.#open.get(frame.channel)?.take(frame);
    if (this.#onCall === null || this.#open.has(frame.channel)) {
      failStream(brokenProtocol("a call that cannot be made"));
    }
    if (this.#open.size >= MAX_CHANNELS) failStream(brokenProtocol("too many calls at once"));
    this.#onCall!(this.#channel(frame.channel), parseJson(frame.content));
  }

  /** Reads until the other end closes; fails every open conversation then, or when something is wrong. */
  async run(): Promise<void> {
    const decoder = new FrameDecoder();
    try {
      for await (const chunk of this.#bytes.incoming) {
        decoder.feed(chunk);
        for (;;) {
          const frame = decoder.next();
          if (E.isLeft(frame)) return failStream(frame.left);
          if (frame.right === null) break;
          this.#take(frame.right);
        }
      }
      this.#fail(
        new StreamFailure(syncError("Io", "run", {}, "the other end closed the connection")),
      );
    } catch (thrown) {
      this.#fail(thrown);
      throw thrown;
    }
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    for (const channel of this.#open.values()) channel.fail(failure);
  }
}
