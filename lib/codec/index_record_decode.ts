/**
 * Decodes one record of `dovecot.index.log`. What Dovecot would call corruption is an error here, also where Dovecot
 * itself does not look (it would read beyond the record).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { textOfBytes } from "./byte_text.ts";
import { damagedAt } from "./index_header.ts";
import {
  type AttributeChange,
  type HeaderPart,
  type Intro,
  type LogRecord,
  pad4,
  RECORD_HEADER_SIZE,
  RECORD_TYPE,
  RECORD_TYPE_MASK,
  type UidRanges,
} from "./index_record.ts";

/** Where a payload lies: `[from, to)` of the view, and what to add to an offset for a place in the file. */
interface Payload {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

type Decoded = E.Either<string, LogRecord>;

const latin1 = new TextDecoder("latin1");

const ranges = (
  { view, from, to }: Payload,
  stride: number,
): E.Either<string, UidRanges> => {
  const count = (to - from) / stride;
  if (!Number.isInteger(count)) return E.left("size does not fit its UID ranges");
  if (count === 0) return E.left("no UID range");
  const first = new Uint32Array(count);
  const last = new Uint32Array(count);
  let below = 0;
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const a = view.getUint32(at, true);
    const b = view.getUint32(at + 4, true);
    if (a <= below || b < a) return E.left(`UID range ${a}..${b} after ${below}`);
    first[i] = a;
    last[i] = below = b;
  }
  return E.right({ first, last });
};

const append = ({ view, bytes, from, to }: Payload): Decoded => {
  const count = (to - from) / 8;
  if (!Number.isInteger(count)) return E.left("size does not fit its mails");
  const uids = new Uint32Array(count);
  const flags = new Uint8Array(count);
  for (let i = 0, at = from; i < count; i++, at += 8) {
    uids[i] = view.getUint32(at, true);
    flags[i] = bytes[at + 4]!;
  }
  return E.right({ _tag: "Append", uids, flags });
};

const flagUpdate = (p: Payload): Decoded =>
  E.map((uids: UidRanges): LogRecord => {
    const count = uids.first.length;
    const add = new Uint8Array(count);
    const remove = new Uint8Array(count);
    const force = new Uint8Array(count);
    for (let i = 0, at = p.from; i < count; i++, at += 12) {
      add[i] = p.bytes[at + 8]!;
      remove[i] = p.bytes[at + 9]!;
      force[i] = p.bytes[at + 10]!;
    }
    return { _tag: "FlagUpdate", uids, add, remove, force };
  })(ranges(p, 12));

const parts = (
  { view, bytes, from, to }: Payload,
  wide: boolean,
): E.Either<string, readonly HeaderPart[]> => {
  const out: HeaderPart[] = [];
  const head = wide ? 8 : 4;
  // The padding is counted from the start of the payload.
  for (let at = from; at < to;) {
    if (at + head > to) return E.left("header part beyond the record");
    const offset = wide ? view.getUint32(at, true) : view.getUint16(at, true);
    const size = wide ? view.getUint32(at + 4, true) : view.getUint16(at + 2, true);
    if (size > to - at - head) return E.left("header part beyond the record");
    out.push({ offset, data: bytes.subarray(at + head, at + head + size) });
    at += pad4(head + size);
  }
  return E.right(out);
};

const INTRO_SIZE = 20;

const extIntro = ({ view, bytes, from, to }: Payload): Decoded => {
  const intros: Intro[] = [];
  for (let at = from; at + INTRO_SIZE <= to;) {
    const id = view.getUint32(at, true);
    const nameSize = view.getUint16(at + 18, true);
    if (nameSize > to - at - INTRO_SIZE) return E.left("extension name beyond the record");
    if (id === 0xffffffff && nameSize === 0) return E.left("extension without id or name");
    const name = latin1.decode(bytes.subarray(at + INTRO_SIZE, at + INTRO_SIZE + nameSize));
    intros.push({
      id: id === 0xffffffff ? null : id,
      name: id === 0xffffffff ? name : "",
      resetId: view.getUint32(at + 4, true),
      headerSize: view.getUint32(at + 8, true),
      recordSize: view.getUint16(at + 12, true),
      recordAlign: view.getUint16(at + 14, true),
      noShrink: (view.getUint16(at + 16, true) & 1) !== 0,
    });
    at += pad4(INTRO_SIZE + nameSize);
  }
  return intros.length === 0
    ? E.left("no extension is introduced")
    : E.right({ _tag: "ExtIntro", intros });
};

