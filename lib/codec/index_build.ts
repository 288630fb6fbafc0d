/**
 * Makes log records of what a store wants to write. Extensions are introduced by name and are never made smaller, so
 * that a record is right whatever else is in the index.
 *
 * @module
 */
import type { ModSeq } from "../model/ids.ts";
import type { ExtensionShape } from "./index_extension.ts";
import { HEADER_AT } from "./index_header.ts";
import { MODSEQ_EXTENSION } from "./index_modseq.ts";
import type { HeaderPart, LogRecord, UidRanges } from "./index_record.ts";
import { BOUNDARY_SIZE, recordSize } from "./index_record_encode.ts";

/** An extension's name and sizes; the reset id is 0 for all but "cache". */
export type ExtensionKind = Omit<ExtensionShape, "resetId">;

/** The extension that keeps a modseq for each mail. */
export const MODSEQ: ExtensionKind = {
  name: MODSEQ_EXTENSION,
  headerSize: 16,
  recordSize: 8,
  recordAlign: 8,
};

/** Ranges of UIDs that ascend, none twice; neighbours become one range. */
export const uidRanges = (uids: ArrayLike<number>): UidRanges => {
  const first: number[] = [];
  const last: number[] = [];
  for (let i = 0; i < uids.length; i++) {
    const uid = uids[i]!;
    if (last.length > 0 && last[last.length - 1] === uid - 1) last[last.length - 1] = uid;
    else {
      first.push(uid);
      last.push(uid);
    }
  }
  return { first: Uint32Array.from(first), last: Uint32Array.from(last) };
};

/** New mails: UIDs ascending, none below UIDNEXT; flag bytes. */
export const appendMails = (uids: Uint32Array, flags: Uint8Array): LogRecord => ({
  _tag: "Append",
  uids,
  flags,
});

const u32Part = (offset: number, value: number): HeaderPart => {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, true);
  return { offset, data };
};

/** Sets fields of the base header, by their offsets in {@linkcode HEADER_AT}. */
export const setHeader = (
  fields: readonly (readonly [at: number, value: number])[],
): LogRecord => ({
  _tag: "HeaderUpdate",
  parts: fields.map(([at, value]) => u32Part(at, value)),
});

/** Says that every record up to the end of this one, which lies at `offset`, has been carried out. Never in a group. */
export const setTail = (offset: number): LogRecord => {
  const size = recordSize(setHeader([[HEADER_AT.logTailOffset, 0]]));
  return setHeader([[HEADER_AT.logTailOffset, offset + size]]);
};

/** Chooses an extension for the records that follow, and makes it where it is missing. */
export const introduce = (kind: ExtensionKind, resetId = 0): LogRecord => ({
  _tag: "ExtIntro",
  intros: [{
    id: null,
    name: kind.name,
    resetId,
    headerSize: kind.headerSize,
    recordSize: kind.recordSize,
    recordAlign: kind.recordAlign,
    noShrink: true,
  }],
});

/** Writes header data of an extension, from byte `at` on. */
export const setExtensionHeader = (
  kind: ExtensionKind,
  data: Uint8Array,
  at = 0,
): readonly LogRecord[] => [
  introduce(kind),
  { _tag: "ExtHeaderUpdate", parts: [{ offset: at, data }] },
];

/** Writes extension data of mails that exist: `kind.recordSize` bytes each, packed, in the order of `uids`. */
export const setExtensionRecords = (
  kind: ExtensionKind,
  uids: Uint32Array,
  data: Uint8Array,
): readonly LogRecord[] => [
  introduce(kind),
  { _tag: "ExtRecordUpdate", recordSize: kind.recordSize, uids, data, stride: kind.recordSize },
];

/** Adds to an extension's numbers: those of `uids[i]` by `diffs[i]`. */
export const addToExtension = (
  kind: ExtensionKind,
  uids: Uint32Array,
  diffs: Int32Array,
): readonly LogRecord[] => [introduce(kind), { _tag: "ExtAtomicInc", uids, diffs }];

