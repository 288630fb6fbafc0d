import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { textOfBytes } from "./byte_text.ts";
import {
  decodeFileHeader,
  decodeMessageHeader,
  decodeMetadata,
  encodeFileHeader,
  encodeMessageHeader,
  encodeMetadata,
  type FileHeader,
  MAX_METADATA_SIZE,
  type NewMetadata,
  walkRecords,
} from "./mdbox_file.ts";
import { countBareLf } from "./virtual_size.ts";

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));
const V2: FileHeader = { version: 2, messageHeaderSize: 30, createdAt: 0, size: 16 };

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) assert.fail(JSON.stringify(either.left));
  return either.right;
};
const whatIsWrong = (either: E.Either<{ what: string; where: { offset?: number } }, unknown>) => {
  if (E.isRight(either)) assert.fail("no error");
  return [either.left.what, either.left.where.offset];
};

Deno.test("decodeFileHeader refuses what is no header, with the offset", () => {
  const table: [string, string, string, number][] = [
    ["empty", "", "no end of the file header line", 0],
    ["no line end", "2 M1e", "no end of the file header line", 0],
    ["line end too far", "2 M1e " + "x".repeat(600) + "\n", "no end of the file header line", 0],
    ["version 3", "3 M1e\n", "file header of an unknown version", 0],
    ["no space", "2M1e\n", "file header of an unknown version", 0],
    ["no M", "2 C6b044d0c\n", "file header without a usable message header size", 0],
    ["M too small", "2 M1d\n", "file header without a usable message header size", 0],
    ["M no number", "2 M1g\n", "message header size is no hex number", 2],
    ["M empty", "2 M C1\n", "message header size is no hex number", 2],
    ["C no number", "2 M1e C-1\n", "creation time is no hex number", 6],
  ];
  for (const [name, text, what, offset] of table) {
    assert.deepEqual(whatIsWrong(decodeFileHeader(bytes(text))), [what, offset], name);
  }
});

Deno.test("decodeFileHeader reads both versions and skips unknown keys", () => {
  const table: [string, FileHeader][] = [
    ["2 M1e C6b044d0c\n", {
      version: 2,
      messageHeaderSize: 30,
      createdAt: 0x6b044d0c,
      size: 16,
    }],
    ["1 M1e C10 A00000000\n", { version: 1, messageHeaderSize: 30, createdAt: 16, size: 20 }],
    ["2 X M20\nrest", { version: 2, messageHeaderSize: 32, createdAt: null, size: 8 }],
  ];
  for (const [text, header] of table) {
    assert.deepEqual(right(decodeFileHeader(bytes(text))), header, text);
  }
  assert.deepEqual(encodeFileHeader(0x6b044d0c), bytes("2 M1e C6b044d0c\n"));
});

Deno.test("decodeMessageHeader checks each fixed byte", () => {
  const good = encodeMessageHeader(0x96);
  assert.deepEqual(good, bytes("\x01\x02N          0000000000000096\n"));
  assert.equal(right(decodeMessageHeader(V2, good, 0)), 0x96);
  const changed = (at: number, byte: number) => good.with(at, byte);
  const table: [string, Uint8Array, string, number][] = [
    ["cut", good.subarray(0, 29), "end of file inside a message header", 100],
    ["first byte", changed(0, 2), "no message header", 100],
    ["second byte", changed(1, 1), "no message header", 100],
    ["type", changed(2, 0x58), "message header of an unknown type", 102],
    ["size", changed(14, 0x67), "message size is no hex number", 113],
    ["too large a size", changed(13, 0x31), "message size is no hex number", 113],
    ["line end", changed(29, 0x20), "message header without its line end", 129],
  ];
  for (const [name, header, what, offset] of table) {
    assert.deepEqual(whatIsWrong(decodeMessageHeader(V2, header, 0, 100)), [what, offset], name);
  }
  const lower = bytes("\x01\x02N          00000000000000ff\n");
  assert.equal(right(decodeMessageHeader(V2, lower, 0)), 255);
});

