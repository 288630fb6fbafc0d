/**
 * The records of `dovecot.index.log` as values. A record that lists many mails holds them as columns (typed arrays),
 * not as an object per mail. Decoding is in `index_record_decode.ts`, encoding in `index_record_encode.ts`
 * (format: Dovecot, mail-transaction-log.h).
 *
 * @module
 */

/** Bytes of a record's header: size word and type word. */
export const RECORD_HEADER_SIZE = 8;

/** Type words, protection bits of the expunges included. */
export const RECORD_TYPE = {
  Append: 0x00000002,
  FlagUpdate: 0x00000004,
  HeaderUpdate: 0x00000020,
  ExtIntro: 0x00000040,
  ExtReset: 0x00000080,
  ExtHeaderUpdate: 0x00000100,
  ExtRecordUpdate: 0x00000200,
  KeywordUpdate: 0x00000400,
  KeywordReset: 0x00000800,
  ExtAtomicInc: 0x00001000,
  ModSeqUpdate: 0x00008000,
  ExtHeaderUpdate32: 0x00010000,
  IndexDeleted: 0x00020000,
  IndexUndeleted: 0x00040000,
  Boundary: 0x00080000,
  AttributeUpdate: 0x00100000,
  Expunge: 0x0000cd91,
  ExpungeGuid: 0x0000ed90,
} as const;

/** The part of a type word that names the type. */
export const RECORD_TYPE_MASK = 0x0fffffff;
/** Bit of the type word: it has already happened in the mailbox. */
export const RECORD_EXTERNAL = 0x10000000;
/** Bit of the type word: made by dsync. Changes nothing for a reader but what counts as a user's wish. */
export const RECORD_SYNC = 0x20000000;

/** The two marks that a writer chooses for a record. */
export interface RecordMarks {
  /** True: it has happened in the mailbox already. False: it is a request that the next sync of the mailbox carries out. */
  readonly external: boolean;
  /** True: made by a sync, so it is no wish of a user. */
  readonly sync: boolean;
}

/** Marks of what a sync has done itself, as Dovecot's dsync sets them. */
export const SYNC_DONE: RecordMarks = { external: true, sync: true };
/** Marks of a request that a sync leaves to the mailbox's owner. */
export const SYNC_REQUEST: RecordMarks = { external: false, sync: true };
/** Marks of what any other writer has done itself. */
export const DONE: RecordMarks = { external: true, sync: false };
/** Marks of any other writer's request. */
export const REQUEST: RecordMarks = { external: false, sync: false };

/** Ranges of UIDs: `first[i]..last[i]`, both included, not empty, ascending, not overlapping. */
export interface UidRanges {
  /** First UIDs, not 0. */
  readonly first: Uint32Array;
  /** Last UIDs. */
  readonly last: Uint32Array;
}

/** Bytes to write at an offset of a header. */
export interface HeaderPart {
  /** From the start of the header, bytes. */
  readonly offset: number;
  /** What to write. */
  readonly data: Uint8Array;
}

/** Chooses an extension for the records after it, creates or resizes it. */
export interface Intro {
  /** Its number in the index's list, or null where `name` is given. */
  readonly id: number | null;
  /** Its name, or "" where `id` is given. */
  readonly name: string;
  /** Must be the extension's current one, else what follows is ignored. */
  readonly resetId: number;
  /** Bytes of header data. */
  readonly headerSize: number;
  /** Bytes per mail, 0 to 32767; also the element size of the record updates that follow. */
  readonly recordSize: number;
  /** 1 to 8 where recordSize is not 0. */
  readonly recordAlign: number;
  /** Never make the extension smaller than it is. */
  readonly noShrink: boolean;
}

/** One change of a mailbox attribute (METADATA). The value is not in the log. */
export interface AttributeChange {
  /** Set or unset. */
  readonly op: "set" | "unset";
  /** /private or /shared. */
  readonly scope: "private" | "shared";
  /** The rest of the name. */
  readonly name: string;
  /** Seconds since 1970; 0 where the record does not say. */
  readonly at: number;
  /** Length of the new value in bytes; 0 for unset. */
  readonly valueLength: number;
}