const extRecordUpdate = ({ view, bytes, from, to }: Payload, recordSize: number): Decoded => {
  if (recordSize < 0) return E.left("extension data without an extension before it");
  const stride = pad4(4 + recordSize);
  const count = (to - from) / stride;
  if (!Number.isInteger(count)) return E.left("size does not fit its extension data");
  const uids = new Uint32Array(count);
  for (let i = 0, at = from; i < count; i++, at += stride) uids[i] = view.getUint32(at, true);
  return E.right({
    _tag: "ExtRecordUpdate",
    recordSize,
    uids,
    data: bytes.subarray(from + 4, to),
    stride,
  });
};

const extAtomicInc = ({ view, from, to }: Payload): Decoded => {
  const count = (to - from) / 8;
  if (!Number.isInteger(count)) return E.left("size does not fit its increments");
  const uids = new Uint32Array(count);
  const diffs = new Int32Array(count);
  for (let i = 0, at = from; i < count; i++, at += 8) {
    uids[i] = view.getUint32(at, true);
    diffs[i] = view.getInt32(at + 4, true);
  }
  return E.right({ _tag: "ExtAtomicInc", uids, diffs });
};

const keywordUpdate = (p: Payload): Decoded => {
  const type = p.bytes[p.from];
  if (type !== 0 && type !== 1) return E.left(`unknown keyword operation ${type}`);
  const nameSize = p.view.getUint16(p.from + 2, true);
  if (nameSize === 0) return E.left("empty keyword");
  const list = p.from + pad4(4 + nameSize);
  if (list > p.to) return E.left("keyword beyond the record");
  const raw = p.bytes.subarray(p.from + 4, p.from + 4 + nameSize);
  // Dovecot takes the name up to a NUL.
  const nul = raw.indexOf(0);
  if (nul === 0) return E.left("empty keyword");
  const name = textOfBytes(nul < 0 ? raw : raw.subarray(0, nul));
  return E.map((uids: UidRanges): LogRecord => ({
    _tag: "KeywordUpdate",
    op: type === 0 ? "add" : "remove",
    name,
    uids,
  }))(ranges({ ...p, from: list }, 8));
};

const modSeqUpdate = ({ view, from, to }: Payload): Decoded => {
  const count = (to - from) / 12;
  if (!Number.isInteger(count)) return E.left("size does not fit its modseqs");
  const uids = new Uint32Array(count);
  const modSeqs = new BigUint64Array(count);
  const words = new DataView(modSeqs.buffer);
  for (let i = 0, at = from; i < count; i++, at += 12) {
    uids[i] = view.getUint32(at, true);
    words.setUint32(i * 8, view.getUint32(at + 4, true), true);
    words.setUint32(i * 8 + 4, view.getUint32(at + 8, true), true);
  }
  return E.right({ _tag: "ModSeqUpdate", uids, modSeqs });
};

const expungeGuid = ({ view, bytes, from, to }: Payload): Decoded => {
  const count = (to - from) / 20;
  if (!Number.isInteger(count)) return E.left("size does not fit its expunges");
  const uids = new Uint32Array(count);
  const guids = new Uint8Array(count * 16);
  for (let i = 0, at = from; i < count; i++, at += 20) {
    const uid = view.getUint32(at, true);
    if (uid === 0) return E.left("expunge of UID 0");
    uids[i] = uid;
    guids.set(bytes.subarray(at + 4, at + 20), i * 16);
  }
  return E.right({ _tag: "ExpungeGuid", uids, guids });
};

const PLUS = 0x2b;
const MINUS = 0x2d;
const PRIVATE = 0x70;
const SHARED = 0x73;

