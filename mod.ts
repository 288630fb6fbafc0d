/**
 * dsync as a library: open two stores, then `backup` or `mirror` them, or build a pipeline of your own from the stages.
 *
 * @module
 */

// What everything speaks of.
export * from "./lib/model/ids.ts";
export * from "./lib/model/flags.ts";
export * from "./lib/model/mail.ts";
export * from "./lib/model/mailbox.ts";
export * from "./lib/model/attribute.ts";
export * from "./lib/model/error.ts";
export * from "./lib/model/change.ts";
export * from "./lib/model/operation.ts";
export * from "./lib/model/memory.ts";
export * from "./lib/model/report.ts";
export * from "./lib/model/decision.ts";
export * from "./lib/model/plan.ts";
export * from "./lib/model/held.ts";

// Streams of chunks.
export * from "./lib/stream/chunks.ts";
export * from "./lib/stream/merge_join.ts";

// The ports, and what is behind them.
export * from "./lib/port/store.ts";
export * from "./lib/port/os.ts";
export { makeOs, type OsOptions } from "./lib/os/os.ts";
export { dryOs } from "./lib/os/dry_os.ts";
export type { DurableStep, StepHook, TornWrite } from "./lib/os/os.ts";
export {
  type Location,
  type MaildirLocation,
  type MdboxLocation,
  parseLocation,
} from "./lib/codec/location.ts";
export { type OpenOptions, openStore } from "./lib/open.ts";
export * from "./lib/store/memory/memory_state.ts";
export * from "./lib/store/memory/memory_store.ts";
export { shadowStore } from "./lib/store/shadow/shadow_store.ts";

// The stages.
export * from "./lib/sync/diff.ts";
export * from "./lib/sync/plan_backup.ts";
export * from "./lib/sync/backup_tree.ts";
export * from "./lib/sync/merge_flags.ts";
export * from "./lib/sync/merge_mailbox.ts";
export * from "./lib/sync/merge_tree.ts";
export * from "./lib/sync/select_mailboxes.ts";
export * from "./lib/run/attach.ts";

// Whole runs.
export { backup, type BackupOptions } from "./lib/run/backup.ts";
export type { DeleteLimit } from "./lib/run/brake.ts";
export * from "./lib/run/mirror.ts";
export * from "./lib/run/compare.ts";
export { recorded } from "./lib/run/recorded.ts";
export { Approval, approved } from "./lib/run/approved.ts";
export { Hold, holding, type HoldOptions } from "./lib/run/hold.ts";
export { type Restored, restoreMails, type RestoreOptions } from "./lib/run/restore.ts";
export { formatPlan, parsePlan, PLAN_STEP, type PlanFile } from "./lib/codec/plan_json.ts";
export type * from "./lib/model/comparison.ts";
export type { RunOptions } from "./lib/run/run.ts";
export { type Pace, supervised, type Supervision } from "./lib/run/supervised.ts";
export {
  comparisonLines,
  digestLine,
  eventLine,
  failedLine,
  type ProblemJson,
  REPORT_LINE,
  type ReportLine,
  reportLine,
  stepLine,
} from "./lib/codec/report_json.ts";
export type { DecisionJson } from "./lib/codec/decision_json.ts";
export { formatSyncMemory, parseSyncMemory } from "./lib/codec/sync_memory.ts";
export type { Ends } from "./lib/codec/sync_memory.ts";
