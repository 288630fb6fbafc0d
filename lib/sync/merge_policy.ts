/**
 * Where somebody's own rule takes the place of the built-in one in a mirror.
 *
 * @module
 */
import type { MailRecord } from "../model/mail.ts";
import type { Side } from "../model/report.ts";
import type { FlagView, MergedFlags } from "./merge_flags.ts";

/**
 * Own rules for conflicts. They are asked in both directions and more than once, so they must be pure: the same answer
 * for the same question, with nothing done by the way.
 *
 * @example
 * ```ts
 * import { type MergePolicy } from "@dsync/dsync";
 * import { FLAGGED } from "@dsync/dsync/model";
 *
 * // The left side's flags count, and a flagged mail outlives its deletion on the other side.
 * const policy: MergePolicy = {
 *   flags: (left) => left.record,
 *   keeps: (mail) => (mail.flags & FLAGGED) !== 0,
 * };
 * if (policy.keeps === undefined) throw new Error("it is handed to mirror as `policy`");
 * ```
 */
export interface MergePolicy {
  /**
   * The flags and keywords that both sides shall have of a mail on which they differ; `usual`: what they would get. What
   * each side's users changed since the sides were last equal is in `change`, as far as logs know.
   */
  readonly flags?: (left: FlagView, right: FlagView, usual: MergedFlags) => MergedFlags;
  /**
   * Whether a mail stays that the other side's users expunged; `side`: where it still is. It then gets a new UID on both
   * sides, as no UID is ever given twice. Absent: none stays.
   */
  readonly keeps?: (mail: MailRecord, side: Side) => boolean;
}
