/**
 * Which mails of a deleted mailbox its deletion did not mean.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxMemory } from "../model/memory.ts";
import type { Mailbox } from "../port/store.ts";
import { collect, drain, fromArray } from "../stream/chunks.ts";
import type { DeletedMailbox } from "../sync/merge_tree.ts";

/** Mails of a deleted mailbox that came after the other side had last seen it; by UID. */
export type Newcomers = ReadonlySet<number>;

/**
 * The mails that the side which deleted a mailbox never saw: those above the remembered UIDNEXT; without memory, those
 * saved since the deletion.
 */
export const newcomers = (
  mailbox: Mailbox,
  deleted: DeletedMailbox,
  memory: MailboxMemory | null,
): TaskEither<SyncError, Newcomers> =>
async () => {
  const found = new Set<number>();
  const known = memory !== null && memory.uidValidity === mailbox.status.uidValidity;
  const records = await collect(mailbox.records())();
  if (E.isLeft(records)) return records;
  if (known) {
    for (const { uid } of records.right) if (uid >= memory.uidNext) found.add(uid);
    return E.right(found);
  }
  const end = await drain(
    mailbox.fetch(fromArray(records.right.map(({ uid }) => uid))),
    (chunk) => {
      for (const answer of chunk) {
        const since = answer._tag === "Lost" ? Infinity : answer.mail.savedAt ?? Infinity;
        if (since >= deleted.deletedAt) {
          found.add(
            answer._tag === "Lost" ? answer.uid : answer.mail.uid,
          );
        }
      }
    },
  )();
  return E.isLeft(end) ? end : E.right(found);
};
