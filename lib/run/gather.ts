/**
 * What a merge of one mailbox looks at: whether the two sides are equal, and if not, all that is known of either.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import type { Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { Mailbox } from "../port/store.ts";
import { collect, drain, fromArray } from "../stream/chunks.ts";
import { diff, knownPairs, sameMail, sameRecord } from "../sync/diff.ts";
import type { MergePlan, MergeSide } from "../sync/merge_mailbox.ts";
import { unreadableUids, withheldUids } from "./backup_mailbox.ts";

/**
 * Whether the two sides are equal in all numbers and in every mail; nothing is kept in memory. `pairs`: what an earlier
 * look found to be one mail.
 */
export const areEqual = async (
  left: Mailbox,
  right: Mailbox,
  pairs: MergePlan["pairs"] = [],
): Promise<Either<SyncError, boolean>> => {
  const [a, b] = [left.status, right.status];
  const numbers = a.uidValidity === b.uidValidity && a.uidNext === b.uidNext &&
    a.messages === b.messages && a.highestModSeq === b.highestModSeq &&
    a.firstRecentUid === b.firstRecentUid;
  if (!numbers) return E.right(false);
  let equal = true;
  const same = a.modSeqTracked || b.modSeqTracked ? sameRecord : sameMail;
  const identity = knownPairs(pairs);
  const isSame = (a: MailRecord, b: MailRecord): boolean => same(a, b, identity);
  const end = await drain(diff(left.records(), right.records(), isSame), () => {
    equal = false;
  })();
  return E.isLeft(end) ? end : E.right(equal);
};

/** What a merge has to know of one side; `since`: its moment when flags were last settled. */
export const gather = async (
  mailbox: Mailbox,
  pending: Iterable<number>,
  since: string | undefined,
): Promise<Either<SyncError, MergeSide>> => {
  // Asked for together: the store may be far away.
  const [records, changes, saves] = await Promise.all([
    collect(mailbox.records())(),
    collect(mailbox.changes(since))(),
    collect(mailbox.saves?.(since ?? "") ?? fromArray<Uid>([]))(),
  ]);
  if (E.isLeft(records)) return records;
  if (E.isLeft(changes)) return changes;
  if (E.isLeft(saves)) return saves;
  return E.right({
    status: mailbox.status,
    records: records.right,
    changes: changes.right,
    complete: mailbox.historyComplete,
    pending: new Set([...withheldUids(mailbox), ...pending]),
    saves: new Set(saves.right),
    unreadable: unreadableUids(mailbox),
    hidden: mailbox.hidden ?? [],
  });
};
