import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { mailboxGuid, uid } from "../model/ids.ts";
import { encodeUidlist, type Uidlist } from "./maildir_uidlist.ts";
import {
  formatUidlistEntry,
  isUidlistValue,
  UidlistLines,
  uidlistValue,
} from "./maildir_uidlist_lines.ts";
import { parseUidlist, UidlistReader } from "./maildir_uidlist_reader.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string): Uidlist => {
  const list = parseUidlist(bytes(text));
  assert.ok(E.isRight(list), text);
  return list.right;
};
const HEADER = "3 V7 N20 G6c10e81bdc4e046b8c2f000083ecc375\n";

Deno.test("parseUidlist refuses a broken file and names the place", () => {
  const rows: readonly [string, string, number][] = [
    ["empty", "", 0],
    ["header cut off", "3 V7 N20", 0],
    ["version 2", "2 7 20\n", 0],
    ["version 10", "10 V7 N20\n", 0],
    ["no UIDVALIDITY", "3 N20\n", 0],
    ["UIDVALIDITY 0", "3 V0 N20\n", 0],
    ["no UIDNEXT", "3 V7\n", 0],
    ["UIDVALIDITY too big", "3 V4294967296 N20\n", 0],
    ["mailbox GUID too short", "3 V7 N20 Gabc\n", 0],
    ["no UID", `${HEADER}x :a\n`, 43],
    ["no space", `${HEADER}1:a\n`, 43],
    ["no file name", `${HEADER}1 :\n`, 43],
    ["only keys", `${HEADER}1 Gx\n`, 43],
    ["name without colon", `${HEADER}1 a\n`, 43],
    ["slash", `${HEADER}1 :../a\n`, 43],
    ["UID too high", `${HEADER}4294967295 :a\n`, 43],
    ["same UID twice", `${HEADER}1 :a\n1 :b\n`, 48],
    ["descending", `${HEADER}2 :ä\n1 :b\n`, 49],
    ["version 1, UID not below UIDNEXT", "1 7 2\n2 a\n", 6],
  ];
  for (const [name, text, offset] of rows) {
    const list = parseUidlist(bytes(text));
    assert.ok(E.isLeft(list), name);
    assert.equal(list.left._tag, "Damaged", name);
    assert.equal(list.left.where.offset, offset, name);
  }
});

Deno.test("parseUidlist gives keys, effective UIDNEXT and what it does not know", () => {
  const list = parse(
    "3 V1795443982 N7 Xunknown GE9F7E2190C4D046B035E000083ECC375 P%u\n" +
      "1 :1795443980.M453198P24067.vm,S=150,W=158\n" +
      "9 G1700000000.M1P2.host,S=5 :name with space:2,S\n" +
      "12 Puidl-12 O5 Zz :b\n13 :half",
  );
  assert.equal(list.uidValidity, 1795443982);
  assert.equal(list.uidNext, 13);
  assert.equal(list.guid, "e9f7e2190c4d046b035e000083ecc375");
  assert.equal(list.otherKeys, "Xunknown P%u");
  assert.equal(list.flaw, null);
  assert.deepEqual([...list.entries].map(({ uid }) => uid), [1, 9, 12]);
  const [first, second, third] = list.entries;
  assert.equal(uidlistValue(first!, "G"), null);
  assert.equal(second!.name, "name with space");
  assert.equal(uidlistValue(second!, "G"), "1700000000.M1P2.host,S=5");
  assert.equal(uidlistValue(third!, "P"), "uidl-12");
  assert.equal(uidlistValue(third!, "O"), "5");
  assert.equal(formatUidlistEntry(third!), "12 Puidl-12 O5 Zz :b\n");
});

Deno.test("parseUidlist mends what Dovecot mends, and says so", () => {
  const twice = parse(`${HEADER}1 :a\n2 :b\n3 :a\n`);
  assert.deepEqual([...twice.entries].map(({ uid }) => uid), [2, 3]);
  assert.match(twice.flaw!, /earlier line/);
  const key = parse(`${HEADER}1 x Ga :a\n`);
  assert.equal(key.entries.at(0).keys, "Ga");
  assert.match(key.flaw!, /capital/);
});

Deno.test("parseUidlist reads version 1", () => {
  const list = parse("1 7 20\n3 1.a:2,S\n5 2.b\n");
  assert.equal(list.version, 1);
  assert.equal(list.guid, null);
  assert.equal(list.uidNext, 20);
  assert.deepEqual([...list.entries].map(({ name }) => name), ["1.a", "2.b"]);
});

