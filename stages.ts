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
 * import { run } from "@dsync/dsync";
 * import { INBOX, mailboxGuid } from "@dsync/dsync/model";
 * import * as S from "@dsync/dsync/stages";
 * import { emptyState, type Mailbox, memoryStore, newMailbox } from "@dsync/dsync/stores";
 * import { pipe } from "fp-ts/function.js";
 *
 * const sync = (source: Mailbox, copy: Mailbox) =>
 *   pipe(
 *     S.diff(S.scan(source), S.scan(copy)),
 *     S.planBackup(S.backupContext(source, copy)),
 *     S.resolve,
 *     S.attachMails(source.fetch, () => Promise.resolve(null)),
 *     S.apply(copy),
 *     S.collect,
 *   );
 *
 * const guid = mailboxGuid("0123456789abcdef0123456789abcdef");
 * const store = () => memoryStore({ ...emptyState(), mailboxes: [newMailbox(INBOX, guid, 1)] });
 * const [left, right] = [store(), store()];
 * const outcomes = await run(
 *   left.withMailbox(guid, (source) => right.withMailbox(guid, (copy) => sync(source, copy))),
 * );
 * if (outcomes.length > 0) throw new Error("both are empty");
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
export { diff, type Difference, type SameIdentity, sameMail, sameRecord } from "./lib/sync/diff.ts";
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
