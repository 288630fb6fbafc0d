/**
 * Stores one by one, what can be put in front of a store, and the port for one's own.
 *
 * A store is whatever keeps the promises of {@linkcode Store}. Views and guards are stores over a store: all of them are
 * plain functions, and any of them goes into any run.
 *
 * @module
 */

// The port.
export type {
  Counterpart,
  Fetched,
  Mailbox,
  MailboxAttributes,
  Store,
  StoreCaps,
} from "./lib/port/store.ts";
export { overlaid, overMailboxes } from "./lib/port/overlaid.ts";

// The machine, as it is handed in.
export type {
  Decompress,
  DirEntry,
  Disk,
  Fd,
  FileInfo,
  Files,
  Gathering,
  Held,
  Locks,
  Os,
} from "./lib/port/os.ts";
export { makeOs, type OsOptions } from "./lib/os/os.ts";
export type { DurableStep, StepHook, TornWrite } from "./lib/os/os.ts";

// In files and in memory.
export { type MaildirOptions, openMaildir } from "./lib/store/maildir/maildir_store.ts";
export type { MaildirLocation as MaildirPaths } from "./lib/store/maildir/layout.ts";
export { type MdboxOptions, openMdbox } from "./lib/store/mdbox/mdbox_store.ts";
export { memoryStore, newMailbox } from "./lib/store/memory/memory_store.ts";
export {
  emptyState,
  type MemoryState,
  type StoredMail,
  type StoredMailbox,
} from "./lib/store/memory/memory_state.ts";

// Views: what a run sees of a store.
export type { View } from "./lib/store/view/view.ts";
export { onlyMails, type WantedMail } from "./lib/store/view/only_mails.ts";
export { renameMailboxes } from "./lib/store/view/rename_mailboxes.ts";
export { tagArrivals } from "./lib/store/view/tag_arrivals.ts";

// Guards: what a run may do to a store, and what is told and kept of it.
export { shadowStore } from "./lib/store/shadow/shadow_store.ts";
export { recorded } from "./lib/run/recorded.ts";
export { Approval, approved } from "./lib/run/approved.ts";
export { type Pace, stoppedError, supervised, type Supervision } from "./lib/run/supervised.ts";
export { Hold, holding, type HoldOptions } from "./lib/run/hold.ts";
export { type Restored, restoreMails, type RestoreOptions } from "./lib/run/restore.ts";