Deno.test("decodeMetadata names the line that is wrong", () => {
  const table: [string, string, string, number][] = [
    ["nothing", "\n\x01", "end of file where metadata should begin", 5],
    ["no marker", "\n\x01\x02\n\n", "no metadata behind the mail", 5],
    ["no end", "\n\x01\x03\nGx\n", "metadata without its end", 5],
    ["R", "\n\x01\x03\nGx\nRx\n\n", "received date is no hex number", 12],
    ["V", "\n\x01\x03\nV\n\n", "virtual size is no hex number", 9],
    ["Z", "\n\x01\x03\nZ-\n\n", "plain size is no hex number", 9],
    ["empty G", "\n\x01\x03\nG\n\n", "empty GUID", 9],
  ];
  for (const [name, text, what, offset] of table) {
    assert.deepEqual(whatIsWrong(decodeMetadata(bytes(text), 0, 5)), [what, offset], name);
  }
});

Deno.test("decodeMetadata takes the first of a double key and skips unknown ones", () => {
  const text = "\n\x01\x03\nR1\nR2\nQ\nGa\nGb\nO7\nPu\nV3\nZ9\nX0 1 - a\nBIN\n\nrest";
  const { metadata, size } = right(decodeMetadata(bytes(text), 0));
  assert.equal(size, text.length - 4);
  assert.deepEqual(metadata, {
    guid: "a",
    receivedAt: 1,
    virtualSize: 3,
    pop3Uidl: "u",
    pop3Order: 7,
    mailbox: "IN",
    plainSize: 9,
    external: "0 1 - a",
  });
});

Deno.test("decodeMetadata ends at a line that begins with a space (version 1)", () => {
  const text = "\n\x01\x03\nGa\n   \n";
  assert.equal(right(decodeMetadata(bytes(text), 0)).size, text.length);
});

Deno.test("decodeMetadata takes a POP3 order of 0 or nonsense for none", () => {
  for (const order of ["0", "", "x", "-1", "4294967296", "99999999999999999999"]) {
    const { metadata } = right(decodeMetadata(bytes(`\n\x01\x03\nO${order}\n\n`), 0));
    assert.equal(metadata.pop3Order, null, order);
  }
});

Deno.test("decodeMetadata does not look beyond its limit", () => {
  const long = new Uint8Array(MAX_METADATA_SIZE + 100).fill(0x51);
  long.set(bytes("\n\x01\x03\n"));
  long.set(bytes("\n\n"), MAX_METADATA_SIZE + 50);
  assert.deepEqual(whatIsWrong(decodeMetadata(long, 0)), ["metadata without its end", 0]);
});

Deno.test("encodeMetadata refuses text that no line can hold", () => {
  const base: NewMetadata = {
    guid: "g",
    receivedAt: 1,
    virtualSize: 1,
    pop3Uidl: null,
    pop3Order: null,
    mailbox: null,
  };
  const table: [string, NewMetadata][] = [
    ["empty GUID", { ...base, guid: "" }],
    ["GUID with LF", { ...base, guid: "a\nb" }],
    ["GUID with CR", { ...base, guid: "a\r" }],
    ["GUID with NUL", { ...base, guid: "a\0" }],
    ["UIDL with LF", { ...base, pop3Uidl: "a\nb" }],
  ];
  for (const [name, metadata] of table) {
    const encoded = encodeMetadata(metadata);
    assert(E.isLeft(encoded), name);
    assert.equal(encoded.left._tag, "Unfit", name);
  }
  const left = right(encodeMetadata({ ...base, mailbox: "a\nb" }));
  assert.equal(right(decodeMetadata(left, 0)).metadata.mailbox, null);
});

const line = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map(textOfBytes),
)
  .filter((text) => !/[\0\r\n]/.test(text) && text.isWellFormed());
const newMetadata: fc.Arbitrary<NewMetadata> = fc.record({
  guid: line,
  receivedAt: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  virtualSize: fc.nat(),
  pop3Uidl: fc.option(line),
  pop3Order: fc.option(fc.integer({ min: 1, max: 0xffffffff })),
  mailbox: fc.option(line),
});

