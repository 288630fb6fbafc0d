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
import type { Side } from "../model/report.ts";
import type { Counterpart, Mailbox } from "../port/store.ts";
import { collect, drain, failStream, fromArray } from "../stream/chunks.ts";
import { diff, knownPairs, sameMail, sameRecord } from "../sync/diff.ts";
import type { MergePlan, MergeSide } from "../sync/merge_mailbox.ts";
import { unreadableUids, withheldUids } from "./backup_mailbox.ts";
import type { Both } from "./with_both.ts";

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
  const end = await drain(diff(left.records(right), right.records(left), isSame), () => {
    equal = false;
  })();
  return E.isLeft(end) ? end : E.right(equal);
};

type Reading = Promise<Either<SyncError, readonly MailRecord[]>>;

const readAll = (mailbox: Mailbox, like?: Counterpart): Reading => collect(mailbox.records(like))();

/** A mailbox for the other side to be compared with: what is being read of it is not read once more. */
const beingRead = ({ isFar = false, status }: Mailbox, reading: Reading): Counterpart => ({
  isFar,
  status,
  records: async function* () {
    const records = await reading;
    if (E.isLeft(records)) return failStream(records.left);
    yield records.right;
  },
});

/** All mails of both sides; of what is far away only what is not the same as on the other side is told. */
export const readBoth = ({ left, right }: Both): Readonly<Record<Side, Reading>> => {
  if (left.isFar === true) {
    const own = readAll(right);
    return { left: readAll(left, beingRead(right, own)), right: own };
  }
  const own = readAll(left);
  return { left: own, right: readAll(right, beingRead(left, own)) };
};

/** What a merge has to know of one side; `since`: its moment when flags were last settled. */
export const gather = async (
  mailbox: Mailbox,
  pending: Iterable<number>,
  since: string | undefined,
  reading: Reading = readAll(mailbox),
): Promise<Either<SyncError, MergeSide>> => {
  // Asked for together: the store may be far away.
  const [records, changes, saves] = await Promise.all([
    reading,
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
