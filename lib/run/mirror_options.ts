/**
 * What a mirror is told, and what it gives.
 *
 * @module
 */
import type { SyncMemory } from "../model/memory.ts";
import type { Report } from "../model/report.ts";
import type { MergePolicy } from "../sync/merge_policy.ts";
import type { WantedMailbox } from "../sync/select_mailboxes.ts";
import type { MailFilter } from "../sync/wire_mailbox.ts";
import type { RunOptions } from "./run.ts";

/** Options of a mirror. */
export interface MirrorOptions extends RunOptions {
  /** What the last mirror of this pair remembered. */
  readonly memory?: SyncMemory;
  /**
   * Only the right side is changed: it takes over what the left side's users did, keeping its own users' changes. A
   * mailbox that they deleted stays deleted, whatever comes to it on the left. After a conflict of UIDs the sides have
   * one mail at two UIDs.
   */
  readonly oneWay?: boolean;
  /** Which mailboxes take part, directories and subscriptions included; the others are left as they are. */
  readonly mailboxes?: WantedMailbox;
  /**
   * Which mails are wanted that one side lacks: others stay where they are, and are remembered as mails that the other
   * side has never got. What both sides have is merged whatever the filter says. A mailbox that one side deleted stays
   * where it has mails and none are remembered.
   */
  readonly filter?: MailFilter;
  /** Rules of one's own for conflicts. */
  readonly policy?: MergePolicy;
  /** False: the trees are merged, and no mail is carried over, changed or expunged. */
  readonly mails?: boolean;
}

/** What a mirror gives. */
export interface MirrorResult {
  /** What was done, and what could not be. */
  readonly report: Report;
  /** What the next mirror of this pair shall be given. */
  readonly memory: SyncMemory;
}
