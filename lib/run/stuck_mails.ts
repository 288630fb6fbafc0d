/**
 * Mails that could not be read when a run tried to carry them over.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, withPlace } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import type { Body } from "../model/mail.ts";
import type { MailOperation } from "../model/operation.ts";
import type { Mailbox } from "../port/store.ts";
import { type Chunks, collect, failStream, fromArray, StreamFailure } from "../stream/chunks.ts";

/** A mail that cannot be read. */
export interface StuckMail {
  /** Its UID. */
  readonly uid: Uid;
  /** Why. */
  readonly error: SyncError;
}

/** Why bytes cannot be read to their end; null: they can. */
const bodyError = async (body: Body): Promise<SyncError | null> => {
  try {
    for await (const _ of body);
    return null;
  } catch (thrown) {
    if (thrown instanceof StreamFailure) return thrown.error as SyncError;
    throw thrown;
  }
};

const stuck = async function* (mailbox: Mailbox, uids: Chunks<Uid>): AsyncGenerator<StuckMail[]> {
  for await (const chunk of mailbox.fetch(uids)) {
    const found: StuckMail[] = [];
    for (const one of chunk) {
      const [uid, error] = one._tag === "Lost"
        ? [one.uid, one.error]
        : [one.mail.uid, await bodyError(one.mail.body)];
      if (error !== null) {
        found.push({ uid, error: withPlace(error, { mailbox: mailbox.name, uid }) });
      }
    }
    if (found.length > 0) yield found;
  }
};

/** Which of these mails cannot be read, to the last byte. Cost: they are read, and nothing of them is kept. */
export const stuckMails = (
  mailbox: Mailbox,
  uids: readonly Uid[],
): TaskEither<SyncError, readonly StuckMail[]> => collect(stuck(mailbox, fromArray(uids)));

/** The mails of one end that the other one does not get in a session, as they cannot be read. */
export class UnsentMails {
  readonly #uids = new Set<number>();
  /** Why, each once. */
  readonly problems: SyncError[] = [];

  /** Their UIDs. */
  get uids(): ReadonlySet<number> {
    return this.#uids;
  }

  /** Notes a mail, with the UIDs of all its copies. */
  add(uids: readonly number[], error: SyncError): void {
    if (uids.some((one) => !this.#uids.has(one))) this.problems.push(error);
    for (const one of uids) this.#uids.add(one);
  }

  /** Finds those of some mails, which could not be carried over before, that cannot be read now, either. */
  async find(mailbox: Mailbox, uids: readonly Uid[]): Promise<ReadonlySet<number>> {
    const stuck = await stuckMails(mailbox, uids)();
    if (E.isLeft(stuck)) return failStream(stuck.left);
    // One that has gone meanwhile is nothing to wait for.
    const found = stuck.right.filter(({ error }) => error._tag !== "Changed");
    for (const { uid, error } of found) this.add([uid], error);
    return new Set(found.map(({ uid }) => uid));
  }

  /**
   * Without the expunges of mails that cannot be read and of which the other end is silent: it may never have got them.
   * Cost: the mails that it is silent of are read.
   */
  async sparing(
    mailbox: Mailbox,
    operations: readonly MailOperation[],
    told: readonly { readonly uid: Uid }[],
  ): Promise<readonly MailOperation[]> {
    const heard = new Set<number>(told.map(({ uid }) => uid));
    const silent = operations.flatMap((one) =>
      one._tag === "Expunge" && !heard.has(one.uid) ? [one.uid] : []
    );
    const spared = silent.length === 0 ? new Set() : await this.find(mailbox, silent);
    return operations.filter((one) => one._tag !== "Expunge" || !spared.has(one.uid));
  }
}
