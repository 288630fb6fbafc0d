/**
 * A store that trusts no index: whatever an index lists is read before it counts as there.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import { sameGuid } from "../codec/guid.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { Body, Mail, MailRecord } from "../model/mail.ts";
import { overlaid, withoutStamps } from "../port/overlaid.ts";
import type { Fetched, Mailbox, Store } from "../port/store.ts";
import { type Chunks, drain, filter, fromArray, StreamFailure } from "../stream/chunks.ts";

/** What is wrong with mails, by UID. */
type Flaws = ReadonlyMap<number, SyncError>;

const lengthOf = async (body: Body): Promise<number> => {
  let length = 0;
  for await (const piece of body) length += piece.length;
  return length;
};

const flawOf = async (mail: Mail, record: MailRecord): Promise<SyncError | null> => {
  const damaged = (what: string) => syncError("Damaged", "message", { uid: record.uid }, what);
  try {
    const length = await lengthOf(mail.body);
    if (length !== mail.size) return damaged(`it has ${length} bytes and should have ${mail.size}`);
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return { ...(thrown.error as SyncError), scope: "message" };
  }
  return sameGuid(mail.guid, record.guid)
    ? null
    : damaged(`its record has the GUID ${mail.guid}, the index ${record.guid}`);
};

/** Reads every mail to its end. Mails that have gone meanwhile are no flaw. */
const readAll = async (mailbox: Mailbox): Promise<Either<SyncError, Flaws>> => {
  const flaws = new Map<number, SyncError>();
  const take = async (fetched: Fetched, record: MailRecord): Promise<void> => {
    const flaw = fetched._tag === "Mail" ? await flawOf(fetched.mail, record) : fetched.error;
    if (flaw !== null && flaw._tag !== "Changed") {
      flaws.set(record.uid, { ...flaw, where: { ...flaw.where, uid: record.uid } });
    }
  };
  // One chunk of records at a time: the answers come in their order.
  const read = async function* (): AsyncGenerator<readonly MailRecord[]> {
    for await (const records of mailbox.records()) {
      let next = 0;
      for await (const chunk of mailbox.fetch(fromArray(records.map(({ uid }) => uid)))) {
        for (const fetched of chunk) await take(fetched, records[next++]!);
      }
      yield records;
    }
  };
  const end = await drain(read() as Chunks<MailRecord, SyncError>, () => {})();
  return E.isLeft(end) ? end : E.right(flaws);
};

const without = (mailbox: Mailbox, flaws: Flaws): Mailbox =>
  overlaid(mailbox, {
    problems: [...mailbox.problems, ...flaws.values()],
    records: () => pipe(mailbox.records(), filter(({ uid }: MailRecord) => !flaws.has(uid))),
  });

/**
 * Wraps a store for one run: each mailbox is read whole when it is first opened, every mail to its last byte. A mail that
 * cannot be read, or is not the one that the index names, becomes a problem of its mailbox, as if the index had shown
 * the damage; nothing is deleted because of it. Cost: all bytes of the store, once.
 */
export const reread = (store: Store): Store => {
  const known = new Map<MailboxGuid, Flaws>();
  return {
    // What is equal by its stamps would not be read.
    ...withoutStamps(store),
    withMailbox: (guid, use) =>
      store.withMailbox(guid, (mailbox) =>
        pipe(
          async (): Promise<Either<SyncError, Flaws>> => {
            const flaws = known.get(guid);
            if (flaws !== undefined) return E.right(flaws);
            const found = await readAll(mailbox);
            if (E.isRight(found)) known.set(guid, found.right);
            return found;
          },
          TE.chain((flaws) => use(flaws.size === 0 ? mailbox : without(mailbox, flaws))),
        )),
    replaceMailbox: (identity, use) => {
      // What is filled anew has none of the old one's flaws.
      known.delete(identity.guid);
      return store.replaceMailbox(identity, use);
    },
  };
};
