import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { mailboxGuid } from "../model/ids.ts";
import {
  decodeMapHeader,
  decodeMapRecord,
  decodeMapUid,
  decodeMdboxHeader,
  decodePop3UidlHeader,
  decodeSavedAt,
  encodeMapHeader,
  encodeMapRecord,
  encodeMdboxHeader,
  encodeMdboxRecord,
  encodePop3UidlHeader,
  encodeRefcount,
  MAP,
  MDBOX,
  REF,
} from "./mdbox_index.ts";

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const u32 = fc.integer({ min: 0, max: 0xffffffff });

Deno.test("decodeMdboxHeader refuses a header without its first field", () => {
  for (const size of [0, 1, 3]) {
    assert(E.isLeft(decodeMdboxHeader(new Uint8Array(size))), `${size} bytes`);
  }
});

Deno.test("decodeMdboxHeader reads what is cut off as zeros and no GUID", () => {
  assert.deepEqual(
    decodeMdboxHeader(fromHex("0102000000")),
    E.right({ mapUidValidity: 0x0201, guid: null, flags: 0 }),
  );
});

Deno.test("record decoders give nothing where a record is cut off or lost", () => {
  const bytes = new Uint8Array(20);
  assert.equal(decodeMapRecord(bytes, 0), null, "file 0");
  assert.equal(decodeMapRecord(bytes.fill(1), 9), null, "cut");
  assert.equal(decodeMapRecord(bytes, -1), null, "before the column");
  assert.equal(decodeMapUid(bytes, 13), 0);
  assert.equal(decodeSavedAt(bytes, 13), 0);
  assert.equal(decodePop3UidlHeader(bytes.subarray(0, 3)), null);
});

Deno.test("payloads of a real Dovecot are read as doveadm dump shows them", () => {
  assert.deepEqual(decodeMapHeader(fromHex("0300000001000000")), {
    highestFileId: 3,
    rebuildCount: 1,
  });
  assert.deepEqual(decodeMapRecord(fromHex("0100000010000000d7000000"), 0), {
    fileId: 1,
    offset: 16,
    size: 215,
  });
});

Deno.test("payloads are the same after encoding and decoding", () => {
  const guid = fc.uint8Array({ minLength: 16, maxLength: 16 })
    .filter((bytes) => bytes.some((byte) => byte !== 0))
    .map((bytes) => mailboxGuid(bytes.toHex()));
  fc.assert(fc.property(
    u32,
    fc.integer({ min: 1, max: 0xffffffff }),
    u32,
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0, max: 255 }),
    fc.option(guid),
    fc.nat(3),
    (a, b, c, refcount, flags, id, row) => {
      const map = { highestFileId: a, rebuildCount: c };
      assert.deepEqual(decodeMapHeader(encodeMapHeader(map)), map);

      const column = new Uint8Array(MAP.recordSize * 4);
      const record = { fileId: b, offset: a, size: c };
      encodeMapRecord(column, row * MAP.recordSize, record);
      assert.deepEqual(decodeMapRecord(column, row * MAP.recordSize), record);

      const refs = new Uint8Array(REF.recordSize * 4);
      encodeRefcount(refs, row * REF.recordSize, refcount);
      assert.equal(new DataView(refs.buffer).getUint16(row * REF.recordSize, true), refcount);

      const header = { mapUidValidity: a, guid: id, flags };
      assert.deepEqual(decodeMdboxHeader(encodeMdboxHeader(header)), E.right(header));

      const mails = new Uint8Array(MDBOX.recordSize * 4);
      encodeMdboxRecord(mails, row * MDBOX.recordSize, a, c);
      assert.equal(decodeMapUid(mails, row * MDBOX.recordSize), a);
      assert.equal(decodeSavedAt(mails, row * MDBOX.recordSize), c);

      assert.equal(decodePop3UidlHeader(encodePop3UidlHeader(a)), a);
    },
  ));
});

Deno.test("the decoders never throw, whatever the bytes and the place", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: -5, max: 60 }),
    (bytes, at) => {
      decodeMapHeader(bytes);
      decodeMapRecord(bytes, at);
      decodeMdboxHeader(bytes);
      decodeMapUid(bytes, at);
      decodeSavedAt(bytes, at);
      decodePop3UidlHeader(bytes);
    },
  ));
});
