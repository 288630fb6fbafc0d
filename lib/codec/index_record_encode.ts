/**
 * Encodes records of `dovecot.index.log`, alone or as a group that a reader takes whole or not at all.
 *
 * @module
 */
import { bytesOfText } from "./byte_text.ts";
import {
  encodeSize,
  type HeaderPart,
  type LogRecord,
  pad4,
  RECORD_EXTERNAL,
  RECORD_HEADER_SIZE,
  RECORD_SYNC,
  RECORD_TYPE,
  type RecordMarks,
  type UidRanges,
} from "./index_record.ts";

/** Bytes of a BOUNDARY record. */
export const BOUNDARY_SIZE = 12;
/** Records must be smaller than this, and so must groups: 2^30 bytes. */
export const RECORD_LIMIT = 0x40000000;

const isWide = (list: readonly HeaderPart[]): boolean =>
  list.some(({ offset, data }) => offset > 0xffff || data.length > 0xffff);

const partsSize = (list: readonly HeaderPart[], head: number): number =>
  list.reduce((sum, { data }) => sum + pad4(head + data.length), 0);

const payloadSize = (record: LogRecord): number => {
  switch (record._tag) {
    case "Append":
    case "ExtAtomicInc":
      return 8 * record.uids.length;
    case "FlagUpdate":
      return 12 * record.add.length;
    case "HeaderUpdate":
      return partsSize(record.parts, 4);
    case "ExtIntro":
      return record.intros.reduce((sum, { name }) => sum + pad4(20 + name.length), 0);
    case "ExtReset":
      return 8;
    case "ExtHeaderUpdate":
      return partsSize(record.parts, isWide(record.parts) ? 8 : 4);
    case "ExtRecordUpdate":
      return pad4(4 + record.recordSize) * record.uids.length;
    case "KeywordUpdate":
      return pad4(4 + bytesOfText(record.name).length) + 8 * record.uids.first.length;
    case "KeywordReset":
    case "Expunge":
      return 8 * record.uids.first.length;
    case "ModSeqUpdate":
      return 12 * record.uids.length;
    case "ExpungeGuid":
      return 20 * record.uids.length;
    case "IndexDeleted":
    case "IndexUndeleted":
    case "Boundary":
      return 4;
    case "AttributeUpdate":
      return attributeNamesSize(record) +
        record.changes.reduce((sum, { op }) => sum + (op === "set" ? 8 : 4), 0);
  }
};

const attributeNamesSize = (record: LogRecord & { _tag: "AttributeUpdate" }): number =>
  pad4(record.changes.reduce((sum, { name }) => sum + 3 + bytesOfText(name).length, 1));

/** Bytes that a record takes in the log, header included. */
export const recordSize = (record: LogRecord): number => RECORD_HEADER_SIZE + payloadSize(record);

