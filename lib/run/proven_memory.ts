/**
 * Whether a memory is of what is there now. Two disks may take turns at one mount point, a store may be put back from a
 * backup: then what it says both sides had, one of them never saw.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxTree } from "../model/mailbox.ts";
import type { MailboxMemory, SyncMemory } from "../model/memory.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox, Store } from "../port/store.ts";
import { isPastMoment } from "../sync/past_moment.ts";
import type { EqualMoments } from "./equal_moments.ts";
import { endsRun } from "./run.ts";

const seenOn = (memory: MailboxMemory, side: Side): string =>
  side === "left" ? memory.seenLeft ?? memory.momentLeft : memory.seenRight ?? memory.momentRight;

/**
 * Whether what is remembered of a mailbox is of the one that a side has now: it has the UIDVALIDITY, has given out the
 * UIDs, and its index is the one of that day, gone on. An index that was made anew since proves nothing.
 */
export const isRememberedOf = (
  memory: MailboxMemory,
  side: Side,
  { status, moment }: Pick<Mailbox, "status" | "moment">,
): boolean => {
  const then = seenOn(memory, side);
  return status.uidValidity === memory.uidValidity && status.uidNext >= memory.uidNext &&
    isPastMoment(then, moment);
};

/**
 * Whether a side is the store that is remembered, as a mailbox that it has deleted can no longer say so itself: one of
 * its other mailboxes proves it, and none says otherwise. Opens those that were changed since; fails with what ends a
 * run.
 */
export const isStoreRemembered = async (
  store: Store,
  side: Side,
  tree: MailboxTree,
  { mailboxes }: SyncMemory,
  moments: EqualMoments,
): Promise<Either<SyncError, boolean>> => {
  let isProven = false;
  for (const node of tree.nodes) {
    const memory = node._tag === "Mailbox" ? mailboxes.get(node.guid) : undefined;
    if (node._tag !== "Mailbox" || memory === undefined) continue;
    if (moments.isUntouched(side, node.guid, memory)) {
      isProven = true;
      continue;
    }
    const is = await store.withMailbox(
      node.guid,
      (mailbox) =>
        // Empty Maildirs have no index, and are all alike.
        TE.right(
          mailbox.moment === "" || seenOn(memory, side) === ""
            ? null
            : isRememberedOf(memory, side, mailbox),
        ),
    )();
    if (E.isLeft(is) && endsRun(is.left)) return is;
    if (E.isLeft(is) || is.right === null) continue;
    if (!is.right) return E.right(false);
    isProven = true;
  }
  return E.right(isProven);
};