/** A change of one mail's flags. */
export interface FlagChange {
  /** The mail. */
  readonly uid: number;
  /** Flag bits to set. */
  readonly add: number;
  /** Flag bits to clear. */
  readonly remove: number;
}

/** Changes flags: UIDs ascending, none twice. Neighbours with the same change become one range. */
export const updateFlags = (changes: readonly FlagChange[]): LogRecord => {
  const runs: { first: number; last: number; add: number; remove: number }[] = [];
  for (const { uid, add, remove } of changes) {
    const run = runs.at(-1);
    if (run?.last === uid - 1 && run.add === add && run.remove === remove) run.last = uid;
    else runs.push({ first: uid, last: uid, add, remove });
  }
  return {
    _tag: "FlagUpdate",
    uids: {
      first: Uint32Array.from(runs, ({ first }) => first),
      last: Uint32Array.from(runs, ({ last }) => last),
    },
    add: Uint8Array.from(runs, ({ add }) => add),
    remove: Uint8Array.from(runs, ({ remove }) => remove),
    force: new Uint8Array(runs.length),
  };
};

/** Sets or clears keywords: for each name the UIDs that it concerns, ascending. Names with no UID give no record. */
export const updateKeywords = (
  op: "add" | "remove",
  uidsByName: ReadonlyMap<string, ArrayLike<number>>,
): readonly LogRecord[] =>
  [...uidsByName]
    .filter(([, uids]) => uids.length > 0)
    .map(([name, uids]) => ({ _tag: "KeywordUpdate", op, name, uids: uidRanges(uids) }));

/** Removes mails; 16 bytes of GUID each, packed, zeros where it shall not be checked. */
export const expungeMails = (
  uids: Uint32Array,
  guids: Uint8Array = new Uint8Array(16 * uids.length),
): LogRecord => ({ _tag: "ExpungeGuid", uids, guids });

/** Raises modseqs of mails; UID 0: only the highest. The "modseq" extension must be there. */
export const raiseModSeqs = (uids: Uint32Array, modSeqs: BigUint64Array): LogRecord => ({
  _tag: "ModSeqUpdate",
  uids,
  modSeqs,
});

/** Begins to keep modseqs: each mail has `highest` now. For an index whose view says `modSeqTracked` false. */
export const trackModSeqs = (highest: ModSeq): readonly LogRecord[] =>
  setExtensionHeader(MODSEQ, modSeqHeader(highest, 0, 0));

const modSeqHeader = (highest: bigint, seq: number, offset: number): Uint8Array => {
  const data = new Uint8Array(MODSEQ.headerSize);
  const view = new DataView(data.buffer);
  view.setBigUint64(0, highest, true);
  view.setUint32(8, seq, true);
  view.setUint32(12, offset, true);
  return data;
};

/**
 * One group that gives mails exactly the modseqs wanted, any of 1 and up: `before` (appends, keywords, extension data;
 * nothing about modseqs), then the modseq extension with a header that says that mails without a modseq are right at
 * that very record, then the modseqs. Only for an index that does not keep modseqs yet. `at` is where the group will
 * be written: its offset must be exact, or Dovecot counts HIGHESTMODSEQ wrongly. The highest modseq of the mailbox
 * still rises by one for each record of `before` that raises it.
 */
export const withExactModSeqs = (
  at: { readonly seq: number; readonly offset: number },
  before: readonly LogRecord[],
  uids: Uint32Array,
  modSeqs: BigUint64Array,
): readonly LogRecord[] => {
  const lead = [...before, introduce(MODSEQ)];
  const offset = lead.reduce((sum, record) => sum + recordSize(record), at.offset + BOUNDARY_SIZE);
  const header: LogRecord = {
    _tag: "ExtHeaderUpdate",
    parts: [{ offset: 0, data: modSeqHeader(1n, at.seq, offset) }],
  };
  return [...lead, header, ...(uids.length > 0 ? [raiseModSeqs(uids, modSeqs)] : [])];
};
