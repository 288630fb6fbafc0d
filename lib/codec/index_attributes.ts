/**
 * What an index log tells of a mailbox's attributes (Dovecot's dsync-transaction-log-scan.c); the values are elsewhere.
 *
 * @module
 */
import { attributeId, type AttributeName } from "../model/attribute.ts";
import { type ModSeq, modSeq } from "../model/ids.ts";
import type { LogEntry } from "./index_log.ts";

/** The last change of an attribute by a user. */
export interface AttributeLogEntry extends AttributeName {
  /** Whether it was removed. */
  readonly removed: boolean;
  /** When, seconds since 1970. */
  readonly at: number;
  /** The MODSEQ after it. */
  readonly modSeq: ModSeq;
}

/** The last change of each attribute, by `attributeId`; what a sync changed does not count. */
export const foldAttributes = (
  entries: readonly LogEntry[],
): ReadonlyMap<string, AttributeLogEntry> => {
  const last = new Map<string, AttributeLogEntry>();
  for (const { record, sync, modSeq: after } of entries) {
    if (record._tag !== "AttributeUpdate" || sync) continue;
    for (const { op, scope, name, at } of record.changes) {
      const entry = { scope, key: name, removed: op === "unset", at, modSeq: modSeq(after) };
      last.set(attributeId(entry), entry);
    }
  }
  return last;
};