/** Where a record is written to. */
interface Out {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

const u32 = (out: Out, value: number): void => {
  out.view.setUint32(out.at, value, true);
  out.at += 4;
};

const u16 = (out: Out, value: number): void => {
  out.view.setUint16(out.at, value, true);
  out.at += 2;
};

const raw = (out: Out, data: Uint8Array): void => {
  out.bytes.set(data, out.at);
  out.at += data.length;
};

const ascii = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

const writeRanges = (out: Out, { first, last }: UidRanges): void => {
  for (let i = 0; i < first.length; i++) {
    u32(out, first[i]!);
    u32(out, last[i]!);
  }
};

const writeParts = (out: Out, list: readonly HeaderPart[], wide: boolean): void => {
  for (const { offset, data } of list) {
    const start = out.at;
    (wide ? u32 : u16)(out, offset);
    (wide ? u32 : u16)(out, data.length);
    raw(out, data);
    out.at = start + pad4((wide ? 8 : 4) + data.length);
  }
};

const writePayload = (out: Out, record: LogRecord): void => {
  switch (record._tag) {
    case "Append":
      record.uids.forEach((uid, i) => {
        u32(out, uid);
        u32(out, record.flags[i]!);
      });
      return;
    case "FlagUpdate":
      record.add.forEach((add, i) => {
        u32(out, record.uids.first[i]!);
        u32(out, record.uids.last[i]!);
        out.bytes[out.at] = add;
        out.bytes[out.at + 1] = record.remove[i]!;
        out.bytes[out.at + 2] = record.force[i]!;
        out.at += 4;
      });
      return;
    case "HeaderUpdate":
      return writeParts(out, record.parts, false);
    case "ExtHeaderUpdate":
      return writeParts(out, record.parts, isWide(record.parts));
    case "ExtIntro":
      for (const intro of record.intros) {
        const start = out.at;
        u32(out, intro.id ?? 0xffffffff);
        u32(out, intro.resetId);
        u32(out, intro.headerSize);
        u16(out, intro.recordSize);
        u16(out, intro.recordAlign);
        u16(out, intro.noShrink ? 1 : 0);
        u16(out, intro.name.length);
        raw(out, ascii(intro.name));
        out.at = start + pad4(20 + intro.name.length);
      }
      return;
    case "ExtReset":
      u32(out, record.resetId);
      return u32(out, record.preserve ? 1 : 0);
    case "ExtRecordUpdate": {
      const { recordSize: size, stride, data } = record;
      for (let i = 0; i < record.uids.length; i++) {
        const start = out.at;
        u32(out, record.uids[i]!);
        // A view for each would take longer than its few bytes.
        for (let at = 0; at < size; at++) out.bytes[start + 4 + at] = data[i * stride + at]!;
        out.at = start + pad4(4 + size);
      }
      return;
    }
    case "ExtAtomicInc":
      record.uids.forEach((uid, i) => {
        u32(out, uid);
        u32(out, record.diffs[i]!);
      });
      return;
    case "KeywordUpdate": {
      const start = out.at;
      const name = bytesOfText(record.name);
      u16(out, record.op === "add" ? 0 : 1);
      u16(out, name.length);
      raw(out, name);
      out.at = start + pad4(4 + name.length);
      return writeRanges(out, record.uids);
    }
    case "KeywordReset":
    case "Expunge":
      return writeRanges(out, record.uids);
    case "ModSeqUpdate":
      record.uids.forEach((uid, i) => {
        u32(out, uid);
        out.view.setBigUint64(out.at, record.modSeqs[i]!, true);
        out.at += 8;
      });
      return;
    case "ExpungeGuid":
      record.uids.forEach((uid, i) => {
        u32(out, uid);
        raw(out, record.guids.subarray(i * 16, i * 16 + 16));
      });
      return;
    case "IndexDeleted":
    case "IndexUndeleted":
      return u32(out, 0);
    case "Boundary":
      return u32(out, record.size);
    case "AttributeUpdate": {
      const start = out.at;
      for (const { op, scope, name } of record.changes) {
        raw(out, bytesOfText(`${op === "set" ? "+" : "-"}${scope[0]}${name}\0`));
      }
      out.at = start + attributeNamesSize(record);
      for (const { op, at, valueLength } of record.changes) {
        u32(out, at);
        if (op === "set") u32(out, valueLength);
      }
    }
  }
};

const typeWord = (record: LogRecord, { external, sync }: RecordMarks): number => {
  const type = record._tag === "ExtHeaderUpdate" && isWide(record.parts)
    ? RECORD_TYPE.ExtHeaderUpdate32
    : RECORD_TYPE[record._tag];
  return (type | (external || record._tag === "Boundary" ? RECORD_EXTERNAL : 0) |
    (sync ? RECORD_SYNC : 0)) >>> 0;
};

/**
 * Bytes of the records one after the other, without a boundary. The records are well-formed: lists not empty, UIDs in
 * the order that their type asks for, each record and the sum below {@linkcode RECORD_LIMIT}.
 */
export const encodeRecords = (
  records: readonly LogRecord[],
  marks: RecordMarks,
): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + recordSize(record), 0));
  const out: Out = { bytes, view: new DataView(bytes.buffer), at: 0 };
  for (const record of records) {
    const start = out.at;
    const size = recordSize(record);
    encodeSize(out.view, start, size);
    out.view.setUint32(start + 4, typeWord(record, marks), true);
    out.at = start + RECORD_HEADER_SIZE;
    writePayload(out, record);
    out.at = start + size;
  }
  return bytes;
};

/** Whether a group of so many records begins with a BOUNDARY record: Dovecot leaves it out for a single one. */
export const hasBoundary = (records: readonly LogRecord[]): boolean => records.length > 1;

/** Bytes of a group that a reader applies whole or not at all. */
export const encodeGroup = (
  records: readonly LogRecord[],
  marks: RecordMarks,
): Uint8Array<ArrayBuffer> => {
  if (!hasBoundary(records)) return encodeRecords(records, marks);
  const size = records.reduce((sum, record) => sum + recordSize(record), BOUNDARY_SIZE);
  return encodeRecords([{ _tag: "Boundary", size }, ...records], marks);
};
