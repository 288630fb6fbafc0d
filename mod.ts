/**
 * Keeping mail in step: open two stores, then {@linkcode mirror}, {@linkcode backup} or {@linkcode check} them.
 *
 * Nothing begins before it is run, nothing is global, and whatever touches the machine is handed in. What can fail gives
 * a `TaskEither` of fp-ts, an error as a value; {@linkcode run} makes a promise of it. The other entry points:
 *
 * | entry point           | what it is for                                                                 |
 * | --------------------- | ------------------------------------------------------------------------------ |
 * | `@dsync/dsync/model`  | the data: mails, mailboxes, changes, operations; codecs to record and read them |
 * | `@dsync/dsync/stores` | stores one by one, views of a store, and the port for one's own                |
 * | `@dsync/dsync/stages` | scan, diff, plan, resolve, apply, each alone, and what joins them              |
 * | `@dsync/dsync/testing` | the contract that every store keeps, as tests for one's own                   |
 *
 * @example
 * ```ts
 * import { backup, openStore, run, thisMachine } from "@dsync/dsync";
 *
 * // A home of its own, so that this can be tried; yours is that of thisMachine().
 * const machine = { ...thisMachine(), home: await Deno.makeTempDir() };
 * await using source = await run(openStore(machine, "maildir:~/Maildir", { create: true }));
 * await using copy = await run(openStore(machine, "mdbox:~/mdbox", { create: true }));
 * const { mails, problems } = await run(backup(source, copy));
 * console.log(`${mails} mails, ${problems.length} problems`);
 * ```
 *
 * @module
 */

// Opening.
export {
  type OpenStore,
  openStore,
  type OpenStoreOptions,
  type StorePlace,
} from "./lib/open/open_store.ts";
export type { OpenOptions } from "./lib/open/open_location.ts";
export type { GivenIdentities } from "./lib/port/given_identities.ts";
export { type MachineOptions, thisMachine } from "./lib/os/machine.ts";
export type { Machine } from "./lib/port/machine.ts";
export type { Pipe, Started, StartProgram } from "./lib/port/pipe.ts";
export type { Mailbox, Store } from "./lib/port/store.ts";
export { dryOs } from "./lib/os/dry_os.ts";

// Runs.
export { mirror } from "./lib/run/mirror.ts";
export type { MirrorOptions, MirrorResult } from "./lib/run/mirror_options.ts";
export { backup, type BackupOptions } from "./lib/run/backup.ts";
export {
  type CompareOptions as CheckOptions,
  compareStores as check,
  isEqual,
} from "./lib/run/compare.ts";
export { dryRun, type Rehearsed } from "./lib/run/dry_run.ts";
export type { RunOptions } from "./lib/run/run.ts";
export type { Pace } from "./lib/run/supervised.ts";
export type { DeleteLimit } from "./lib/run/brake.ts";
export type { WantedKeyword } from "./lib/run/partial_keywords.ts";
export type { WantedMailbox } from "./lib/sync/select_mailboxes.ts";
export type { MergePolicy } from "./lib/sync/merge_policy.ts";
export type { MailFilter } from "./lib/sync/wire_mailbox.ts";
export type { FlagView, MergedFlags } from "./lib/sync/merge_flags.ts";

export { eachMailbox } from "./lib/run/each_mailbox.ts";

// Promises.
export { attempt, run, SyncFailure } from "./lib/run/promise.ts";

// What a run tells, and what it gives.
export { type Ended, type Telling, told } from "./lib/run/told.ts";
export { isNothing } from "./lib/model/report.ts";
export type { KeptMailbox, Report, Side, SideReport, SyncEvent } from "./lib/model/report.ts";
export type { Comparison, Finding, MailboxDigests } from "./lib/model/comparison.ts";
export type { Decision, DecisionKind, MailDecision } from "./lib/model/decision.ts";
export type { ErrorScope, ErrorTag, Place, SyncError } from "./lib/model/error.ts";
export { errorText } from "./lib/codec/error_text.ts";

// What a mirror remembers for the next one.
export {
  type EqualMoment,
  type MailboxMemory,
  NO_MEMORY,
  type SyncMemory,
} from "./lib/model/memory.ts";
export { type Ends, formatSyncMemory, parseSyncMemory } from "./lib/codec/sync_memory.ts";

// The same as lines of JSON.
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
