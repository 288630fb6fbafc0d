/**
 * What an index log tells of the past, folded to one net change per UID.
 *
 * @module
 */
import type { Flags, Keywords } from "./flags.ts";
import type { Guid, ModSeq, Uid } from "./ids.ts";

/** A net change of one mail since the oldest log record at hand. */
export type LogChange =
  /** The mail was expunged; it swallows earlier flag changes. */
  | {
    readonly _tag: "Expunged";
    readonly uid: Uid;
    /** The 128-bit form; null where the log does not have it. */
    readonly guid: Guid | null;
    readonly modSeq: ModSeq;
    /** Whether dsync itself did it: then it is no wish of a user. */
    readonly bySync: boolean;
  }
  /** Flags or keywords were changed by a user; of each flag the last change counts. */
  | {
    readonly _tag: "FlagsChanged";
    readonly uid: Uid;
    readonly add: Flags;
    readonly remove: Flags;
    readonly addKeywords: Keywords;
    readonly removeKeywords: Keywords;
    readonly modSeq: ModSeq;
  };
