/**
 * The stages that a run is composed of, each for itself, and what joins them.
 *
 * A stage is a function from a stream to a stream. Streams come in chunks, which only make them cheap: their edges mean
 * nothing. Any stage works on what was recorded as on what is live, and none but *scan* and *apply* touches a store.
 *
 * | stage     | of a backup                                       | of a mirror                               |
 * | --------- | ------------------------------------------------- | ----------------------------------------- |
 * | *scan*    | {@linkcode scan}: records                         | {@linkcode mergeSide}: records and log    |
 * | *diff*    | {@linkcode diff}: differences                     | in {@linkcode mergeMailbox}               |
 * | *plan*    | {@linkcode planBackup}: proposals                 | {@linkcode mergeMailbox}: both plans      |
 * | *resolve* | {@linkcode resolve}: operations                   | {@linkcode mergeFlags}, or a `MergePolicy` |
 * | *attach*  | {@linkcode attachMails}: copies get their mail    | the same                                  |
 * | *apply*   | {@linkcode apply}: outcomes                       | the same, on both sides                   |
 *
 * @example One mailbox of a backup
 * ```ts
 * import { pipe } from "fp-ts/function.js";
 * import { apply, attachMails, backupContext, diff, planBackup, resolve, scan } from "@dsync/dsync/stages";
 * import type { Mailbox } from "@dsync/dsync/stores";
 *
 * const outcomes = (source: Mailbox, copy: Mailbox) =>
 *   pipe(
 *     diff(scan(source), scan(copy)),
 *     planBackup(backupContext(source, copy)),
 *     resolve,
 *     attachMails(source.fetch, () => Promise.resolve(null)),
 *     apply(copy),
 *   );
 * if (typeof outcomes !== "function") throw new Error("nothing is read before the outcomes are");
 * ```
 *
 * @module
 */

// Streams and what joins stages.
export {
  batch,
  CHUNK,
  type Chunks,
  collect,
  concat,
  drain,
  empty,
  type fails,
  failStream,
  filter,
  flatMap,
  fromArray,
  map,
  mapEither,
  rechunk,
  type Stage,
  stopAt,
  StreamFailure,
  tap,
} from "./lib/stream/chunks.ts";
export { compose } from "./lib/stream/compose.ts";
export { type Clock, limitRate, rate } from "./lib/stream/rate.ts";
export { type Joined, mergeJoin } from "./lib/stream/merge_join.ts";

// One mailbox: from scan to apply.
export { apply, mergeSide, scan } from "./lib/run/mailbox_stages.ts";
export { diff, type Difference, sameMail, sameRecord } from "./lib/sync/diff.ts";
export {
  type BackupContext,
  type BackupSurvey,
  type Conflict,
  emptySurvey,
  mustRebuild,
  planBackup,
  type Proposal,
  raiseStatus,
  settledOperations as resolve,
  survey,
} from "./lib/sync/plan_backup.ts";
export { backupContext } from "./lib/run/backup_mailbox.ts";
export {
  type Contest,
  type Contests,
  isSettled,
  mergeMailbox,
  type MergeOperation,
  type MergePlan,
  type MergeRules,
  type MergeSide,
} from "./lib/sync/merge_mailbox.ts";
export {
  type FlagRule,
  type FlagsChange,
  type FlagView,
  type MergedFlags,
  mergeFlags,
  type Role,
} from "./lib/sync/merge_flags.ts";
export type { MergePolicy } from "./lib/sync/merge_policy.ts";
export { attachMails, type FetchMails, type RecoverMail } from "./lib/run/attach.ts";

// The tree of mailboxes.
export { type MailboxPair, planBackupTree, type TreePlan } from "./lib/sync/backup_tree.ts";
export {
  type DeletedMailbox,
  deletedMailboxes,
  type MergePair,
  NO_PAST,
  planMergeTree,
  type TreeMergePlan,
  type TreePast,
  type TreeSide,
} from "./lib/sync/merge_tree.ts";
export { selectMailboxes, type WantedMailbox } from "./lib/sync/select_mailboxes.ts";
