/**
 * Which mails of a deleted mailbox its deletion did not mean, so that it stays for them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxTree } from "../model/mailbox.ts";
import type { MailboxMemory, SyncMemory } from "../model/memory.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox } from "../port/store.ts";
import { collect, drain, fromArray } from "../stream/chunks.ts";
import type { DeletedMailbox } from "../sync/merge_tree.ts";
import type { EqualMoments } from "./equal_moments.ts";
import { isRememberedOf, isStoreRemembered } from "./proven_memory.ts";
import { endsRun } from "./run.ts";
import type { Stores } from "./with_both.ts";

/** Mails of a deleted mailbox that came after the other side had last seen it; by UID. */
export type Newcomers = ReadonlySet<number>;

/**
 * The mails that the side which deleted a mailbox never saw: those above the remembered UIDNEXT, and those that could not
 * be carried over. A memory that is not proven to be of these two (`isProven`: of the side that deleted it) tells that
 * somebody else saw them, and all count as never seen; without any, those do that were saved since the deletion, or all
 * where runs carry over only a part.
 */
const newcomers = (
  mailbox: Mailbox,
  deleted: DeletedMailbox,
  memory: MailboxMemory | null,
  { isProven, isWhole }: { readonly isProven: boolean; readonly isWhole: boolean },
): TaskEither<SyncError, Newcomers> =>
async () => {
  const found = new Set<number>();
  const records = await collect(mailbox.records())();
  if (E.isLeft(records)) return records;
  if (memory !== null) {
    const from = isProven && isRememberedOf(memory, deleted.side, mailbox) ? memory.uidNext : 0;
    const pending = new Set(deleted.side === "left" ? memory.pendingLeft : memory.pendingRight);
    for (const { uid } of records.right) if (uid >= from || pending.has(uid)) found.add(uid);
    return E.right(found);
  }
  if (!isWhole) return E.right(new Set(records.right.map(({ uid }) => uid)));
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

/** What is known of two stores beside what they say of a mailbox. */
export interface Known {
  /** What the last mirror remembered. */
  readonly memory: SyncMemory;
  /** The whole trees of both. */
  readonly trees: Readonly<Record<Side, MailboxTree>>;
  /** What was said of the mailboxes before any was looked at. */
  readonly moments: EqualMoments;
  /** Whether runs carry over every mail that they find. */
  readonly isWhole: boolean;
}

/** What becomes of deleted mailboxes. */
export interface Looked {
  /** For each that must stay: the mails for which it stays. */
  readonly kept: ReadonlyMap<MailboxGuid, Newcomers>;
  /** The UIDNEXT of each that may go: where mail has come since, it stays after all. */
  readonly goes: ReadonlyMap<MailboxGuid, number>;
}

/** Looks into deleted mailboxes. */
export const lookAtDeleted = (
  stores: Stores,
  deleted: readonly DeletedMailbox[],
  { memory, trees, moments, isWhole }: Known,
): TaskEither<SyncError, Looked> =>
async () => {
  const kept = new Map<MailboxGuid, Newcomers>();
  const goes = new Map<MailboxGuid, number>();
  const proven: Partial<Record<Side, boolean>> = {};
  for (const mailbox of deleted) {
    const { side, guid } = mailbox;
    const by: Side = side === "left" ? "right" : "left";
    const remembered = memory.mailboxes.get(guid) ?? null;
    if (remembered !== null && proven[by] === undefined) {
      const is = await isStoreRemembered(stores[by], by, trees[by], memory, moments);
      if (E.isLeft(is)) return is;
      proven[by] = is.right;
    }
    const found = await stores[side].withMailbox(
      guid,
      (open) =>
        pipe(
          newcomers(open, mailbox, remembered, { isProven: proven[by] === true, isWhole }),
          TE.map((mails) => ({ mails, uidNext: open.status.uidNext })),
        ),
    )();
    if (E.isLeft(found) && endsRun(found.left)) return found;
    // A mailbox that cannot be read is not deleted on a doubt: it stays, and merging it tells what is wrong.
    if (E.isLeft(found)) kept.set(guid, new Set());
    else if (found.right.mails.size > 0) kept.set(guid, found.right.mails);
    else goes.set(guid, found.right.uidNext);
  }
  return E.right({ kept, goes });
};