Deno.test("encodeMetadata and decodeMetadata are inverse", () => {
  fc.assert(fc.property(newMetadata, fc.nat(50), (metadata, before) => {
    const encoded = right(encodeMetadata(metadata));
    const placed = new Uint8Array(before + encoded.length + 3);
    placed.set(encoded, before);
    const decoded = right(decodeMetadata(placed, before));
    assert.equal(decoded.size, encoded.length);
    assert.deepEqual(decoded.metadata, { ...metadata, plainSize: null, external: null });
  }));
});

const record = (body: Uint8Array, metadata: NewMetadata): Uint8Array => {
  const parts = [encodeMessageHeader(body.length), body, right(encodeMetadata(metadata))];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

Deno.test("walkRecords finds all records, whatever the mails hold, and stops where one is cut", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constant(encodeMessageHeader(5)),
    fc.constant(bytes("\n\x01\x03\nGx\n\n")),
  );
  const mails = fc.array(fc.tuple(bodies, newMetadata), { maxLength: 6 });
  fc.assert(fc.property(mails, fc.nat(30), (all, cut) => {
    const records = all.map(([body, metadata]) => record(body, metadata));
    const file = new Uint8Array(records.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of records) {
      file.set(one, at);
      at += one.length;
    }
    const walked = walkRecords(V2, file, 16);
    assert.equal(walked.error, null);
    assert.equal(walked.end, 16 + file.length);
    assert.deepEqual(walked.records.map((one) => one.size), records.map((one) => one.length));
    assert.deepEqual(
      walked.records.map((one) =>
        file.slice(one.bodyOffset - 16, one.bodyOffset - 16 + one.bodySize)
      ),
      all.map(([body]) => body),
    );
    const shorter = file.subarray(0, Math.max(0, file.length - cut - 1));
    const short = walkRecords(V2, shorter, 16);
    assert(short.records.length <= walked.records.length);
    assert(short.end <= 16 + shorter.length);
  }));
});

/** `storage/m.1` of the mdbox that Dovecot left. */
const goldenFile = async (): Promise<Uint8Array> => {
  const archive = new URL("../../tests/golden/dovecot-store/mdbox.tar.gz", import.meta.url);
  const args = ["-xzOf", archive.pathname, "mdbox/storage/m.1"];
  return (await new Deno.Command("tar", { args }).output()).stdout;
};

Deno.test("walkRecords reads a file of a real Dovecot to its end", async () => {
  const file = await goldenFile();
  const header = right(decodeFileHeader(file));
  const walked = walkRecords(header, file.subarray(header.size), header.size);
  assert.equal(walked.error, null);
  assert.equal(walked.end, file.length);
  assert.equal(walked.records.length, 10);
  for (const { metadata, bodyOffset, bodySize, offset, size } of walked.records) {
    const body = file.subarray(bodyOffset, bodyOffset + bodySize);
    assert.equal(bodySize + countBareLf(body, 0), metadata.virtualSize);
    // What we would write is what Dovecot wrote.
    const { guid, virtualSize } = metadata;
    assert(guid !== null && virtualSize !== null);
    assert.deepEqual(
      record(body, { ...metadata, guid, virtualSize }),
      file.slice(offset, offset + size),
    );
  }
});

Deno.test("the decoders never throw, whatever the bytes", () => {
  const start = fc.constantFrom("", "2 M1e C1\n", "\x01\x02N ", "\n\x01\x03\n");
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), fc.nat(250), (begin, rest, at) => {
      const input = new Uint8Array(begin.length + rest.length);
      input.set(bytes(begin));
      input.set(rest, begin.length);
      decodeFileHeader(input);
      decodeMessageHeader(V2, input, at);
      decodeMetadata(input, at);
      const walked = walkRecords(V2, input, 0);
      assert(walked.records.length * V2.messageHeaderSize <= input.length);
    }),
  );
});
