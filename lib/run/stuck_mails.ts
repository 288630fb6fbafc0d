/**
 * Mails that could not be read when a run tried to carry them over.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, withPlace } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import type { Body } from "../model/mail.ts";
import type { Mailbox } from "../port/store.ts";
import { type Chunks, collect, fromArray, StreamFailure } from "../stream/chunks.ts";

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