Deno.test("encodeUidlist gives back what Dovecot wrote", () => {
  const url = new URL("../../tests/golden/maildir-files/dovecot-uidlist", import.meta.url);
  const golden = Deno.readFileSync(url);
  const list = parseUidlist(golden);
  assert.ok(E.isRight(list));
  assert.deepEqual(new Uint8Array(encodeUidlist(list.right)), new Uint8Array(golden));
});

const value = fc.string({ unit: "grapheme" }).filter(isUidlistValue);
const entry = fc.record({
  step: fc.integer({ min: 1, max: 1000 }),
  keys: fc.array(fc.tuple(fc.constantFrom("G", "P", "O", "Z"), value).map((key) => key.join("")))
    .map((keys) => keys.join(" ")),
  name: value.filter((name) => !/[:/]/.test(name)),
});

Deno.test("parseUidlist undoes encodeUidlist", () => {
  fc.assert(fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name }), (entries) => {
    let last = 0;
    const lines = entries.map(({ step, keys, name }) => ({ uid: uid(last += step), keys, name }));
    const list = {
      uidValidity: 5,
      uidNext: last + 1,
      guid: mailboxGuid("0".repeat(32)),
      otherKeys: "",
      entries: lines,
    };
    const read = parseUidlist(encodeUidlist(list));
    assert.ok(E.isRight(read));
    const { entries: readLines, ...rest } = read.right;
    const { entries: written, ...header } = list;
    assert.deepEqual(rest, { version: 3, flaw: null, ...header });
    assert.deepEqual([...readLines], written);
  }));
});

Deno.test("parseUidlist takes any bytes without throwing", () => {
  const line = fc.array(
    fc.constantFrom("1", "9", " ", ":", "G", "a", "\n", "V", "N", "3", "ÿ", "\r"),
  )
    .map((parts) => bytes(`3 V1 N1\n${parts.join("")}\n`));
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), line), (input) => {
    const list = parseUidlist(input);
    if (E.isLeft(list)) assert.ok(list.left.where.offset! <= input.length);
  }));
});

/** What came of a file that is read in pieces of these lengths. */
const inPieces = (input: Uint8Array, lengths: readonly number[]) => {
  const reader = new UidlistReader(input.length);
  let at = 0;
  for (const length of [...lengths, input.length]) {
    const end = reader.take(input.subarray(at, at + length));
    if (E.isLeft(end)) return end;
    at += length;
  }
  return reader.end();
};

const plain = (list: ReturnType<typeof parseUidlist>) =>
  E.isLeft(list) ? list : { ...list.right, entries: [...list.right.entries] };

Deno.test("UidlistReader reads in pieces what it reads as a whole, errors too", () => {
  const lines = fc.array(
    fc.constantFrom(
      "1 :a",
      "2 :b",
      "3 Gx :ä",
      "4 x Gx :c",
      "5 :a",
      "9 Gx Py :d",
      "7 :e/f",
      "8 :é:2,S",
    ),
  );
  const lengths = fc.array(fc.integer({ min: 0, max: 30 }));
  fc.assert(fc.property(lines, fc.constantFrom("", "10 :half"), lengths, (some, half, pieces) => {
    const input = bytes(`${HEADER}${some.sort().map((one) => `${one}\n`).join("")}${half}`);
    assert.deepEqual(plain(inPieces(input, pieces)), plain(parseUidlist(input)));
  }));
});

Deno.test("UidlistLines finds each line by UID and by name, however they came", () => {
  const named = fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 200 });
  fc.assert(fc.property(named, fc.nat({ max: 200 }), (all, first) => {
    let last = 0;
    const entries = all.map(({ step, keys, name }) => ({ uid: uid(last += step), keys, name }));
    const lines = new UidlistLines();
    lines.append(entries.slice(0, first));
    lines.append(entries.slice(first));
    assert.deepEqual([...lines], entries);
    entries.forEach((one, row) => {
      assert.equal(lines.rowOf(one.name), row);
      assert.equal(lines.rowOfUid(one.uid), row);
    });
    assert.equal(lines.rowOfUid(last + 1), -1);
    assert.equal(lines.rowOf("/"), -1);
    assert.equal(lines.twins, 0);
  }));
});
