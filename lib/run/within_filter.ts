/**
 * What a filter leaves of the two sides of a mailbox.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { sameGuid } from "../codec/guid.ts";
import type { SyncError } from "../model/error.ts";
import { modSeq } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { Side } from "../model/report.ts";
import type { Mailbox } from "../port/store.ts";
import { StreamFailure } from "../stream/chunks.ts";
import type { MergeSide } from "../sync/merge_mailbox.ts";
import { changesToTell, isOpen, isWanted, type MailFilter } from "../sync/wire_mailbox.ts";
import { tellMore } from "./told_mails.ts";
import type { Both } from "./with_both.ts";

type Sides = Readonly<Record<Side, MergeSide>>;

const ALL = { uid: 0, modSeq: modSeq(0n) };

/** The mails of one side that the other one does not have at their UID. */
const alone = (
  records: readonly MailRecord[],
  others: readonly MailRecord[],
): readonly MailRecord[] => {
  let at = 0;
  return records.filter(({ uid, guid }) => {
    while (at < others.length && others[at]!.uid < uid) at++;
    const other = others[at];
    return other === undefined || other.uid !== uid || !sameGuid(other.guid, guid);
  });
};

/** Hides those mails that only one side has and that are not wanted. */
const hiding = async (
  mailbox: Mailbox,
  own: MergeSide,
  other: MergeSide,
  filter: MailFilter,
): Promise<MergeSide> => {
  const records = alone(own.records, other.records);
  const more = await tellMore(mailbox, records, filter, null);
  const told = changesToTell({ records, changes: [] }, ALL, more);
  const unwanted = new Set(told.filter((mail) => !isWanted(filter, mail)).map(({ uid }) => uid));
  if (unwanted.size === 0) return own;
  const hidden = own.records.filter(({ uid }) => unwanted.has(uid));
  return {
    ...own,
    records: own.records.filter(({ uid }) => !unwanted.has(uid)),
    hidden: [...own.hidden ?? [], ...hidden].sort((a, b) => a.uid - b.uid),
  };
};

/** The UIDs of mails that a filter has left out: the other side has not got them. */
export const leftOutOf = (all: Sides, within: Sides): Readonly<Record<Side, readonly number[]>> => {
  const outOf = (side: Side): readonly number[] => {
    if (all[side] === within[side]) return [];
    const there = new Set(within[side].records.map(({ uid }) => uid));
    return all[side].records.map(({ uid }) => uid).filter((uid) => !there.has(uid));
  };
  return { left: outOf("left"), right: outOf("right") };
};

/**
 * Both sides of a mailbox, of which mails outside of the filter that only one side has are hidden: they are neither
 * carried over nor expunged. What cannot be read is outside of none. Reads the mails that one side alone has, to their
 * ends where sizes count.
 */
export const withinFilter = async (
  both: Both,
  sides: Sides,
  filter: MailFilter | undefined,
): Promise<Either<SyncError, Sides>> => {
  if (filter === undefined || isOpen(filter)) return E.right(sides);
  const { left, right } = sides;
  try {
    return E.right({
      left: await hiding(both.left, left, right, filter),
      right: await hiding(both.right, right, left, filter),
    });
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return E.left(thrown.error as SyncError);
  }
};