/** One record of the log. */
export type LogRecord =
  /** New mails, ascending, none below UIDNEXT. `flags` holds all eight bits of each. */
  | { readonly _tag: "Append"; readonly uids: Uint32Array; readonly flags: Uint8Array }
  /** Flag changes: new = old & ~remove | add. `force[i]` not 0: the modseq rises even if no flag changes. */
  | {
    readonly _tag: "FlagUpdate";
    readonly uids: UidRanges;
    readonly add: Uint8Array;
    readonly remove: Uint8Array;
    readonly force: Uint8Array;
  }
  /** Overwrites bytes of the base header. */
  | { readonly _tag: "HeaderUpdate"; readonly parts: readonly HeaderPart[] }
  /** Chooses an extension; the last one counts for what follows. */
  | { readonly _tag: "ExtIntro"; readonly intros: readonly Intro[] }
  /** Gives the extension a new reset id and, unless `preserve`, zeroes all its data. */
  | { readonly _tag: "ExtReset"; readonly resetId: number; readonly preserve: boolean }
  /** Overwrites bytes of the extension's header data. */
  | { readonly _tag: "ExtHeaderUpdate"; readonly parts: readonly HeaderPart[] }
  /** Sets the extension's data of mails: `recordSize` bytes at `data[i * stride]` for `uids[i]`. */
  | {
    readonly _tag: "ExtRecordUpdate";
    readonly recordSize: number;
    readonly uids: Uint32Array;
    readonly data: Uint8Array;
    readonly stride: number;
  }
  /** Adds `diff[i]` to the extension's number of `uids[i]`. */
  | { readonly _tag: "ExtAtomicInc"; readonly uids: Uint32Array; readonly diffs: Int32Array }
  /** Sets or clears one keyword. */
  | {
    readonly _tag: "KeywordUpdate";
    readonly op: "add" | "remove";
    readonly name: string;
    readonly uids: UidRanges;
  }
  /** Clears all keywords. */
  | { readonly _tag: "KeywordReset"; readonly uids: UidRanges }
  /** Raises modseqs; UID 0 raises only the highest. */
  | { readonly _tag: "ModSeqUpdate"; readonly uids: Uint32Array; readonly modSeqs: BigUint64Array }
  /** Expunges, the old form; a request unless external. */
  | { readonly _tag: "Expunge"; readonly uids: UidRanges }
  /** Expunges with the 16 bytes of each GUID (zeros: not known); a request unless external. In any order. */
  | { readonly _tag: "ExpungeGuid"; readonly uids: Uint32Array; readonly guids: Uint8Array }
  /** The mailbox was deleted; not external: shall be. */
  | { readonly _tag: "IndexDeleted" }
  /** It was brought back. */
  | { readonly _tag: "IndexUndeleted" }
  /** The next `size` bytes, counted from this record's start, are applied together or not at all. */
  | { readonly _tag: "Boundary"; readonly size: number }
  /** METADATA changes. */
  | { readonly _tag: "AttributeUpdate"; readonly changes: readonly AttributeChange[] };

/** Rounds up to a multiple of four. */
export const pad4 = (size: number): number => (size + 3) & ~3;

/** The size of a record from its size word, 0 where it is not (yet) valid. */
export const decodeSize = (view: DataView, at: number): number => {
  const raw = view.getUint32(at, false);
  // Every byte has bit 7 set once the writer has finished the record.
  if (((raw & 0x80808080) >>> 0) !== 0x80808080) return 0;
  return (((raw >>> 24 & 0x7f) << 21) | ((raw >>> 16 & 0x7f) << 14) | ((raw >>> 8 & 0x7f) << 7) |
    (raw & 0x7f)) * 4;
};

/** Writes a size word. The size is a multiple of 4 below 2^30. */
export const encodeSize = (view: DataView, at: number, size: number): void => {
  const n = size / 4;
  view.setUint8(at, 0x80 | (n >>> 21 & 0x7f));
  view.setUint8(at + 1, 0x80 | (n >>> 14 & 0x7f));
  view.setUint8(at + 2, 0x80 | (n >>> 7 & 0x7f));
  view.setUint8(at + 3, 0x80 | (n & 0x7f));
};
