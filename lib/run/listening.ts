/**
 * Listening to the other end of a session: each item is checked against the order of the protocol before it is used.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import {
  type Deletes,
  type Finish,
  hasBody,
  type MailboxNumbers,
  type MailboxState,
  type MailChange,
  type MailRequest,
  type RequestedMail,
  type TreeNode,
  type WireItem,
} from "../codec/dsync_wire_item.ts";
import { joinBytes } from "../codec/byte_pieces.ts";
import { textOfBytes } from "../codec/byte_text.ts";
import type { MailboxAttribute } from "../model/attribute.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { Peer } from "../port/peer.ts";
import { CHUNK, failStream } from "../stream/chunks.ts";
import {
  firstStage,
  hear,
  type Rules,
  type Stage,
  stageBehindMailbox,
  stageBehindMailboxes,
} from "../sync/session_order.ts";
import { attributeTold } from "../sync/wire_attributes.ts";

/** The items that come in lists without bodies. */
interface Listed {
  readonly states: MailboxState;
  readonly tree: TreeNode;
  readonly changes: MailChange;
  readonly requests: MailRequest;
}

/** The most entries that a list may have: more are an attack on the memory, or a mistake. */
const MAX_ENTRIES = 10_000_000;

/** The most bytes that all attributes of a mailbox may have: they are held in memory. */
const MAX_ATTRIBUTES = 64 << 20;

/** The most names that a tree may have. */
const MAX_NAMES = 100_000;

const damaged = (what: string): never =>
  failStream<SyncError>(syncError("Damaged", "run", {}, what));

/** One end's ear. */
export class Listening {
  readonly #peer: Peer;
  readonly #rules: Rules;
  #stage: Stage;

  /** Begins behind the handshakes. */
  constructor(peer: Peer, rules: Rules) {
    this.#peer = peer;
    this.#rules = rules;
    this.#stage = firstStage(rules);
  }

  /** What may come now. */
  get stage(): Stage {
    return this.#stage;
  }

  async #next(): Promise<WireItem> {
    const item = await this.#peer.receive();
    const stage = hear(this.#rules, this.#stage, item);
    if (E.isLeft(stage)) failStream(stage.left);
    else this.#stage = stage.right;
    return item;
  }

  /** The items of a list, in chunks, until it ends. */
  async *list<K extends keyof Listed>(kind: K): AsyncGenerator<readonly Listed[K][]> {
    if (this.#stage !== kind) damaged(`the list of ${kind} cannot come now`);
    const most = kind === "tree" ? MAX_NAMES : MAX_ENTRIES;
    let count = 0;
    let chunk: Listed[K][] = [];
    for (;;) {
      const item = await this.#next();
      if (item._tag === "EndOfList") break;
      if (++count > most) damaged(`the other end's list has more than ${most} entries`);
      // hear() lets no other item through in this stage.
      chunk.push(item as Listed[K]);
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
    if (chunk.length > 0) yield chunk;
  }

  /** The attributes that the other end tells of; none where it does not know of any. */
  async attributes(): Promise<readonly MailboxAttribute[]> {
    const told: MailboxAttribute[] = [];
    let size = 0;
    while (this.#stage === "attributes") {
      const item = await this.#next();
      if (item._tag !== "Attribute") continue;
      const pieces: Uint8Array[] = [];
      for await (const piece of item.body ? this.#body() : nothing()) {
        pieces.push(piece);
        size += piece.length;
        if (size > MAX_ATTRIBUTES) damaged(`attributes of more than ${MAX_ATTRIBUTES} bytes`);
      }
      size += item.key.length + (item.value?.length ?? 0);
      if (size > MAX_ATTRIBUTES) damaged(`attributes of more than ${MAX_ATTRIBUTES} bytes`);
      told.push(attributeTold(item, item.body ? textOfBytes(joinBytes(pieces)) : null));
    }
    return told;
  }

  /** What the other end deleted. */
  async deletes(): Promise<Deletes> {
    return await this.#next() as Deletes;
  }

  /** The next mailbox; null: there is none. */
  async mailbox(): Promise<MailboxNumbers | null> {
    const item = await this.#next();
    return item._tag === "MailboxNumbers" ? item : null;
  }

  /** Tells whether the mails of the mailbox that was just heard of are synced. */
  decide(synced: boolean): void {
    this.#stage = stageBehindMailbox(this.#rules, synced);
  }

  /** A master has told of its last mailbox. */
  awaitFinish(): void {
    this.#stage = stageBehindMailboxes(this.#rules);
  }

  /** How far the other end has the mailbox in common now. */
  async state(): Promise<MailboxState> {
    return await this.#next() as MailboxState;
  }

  /** The slave's last word. */
  async finish(): Promise<Finish> {
    return await this.#next() as Finish;
  }

  /** The mails, one after the other, until the list ends; `use` reads each body to its end. */
  async mails(
    use: (mail: RequestedMail, body: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const item = await this.#next();
      if (item._tag === "EndOfList") return;
      if (item._tag !== "RequestedMail") return damaged("a body belongs to no mail");
      await use(item, hasBody(item) ? this.#body() : nothing());
    }
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const item = await this.#peer.receive();
      if (item._tag === "BodyEnd") return;
      if (item._tag !== "BodyPiece") return damaged("a body is cut off by another item");
      yield item.bytes;
    }
  }
}

const nothing = async function* (): AsyncGenerator<Uint8Array> {};
