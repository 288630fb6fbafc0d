/**
 * One mailbox of a mirror: looked at again and again, until there is nothing to do.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import type { MailboxMemory } from "../model/memory.ts";
import type { MailboxName } from "../model/mailbox.ts";
import { Merge, type MergePairOptions, type MergeResult } from "./merge_looks.ts";
import { LARGE } from "./turns.ts";
import { type Both, type Lacking, type Stores, withBoth, withMade } from "./with_both.ts";

/** How often a mailbox is looked at again before it is left to the next run. Each look that finds nothing is the last. */
const LOOKS = 6;

/** How a mailbox is there when it is first looked at. */
type Beginning =
  /** Both sides have it. */
  | { readonly _tag: "Pair" }
  /** Both sides have it, if they have one UIDVALIDITY. */
  | { readonly _tag: "MayBeOne" }
  /** One side lacks it. */
  | { readonly _tag: "Lacking"; readonly lacking: Lacking };

/** Looks at both sides until there is nothing to do; null: it does not begin as it might, and nothing was done. */
const lookOn = async (
  stores: Stores,
  guid: MailboxGuid,
  merge: Merge,
  beginning: Beginning,
): Promise<Either<SyncError, MergeResult | null>> => {
  if (beginning._tag !== "Lacking") await merge.turn.claim();
  for (let n = 0; n < LOOKS; n++) {
    let isLooked = false;
    let messages = 0;
    const look = (both: Both): TaskEither<SyncError, MergeResult | null> => {
      const { left, right } = both;
      const isApart = left.status.uidValidity !== right.status.uidValidity;
      if (n === 0 && beginning._tag === "MayBeOne" && isApart) return TE.right(null);
      isLooked = true;
      messages = Math.max(left.status.messages, right.status.messages);
      return merge.look(both, n === 0);
    };
    const end = await (n === 0 && beginning._tag === "Lacking"
      ? withMade(stores, guid, beginning.lacking, look)
      : withBoth(stores, guid, look))();
    if (E.isLeft(end) || end.right !== null || !isLooked) {
      return end;
    }
    // What is left is to look again.
    if (messages < LARGE) {
      merge.turn.release();
    }
  }
  return E.right(merge.unsettled());
};

/**
 * Merges the mailbox `guid`, which both stores have, until a look at both sides finds nothing to do: so the end is
 * compared, not assumed. Mails that cannot be read are reported, kept where they are, and tried again by the next run.
 */
export const mergePair = (
  stores: Stores,
  name: MailboxName,
  guid: MailboxGuid,
  memory: MailboxMemory | null,
  options: MergePairOptions = {},
): TaskEither<SyncError, MergeResult> =>
async () => {
  const merge = new Merge(stores, name, guid, memory, options);
  const end = await lookOn(stores, guid, merge, { _tag: "Pair" });
  return E.map((result: MergeResult | null) => result!)(end);
};

/** The same where both sides have one UIDVALIDITY; null: they have not, and nothing was done. */
export const mergeIfOne = (
  stores: Stores,
  name: MailboxName,
  guid: MailboxGuid,
  memory: MailboxMemory | null,
  options: MergePairOptions = {},
): TaskEither<SyncError, MergeResult | null> =>
() => lookOn(stores, guid, new Merge(stores, name, guid, memory, options), { _tag: "MayBeOne" });

/** The same where one side lacks it: it is made there before; null: it could not be, and nothing was done. */
export const mergeMade =
  (lacking: Lacking): typeof mergeIfOne => (stores, name, guid, memory, options = {}) => () =>
    lookOn(stores, guid, new Merge(stores, name, guid, memory, options), {
      _tag: "Lacking",
      lacking,
    });
