/**
 * What of a merge is taken back: mails that got their new UID on the left side and could not be given it on the right.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { guid128Hex, sameGuid } from "../codec/guid.ts";
import type { SyncError } from "../model/error.ts";
import { sameKeywords } from "../model/flags.ts";
import type { Guid, Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { Expunge, PlannedOperation } from "../model/operation.ts";
import { collect } from "../stream/chunks.ts";
import type { ExplainStep } from "../sync/explain_merge.ts";
import { withheldUids } from "./backup_mailbox.ts";
import type { Both } from "./with_both.ts";

/** A mail that has its new UID on the left, but could not be given it on the right. */
export interface Half {
  readonly uid: Uid;
  readonly guid: Guid;
  /** The mail of the right side that it was copied from; null: it was on the left before. */
  readonly copyOf: MailRecord | null;
}

/** The halves of a plan whose left part was carried out; `missed`: the UIDs that the right side could not give. */
export const halvesOf = (
  left: readonly PlannedOperation[],
  right: readonly PlannedOperation[],
  missed: ReadonlySet<number>,
): readonly Half[] => {
  const copies = new Map(
    left.flatMap((operation) =>
      operation._tag === "CopyMail" ? [[operation.uid as number, operation.from]] : []
    ),
  );
  return right.flatMap((operation): readonly Half[] =>
    operation._tag === "RenumberMail" && missed.has(operation.newUid)
      ? [{
        uid: operation.newUid,
        guid: operation.guid,
        copyOf: copies.get(operation.newUid) ?? null,
      }]
      : []
  );
};

/**
 * What the left side has to remove again: copies of mails that stay where they were on the right, and mails that the right
 * side does not have at all any more, as its users have removed them meanwhile. Otherwise a mail that they remove before
 * the next look would seem to be a new one of the left side. Where the right side cannot show all it has, nothing is
 * taken for removed.
 */
export const surplusOf =
  ({ left, right }: Both, halves: readonly Half[]): TaskEither<SyncError, readonly Expunge[]> =>
  async () => {
    const mine = await collect(left.records())();
    if (E.isLeft(mine)) return mine;
    const theirs = await collect(right.records())();
    if (E.isLeft(theirs)) return theirs;
    const showsAll = withheldUids(right).size === 0;
    const present = new Map(mine.right.map((record) => [record.uid, record]));
    const still = new Map(theirs.right.map((record) => [guid128Hex(record.guid), record]));
    return E.right(halves.flatMap(({ uid, guid, copyOf }): readonly Expunge[] => {
      const here = present.get(uid);
      const there = still.get(guid128Hex(guid));
      if (here === undefined || !sameGuid(here.guid, guid)) return [];
      if (there === undefined) return showsAll ? [{ _tag: "Expunge", uid, guid }] : [];
      const isUntouchedCopy = copyOf !== null && copyOf.uid === there.uid &&
        copyOf.flags === here.flags && sameKeywords(copyOf.keywords, here.keywords);
      return isUntouchedCopy ? [{ _tag: "Expunge", uid, guid }] : [];
    }));
  };

/** Why a copy that was just made goes again. */
export const explainTakenBack: ExplainStep = (step) =>
  step._tag !== "Expunge" ? null : {
    kind: "removed",
    uid: step.uid,
    guid: step.guid,
    to: null,
    reason: "the other side's users changed or removed it while it was synced",
  };
