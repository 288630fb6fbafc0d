/**
 * What the changes that a log tells come to, by UID.
 *
 * @module
 */
import type { LogChange } from "../model/change.ts";
import type { Guid } from "../model/ids.ts";
import type { FlagsChange } from "./merge_flags.ts";

/** What users did to flags, by UID. */
export const flagsChanges = (changes: readonly LogChange[]): ReadonlyMap<number, FlagsChange> =>
  new Map(
    changes.flatMap((change) => change._tag === "FlagsChanged" ? [[change.uid, change]] : []),
  );

/** What is expunged, by UID, with the GUID where the log has it. */
export const expunges = (changes: readonly LogChange[]): ReadonlyMap<number, Guid | null> =>
  new Map(
    changes.flatMap((change) => change._tag === "Expunged" ? [[change.uid, change.guid]] : []),
  );

/** What a side's users expunged, where the log knows the GUID: a sync's own expunges may be mails at new UIDs. */
export const removals = (changes: readonly LogChange[]): ReadonlyMap<number, Guid> =>
  new Map(
    changes.flatMap((change) =>
      change._tag === "Expunged" && !change.bySync && change.guid !== null
        ? [[change.uid, change.guid]]
        : []
    ),
  );
