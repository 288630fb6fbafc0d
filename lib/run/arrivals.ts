/**
 * Mails of the other end on their way in: they come in its order and are taken in ours.
 *
 * @module
 */
import type { RequestedMail } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import { type Guid, uid } from "../model/ids.ts";
import type { Body, Mail } from "../model/mail.ts";
import type { MakeSpool, Spool, Spooled } from "../port/spool.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { mailKey } from "../sync/exchange_plan.ts";

/** A mail of more bytes waits in a file. */
const SMALL = 1024 * 1024;

/** Waiting mails may fill so much memory; then either side waits, or they go to a file. */
const LIMIT = 8 * 1024 * 1024;

interface Arrived {
  readonly item: RequestedMail;
  readonly size: number;
  readonly pieces: readonly Uint8Array[] | null;
  readonly spooled: Spooled | null;
}

/**
 * The mails of one mailbox. The one who listens calls {@linkcode Arrivals.take} for each and then
 * {@linkcode Arrivals.end}; the one who saves calls {@linkcode Arrivals.get}. Both at the same time.
 */
export class Arrivals {
  readonly #wanted: Map<string, number>;
  readonly #there = new Map<string, Arrived>();
  readonly #gone = new Set<string>();
  readonly #makeSpool: MakeSpool;
  #spool: Spool | null = null;
  #bytes = 0;
  #ended = false;
  #failure: unknown = null;
  /** Whether somebody has taken a mail and has not come back yet: then it is worth waiting for him. */
  #isWorking = false;
  #wakeTaker: (() => void) | null = null;
  #wakeGetter: (() => void) | null = null;

  /** `wanted`: by key, how often each mail will be got. Others are dropped when they come. */
  constructor(wanted: ReadonlyMap<string, number>, makeSpool: MakeSpool) {
    this.#wanted = new Map(wanted);
    this.#makeSpool = makeSpool;
  }

  #file(): Spool {
    return this.#spool ??= this.#makeSpool();
  }

  #wake(): void {
    this.#wakeGetter?.();
    this.#wakeGetter = null;
  }

  /** Takes one mail, its body read to the end. Waits while too much waits already and is being worked off. */
  async take(item: RequestedMail, body: AsyncIterable<Uint8Array>): Promise<void> {
    const key = mailKey(item);
    const isWanted = (this.#wanted.get(key) ?? 0) > 0 && !this.#there.has(key);
    if (!item.body) {
      if (isWanted) this.#gone.add(key);
      this.#wake();
      return;
    }
    if (!isWanted) {
      for await (const _ of body);
      return;
    }
    const arrived = await this.#collect(item, body);
    this.#there.set(key, arrived);
    if (arrived.pieces !== null) this.#bytes += arrived.size;
    this.#wake();
    while (this.#bytes > LIMIT && this.#isWorking && this.#failure === null) {
      await new Promise<void>((done) => this.#wakeTaker = done);
    }
  }

  /** Reads a body into memory, or, where it is large or others fill the memory and nobody works them off, a file. */
  async #collect(item: RequestedMail, body: AsyncIterable<Uint8Array>): Promise<Arrived> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    let start: number | null = null;
    for await (const piece of body) {
      pieces.push(piece);
      size += piece.length;
      const isMuch = size > SMALL || (this.#bytes + size > LIMIT && !this.#isWorking);
      if (start === null && !isMuch) continue;
      for (const waiting of pieces.splice(0)) {
        const { at } = this.#file().append(waiting);
        start ??= at;
      }
    }
    return start === null
      ? { item, size, pieces, spooled: null }
      : { item, size, pieces: null, spooled: { at: start, size } };
  }

  /** No more mails come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Nobody gets mails any more: those that still come are dropped. */
  abandon(): void {
    this.#wanted.clear();
    this.#isWorking = false;
    this.#wakeTaker?.();
  }

  /** Nothing works any more: whoever waits fails with it. */
  fail(failure: unknown): void {
    this.#failure ??= failure;
    this.#wake();
    this.#wakeTaker?.();
  }

  /** The mail of a key, as soon as it is there; null: the other end has it no more. Its body may be read once. */
  async get(key: string): Promise<Mail | null> {
    this.#isWorking = false;
    this.#wakeTaker?.();
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const arrived = this.#there.get(key);
      if (arrived !== undefined) return this.#given(key, arrived);
      if (this.#gone.has(key)) return null;
      if (this.#ended) {
        const what = `the other end did not send the mail ${key}`;
        throw new StreamFailure<SyncError>(syncError("Damaged", "run", {}, what));
      }
      await new Promise<void>((done) => this.#wakeGetter = done);
    }
  }

  #given(key: string, arrived: Arrived): Mail {
    const left = (this.#wanted.get(key) ?? 1) - 1;
    this.#wanted.set(key, left);
    if (left <= 0) {
      this.#there.delete(key);
      if (arrived.pieces !== null) this.#bytes -= arrived.size;
      if (this.#bytes <= LIMIT) this.#wakeTaker?.();
    }
    this.#isWorking = true;
    const { item, size, pieces, spooled } = arrived;
    const body: Body = pieces ?? this.#file().read(spooled!);
    return {
      uid: item.uid ?? uid(1),
      guid: item.guid ?? "" as Guid,
      receivedAt: item.receivedAt ?? 0,
      savedAt: item.savedAt,
      pop3Uidl: item.pop3Uidl === "" ? null : item.pop3Uidl,
      pop3Order: item.pop3Order,
      size,
      copies: 1,
      body,
    };
  }

  /** Lets go of the file. */
  close(): void {
    this.#spool?.close();
  }
}