const attributeUpdate = ({ view, bytes, from, to }: Payload): Decoded => {
  const changes: { op: "set" | "unset"; scope: "private" | "shared"; name: string }[] = [];
  let at = from;
  while (at + 2 < to && bytes[at] !== 0) {
    const op = bytes[at];
    const scope = bytes[at + 1];
    if (op !== PLUS && op !== MINUS) return E.left("attribute change is neither + nor -");
    if (scope !== PRIVATE && scope !== SHARED) return E.left("attribute is neither p nor s");
    let end = at + 2;
    while (end < to && bytes[end] !== 0) end++;
    if (end === at + 2) return E.left("empty attribute name");
    if (end === to) return E.left("attribute name without end");
    changes.push({
      op: op === PLUS ? "set" : "unset",
      scope: scope === PRIVATE ? "private" : "shared",
      name: textOfBytes(bytes.subarray(at + 2, end)),
    });
    at = end + 1;
  }
  if (changes.length === 0 || (at < to && bytes[at] !== 0)) {
    return E.left("attribute changes without end");
  }
  at = from + pad4(at + 1 - from);
  const number = (): number => {
    const value = at + 4 <= to ? view.getUint32(at, true) : 0;
    at += 4;
    return value;
  };
  return E.right({
    _tag: "AttributeUpdate",
    changes: changes.map((change): AttributeChange => ({
      ...change,
      at: number(),
      valueLength: change.op === "set" ? number() : 0,
    })),
  });
};

const decodePayload = (type: number, p: Payload, introRecordSize: number): Decoded => {
  switch (type) {
    case RECORD_TYPE.Append:
      return append(p);
    case RECORD_TYPE.FlagUpdate:
      return flagUpdate(p);
    case RECORD_TYPE.HeaderUpdate:
      return E.map((list: readonly HeaderPart[]): LogRecord => ({
        _tag: "HeaderUpdate",
        parts: list,
      }))(parts(p, false));
    case RECORD_TYPE.ExtIntro:
      return extIntro(p);
    case RECORD_TYPE.ExtReset:
      return E.right({
        _tag: "ExtReset",
        resetId: p.view.getUint32(p.from, true),
        // Old versions wrote the reset id alone.
        preserve: p.to - p.from > 4 && p.bytes[p.from + 4] !== 0,
      });
    case RECORD_TYPE.ExtHeaderUpdate:
    case RECORD_TYPE.ExtHeaderUpdate32:
      return E.map((list: readonly HeaderPart[]): LogRecord => ({
        _tag: "ExtHeaderUpdate",
        parts: list,
      }))(parts(p, type === RECORD_TYPE.ExtHeaderUpdate32));
    case RECORD_TYPE.ExtRecordUpdate:
      return extRecordUpdate(p, introRecordSize);
    case RECORD_TYPE.ExtAtomicInc:
      return introRecordSize < 0
        ? E.left("extension data without an extension before it")
        : extAtomicInc(p);
    case RECORD_TYPE.KeywordUpdate:
      return keywordUpdate(p);
    case RECORD_TYPE.KeywordReset:
      return E.map((uids: UidRanges): LogRecord => ({ _tag: "KeywordReset", uids }))(ranges(p, 8));
    case RECORD_TYPE.ModSeqUpdate:
      return modSeqUpdate(p);
    case RECORD_TYPE.Expunge:
      return E.map((uids: UidRanges): LogRecord => ({ _tag: "Expunge", uids }))(ranges(p, 8));
    case RECORD_TYPE.ExpungeGuid:
      return expungeGuid(p);
    case RECORD_TYPE.IndexDeleted:
      return E.right({ _tag: "IndexDeleted" });
    case RECORD_TYPE.IndexUndeleted:
      return E.right({ _tag: "IndexUndeleted" });
    case RECORD_TYPE.Boundary:
      return E.right({ _tag: "Boundary", size: p.view.getUint32(p.from, true) });
    case RECORD_TYPE.AttributeUpdate:
      return attributeUpdate(p);
    default:
      return E.left(`unknown record type 0x${type.toString(16)}`);
  }
};

/**
 * Decodes the record of `size` bytes at `at` of the bytes. `base` is the file offset of their first byte, for errors;
 * `introRecordSize` the record size of the last extension introduced, -1 for none. Some columns are windows on the
 * bytes: they must not change while the record is used. Linear in the size.
 */
export const decodeRecord = (
  bytes: Uint8Array,
  view: DataView,
  at: number,
  size: number,
  base: number,
  introRecordSize: number,
): E.Either<SyncError, LogRecord> => {
  const type = view.getUint32(at + 4, true) & RECORD_TYPE_MASK;
  const payload = { view, bytes, from: at + RECORD_HEADER_SIZE, to: at + size };
  const record: Decoded = size <= RECORD_HEADER_SIZE
    ? E.left("empty record")
    : decodePayload(type, payload, introRecordSize);
  return E.mapLeft((what: string) => damagedAt(base + at, what))(record);
};
