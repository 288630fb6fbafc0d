/**
 * Applies log records of mails and of the base header to a state (Dovecot: mail-index-sync-update.c). Each function
 * gives what is wrong, or null.
 *
 * @module
 */
import { HEADER_AT } from "./index_header.ts";
import type { LogEntry } from "./index_log.ts";
import { isInternal, MODSEQ_EXTENSION } from "./index_modseq.ts";
import type { HeaderPart, LogRecord } from "./index_record.ts";
import {
  increment,
  introduce,
  resetExtension,
  resetKeywords,
  updateExtensionHeader,
  updateExtensionRecords,
  updateKeyword,
} from "./index_replay_extension.ts";
import type { IndexState } from "./index_state.ts";

type RecordOf<T extends LogRecord["_tag"]> = LogRecord & { readonly _tag: T };

/** Applies one record. */
export const replayEntry = (state: IndexState, entry: LogEntry): string | null => {
  state.rows.feed(entry.size);
  return applyRecord(state, entry) ?? trackTail(state, entry);
};

/** Follows the tail as a reader of the log does (Dovecot: log_file_track_sync). */
const trackTail = (
  state: IndexState,
  { record, external, offset, size }: LogEntry,
): string | null => {
  if (!external) return null;
  if (record._tag === "HeaderUpdate") {
    for (const { offset: at, data } of record.parts) {
      if (at > HEADER_AT.logTailOffset || at + data.length < HEADER_AT.logTailOffset + 4) {
        continue;
      }
      const within = HEADER_AT.logTailOffset - at;
      const tail = new DataView(data.buffer, data.byteOffset).getUint32(within, true);
      if (tail > offset + size) return `tail ${tail} beyond the record that sets it`;
      if (tail > state.tailOffset) state.tailOffset = tail;
      return null;
    }
  }
  if (state.tailOffset === offset) state.tailOffset = offset + size;
  return null;
};

const applyRecord = (state: IndexState, entry: LogEntry): string | null => {
  const { record } = entry;
  switch (record._tag) {
    case "Append":
      return append(state, record, entry.modSeq);
    case "FlagUpdate":
      return updateFlags(state, record, entry.modSeq);
    case "HeaderUpdate":
      return updateHeader(state, record.parts);
    case "ExtIntro":
      return introduce(state, record.intros);
    case "ExtReset":
      return resetExtension(state, record);
    case "ExtHeaderUpdate":
      return updateExtensionHeader(state, record.parts, entry);
    case "ExtRecordUpdate":
      return updateExtensionRecords(state, record);
    case "ExtAtomicInc":
      return increment(state, record);
    case "KeywordUpdate":
      return updateKeyword(state, record, entry.modSeq);
    case "KeywordReset":
      return resetKeywords(state, record.uids, entry.modSeq);
    case "ModSeqUpdate":
      return raiseModSeqs(state, record);
    case "Expunge":
      if (entry.external) {
        state.eachRange(record.uids, (from, to) => state.rows.expunge(from, to));
      }
      return null;
    case "ExpungeGuid":
      if (entry.external) expunge(state, record.uids);
      return null;
    case "IndexDeleted":
      // A request alone only announces the deletion.
      if (entry.external) state.deleted = true;
      return null;
    case "IndexUndeleted":
      if (entry.external) state.deleted = false;
      return null;
    case "Boundary":
    case "AttributeUpdate":
      return null;
  }
};

const append = (
  state: IndexState,
  { uids, flags: flagBytes }: RecordOf<"Append">,
  after: bigint,
): string | null => {
  let next = state.uidNext;
  for (let i = 0; i < uids.length; i++) {
    const wanted = uids[i]!;
    if (wanted < next) return `append of UID ${wanted} while UIDNEXT is ${next}`;
    next = wanted + 1;
  }
  if (next > 0xffffffff) return "append of the highest UID";
  const from = state.rows.count;
  if (!state.rows.append(uids, flagBytes)) return "the mails need more memory than justified";
  state.setField(HEADER_AT.nextUid, next);
  state.touch(from, state.rows.count, after);
  return null;
};

const updateFlags = (
  state: IndexState,
  record: RecordOf<"FlagUpdate">,
  after: bigint,
): string | null => {
  const bytes = state.rows.flags;
  state.eachRange(record.uids, (from, to, i) => {
    const keep = ~record.remove[i]!;
    const add = record.add[i]!;
    for (let row = from; row < to; row++) bytes[row] = (bytes[row]! & keep) | add;
    if (!isInternal(record, i)) state.touch(from, to, after);
  });
  return null;
};

const updateHeader = (state: IndexState, parts: readonly HeaderPart[]): string | null => {
  const next = state.uidNext;
  const tail = state.field(HEADER_AT.logTailOffset);
  for (const { offset, data } of parts) {
    if (offset >= state.base.length || offset + data.length > state.base.length) {
      return `header update of bytes ${offset}..${offset + data.length}`;
    }
    state.base.set(data, offset);
    // UIDNEXT never shrinks, and the tail of the snapshot is the snapshot's own.
    if (state.uidNext < next) state.setField(HEADER_AT.nextUid, next);
    state.setField(HEADER_AT.logTailOffset, tail);
  }
  return null;
};

const raiseModSeqs = (
  state: IndexState,
  { uids, modSeqs }: RecordOf<"ModSeqUpdate">,
): string | null => {
  const values = new Uint32Array(modSeqs.buffer, modSeqs.byteOffset, modSeqs.length * 2);
  const areEnabled = state.byName.has(MODSEQ_EXTENSION);
  let hint = 0;
  for (let i = 0; i < uids.length; i++) {
    const row = state.rows.find(uids[i]!, hint);
    if (row < 0) continue;
    if (!areEnabled) return "modseqs are updated before they are enabled";
    hint = row + 1;
    state.raise(row, values[i * 2]!, values[i * 2 + 1]!);
  }
  return null;
};

const expunge = (state: IndexState, uids: Uint32Array): void => {
  let hint = 0;
  for (let i = 0; i < uids.length; i++) {
    const row = state.rows.find(uids[i]!, hint);
    if (row < 0) continue;
    state.rows.expunge(row, row + 1);
    hint = row + 1;
  }
};
