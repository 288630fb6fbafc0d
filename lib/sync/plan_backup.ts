/**
 * The stages *plan* and *resolve* of a backup: the left side is the source and always wins.
 *
 * @module
 */
import type { Flags } from "../model/flags.ts";
import { keywordsWithout, sameKeywords } from "../model/flags.ts";
import type { Uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import type { MailboxStatus } from "../model/mailbox.ts";
import type { PlannedOperation, RaiseStatus, UpdateFlags } from "../model/operation.ts";
import { sameGuid } from "../codec/guid.ts";
import { flatMap, type Stage } from "../stream/chunks.ts";
import type { Difference } from "./diff.ts";
import { recordKey } from "./record_key.ts";

/** What a plan says of one difference. */
export type Proposal =
  /** This operation on the destination settles it. */
  | { readonly _tag: "Settled"; readonly operation: PlannedOperation }
  /** The source's mail cannot be put at its UID; only a rebuilt mailbox can have it. */
  | { readonly _tag: "Conflict"; readonly conflict: Conflict }
  /** The source could not read its own mail of this UID, or does not show the mail, so nothing is decided. */
  | { readonly _tag: "Undecided"; readonly record: MailRecord };

/** Why the destination cannot be mended mail by mail. */
export type Conflict =
  /** The UID is below the destination's UIDNEXT and free there: IMAP never lets a UID appear late. */
  | { readonly _tag: "UidPassed"; readonly source: MailRecord }
  /** The destination has another mail at this UID. */
  | { readonly _tag: "UidTaken"; readonly source: MailRecord; readonly destination: MailRecord };

/** What *plan* must know of the two mailboxes. */
export interface BackupContext {
  /** The source's numbers. */
  readonly source: MailboxStatus;
  /** The destination's numbers. */
  readonly destination: MailboxStatus;
  /** UIDs that the source has but could not read: their copies in the destination stay. */
  readonly unreadable: ReadonlySet<number>;
  /** Mails that the source has and does not show: their copies in the destination stay. */
  readonly hiddenInSource?: readonly MailRecord[];
  /** Mails that the destination has and does not show: they are there, and stay as they are. */
  readonly hiddenInDestination?: readonly MailRecord[];
}

/** What it takes to make `destination` like `source`, or null where nothing is to be done. */
export const flagUpdate = (
  source: MailRecord,
  destination: MailRecord,
  modSeqTracked: boolean,
): UpdateFlags | null => {
  const modSeq = modSeqTracked && destination.modSeq < source.modSeq ? source.modSeq : null;
  if (
    modSeq === null && source.flags === destination.flags &&
    sameKeywords(source.keywords, destination.keywords)
  ) return null;
  return {
    _tag: "UpdateFlags",
    uid: destination.uid,
    guid: destination.guid,
    add: (source.flags & ~destination.flags) as Flags,
    remove: (destination.flags & ~source.flags) as Flags,
    addKeywords: keywordsWithout(source.keywords, destination.keywords),
    removeKeywords: keywordsWithout(destination.keywords, source.keywords),
    modSeq,
  };
};

/** Whether a mail is among some; as a rule there are none, and no key is worked out. */
const isIn = (keys: ReadonlySet<string>, record: MailRecord): boolean =>
  keys.size > 0 && keys.has(recordKey(record));

/** The stage *plan*: each difference becomes what the destination has to do, or a conflict. Order stays. */
export const planBackup = (context: BackupContext): Stage<Difference, Proposal> => {
  const hidden = new Set(context.hiddenInSource?.map(recordKey));
  const hiddenThere = new Set(context.hiddenInDestination?.map(recordKey));
  return flatMap((difference: Difference): readonly Proposal[] => {
    switch (difference._tag) {
      case "OnlyLeft":
        if (isIn(hiddenThere, difference.left)) return [];
        return [
          difference.left.uid < context.destination.uidNext
            ? { _tag: "Conflict", conflict: { _tag: "UidPassed", source: difference.left } }
            : {
              _tag: "Settled",
              operation: {
                _tag: "CopyMail",
                from: difference.left,
                uid: difference.left.uid,
                keepModSeq: context.source.modSeqTracked,
              },
            },
        ];
      case "OnlyRight":
        return [
          context.unreadable.has(difference.right.uid) ||
            isIn(hidden, difference.right)
            ? { _tag: "Undecided", record: difference.right }
            : {
              _tag: "Settled",
              operation: {
                _tag: "Expunge",
                uid: difference.right.uid,
                guid: difference.right.guid,
              },
            },
        ];
      case "Both": {
        const { left, right } = difference;
        if (!sameGuid(left.guid, right.guid)) {
          return [{
            _tag: "Conflict",
            conflict: { _tag: "UidTaken", source: left, destination: right },
          }];
        }
        const operation = flagUpdate(left, right, context.source.modSeqTracked);
        return operation === null ? [] : [{ _tag: "Settled", operation }];
      }
    }
  });
};

/** The stage *resolve* where no conflict stands: the settled operations. */
export const settledOperations: Stage<Proposal, PlannedOperation> = flatMap((
  proposal: Proposal,
) => proposal._tag === "Settled" ? [proposal.operation] : []);

/** The counters that the destination still lacks, or null where it has them. */
export const raiseStatus = (
  source: MailboxStatus,
  destination: MailboxStatus,
): RaiseStatus | null =>
  destination.uidNext < source.uidNext || destination.highestModSeq < source.highestModSeq ||
    destination.firstRecentUid < source.firstRecentUid
    ? {
      _tag: "RaiseStatus",
      uidNext: source.uidNext,
      highestModSeq: source.highestModSeq,
      firstRecentUid: source.firstRecentUid,
    }
    : null;

/** What a plan comes to, before anything is done. */
export interface BackupSurvey {
  /** Mails to copy. */
  copies: number;
  /** Mails whose flags, keywords or MODSEQ change. */
  updates: number;
  /** Mails to expunge in the destination. */
  expunges: number;
  /** UIDs of the source that the destination passed over. */
  passed: Uid[];
  /** UIDs at which the destination has another mail. */
  taken: number;
}

/** The empty survey. */
export const emptySurvey = (): BackupSurvey => ({
  copies: 0,
  updates: 0,
  expunges: 0,
  passed: [],
  taken: 0,
});

/** Adds proposals to a survey (in place; a survey belongs to one reader). */
export const survey = (into: BackupSurvey, proposals: readonly Proposal[]): void => {
  for (const proposal of proposals) {
    if (proposal._tag === "Conflict") {
      if (proposal.conflict._tag === "UidTaken") into.taken++;
      else into.passed.push(proposal.conflict.source.uid);
    } else if (proposal._tag === "Settled") {
      if (proposal.operation._tag === "CopyMail") into.copies++;
      else if (proposal.operation._tag === "UpdateFlags") into.updates++;
      else if (proposal.operation._tag === "Expunge") into.expunges++;
    }
  }
};

/**
 * Whether the numbers alone show that the destination cannot be mended mail by mail: another UIDVALIDITY, another
 * mailbox, or a UIDNEXT that the source has not reached (its next mail would come too low).
 */
export const mustRebuild = (source: MailboxStatus, destination: MailboxStatus): boolean =>
  source.guid !== destination.guid || source.uidValidity !== destination.uidValidity ||
  destination.uidNext > source.uidNext;

/** Whether a mailbox never held a mail, so that it can take any identity. */
export const isPristine = (status: MailboxStatus): boolean =>
  status.messages === 0 && status.uidNext === 1;
