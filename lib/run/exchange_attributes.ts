/**
 * The attributes of one mailbox, between two ends of the dsync protocol.
 *
 * @module
 */
import { wireAbilities } from "../codec/dsync_wire_hello.ts";
import type { MailboxAttribute } from "../model/attribute.ts";
import { type ModSeq, modSeq } from "../model/ids.ts";
import type { Mailbox } from "../port/store.ts";
import { attributesToCopy, attributesToTake } from "../sync/merge_attributes.ts";
import { attributesToTell, withoutTimes } from "../sync/wire_attributes.ts";
import { type AttributesDone, listAttributes, setAttributes } from "./attributes.ts";
import type { Exchange } from "./exchange.ts";
import { type Sender, unwrap } from "./told_mails.ts";

const ALL: ModSeq = modSeq(0n);

/** Tells this end's attributes, and takes the other end's. */
export class AttributeExchange {
  readonly #exchange: Exchange;
  readonly #mailbox: Mailbox;
  readonly #since: ModSeq;
  /** This end's, once they are read. */
  readonly own: PromiseWithResolvers<readonly MailboxAttribute[]> = Promise.withResolvers();

  /** `since`: both ends had the same up to this MODSEQ. */
  constructor(exchange: Exchange, mailbox: Mailbox, since: ModSeq) {
    this.#exchange = exchange;
    this.#mailbox = mailbox;
    this.#since = since;
  }

  /** Whether a backup's destination ends with the source's attributes and no others. */
  get #copies(): boolean {
    const { peer, keepOwn } = this.#exchange;
    return !keepOwn && wireAbilities(peer.minor).fullAttributes;
  }

  /** Reads this end's, and tells them where the other end takes any. */
  async send(sender: Sender): Promise<void> {
    const { flow } = this.#exchange.rules;
    const own = unwrap(await listAttributes(this.#mailbox)) ?? [];
    this.own.resolve(own);
    if (flow === "in") return;
    await sender.list(attributesToTell(own, flow === "out" && this.#copies ? ALL : this.#since));
  }

  /** Takes what the other end tells; null: this end keeps none. */
  async take(): Promise<AttributesDone | null> {
    const { listening, rules } = this.#exchange;
    const theirs = await listening.attributes();
    if (!rules.attributes || this.#mailbox.attributes === undefined) return null;
    const own = withoutTimes(await this.own.promise);
    const changes = rules.flow === "in" && this.#copies
      ? attributesToCopy(own, theirs)
      : attributesToTake(own, theirs, this.#since);
    return await setAttributes(this.#mailbox, changes);
  }
}
