import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { mailboxGuid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import { formatSyncMemory, parseSyncMemory } from "./sync_memory.ts";

const ENDS = { left: "maildir:/a", right: "mdbox:/b" };
const uids = fc.array(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: 3 });
const guids = fc.string({
  unit: fc.constantFrom(..."0123456789abcdef"),
  minLength: 32,
  maxLength: 32,
});
const names = fc.string().map(mailboxName);
const mailboxes = fc.array(fc.tuple(
  guids.map(mailboxGuid),
  fc.record({
    name: names,
    uidValidity: fc.integer({ min: 1, max: 0xffffffff }),
    uidNext: fc.integer({ min: 1, max: 0xffffffff }),
    pendingLeft: uids,
    pendingRight: uids,
    momentLeft: fc.string(),
    momentRight: fc.string(),
  }, { noNullPrototype: true }),
)).map((entries) => new Map(entries));
const memories = fc.record({
  mailboxes,
  subscriptions: fc.option(fc.array(names), { nil: null }),
}, { noNullPrototype: true });

const tagOf = (text: string, ends = ENDS) => {
  const found = parseSyncMemory(text, ends);
  return E.isLeft(found) ? found.left._tag : "fine";
};

Deno.test("parseSyncMemory refuses what it did not write", () => {
  const text = formatSyncMemory(
    {
      mailboxes: new Map([[mailboxGuid("0".repeat(32)), {
        name: mailboxName("A"),
        uidValidity: 7,
        uidNext: 12,
        pendingLeft: [],
        pendingRight: [3],
        momentLeft: "9.2.40",
        momentRight: "",
      }]]),
      subscriptions: [mailboxName("A")],
    },
    ENDS,
  );
  assert.equal(tagOf(text), "fine");
  assert.equal(tagOf(""), "Damaged");
  assert.equal(tagOf("null"), "Damaged");
  assert.equal(tagOf("{}"), "Damaged");
  assert.equal(tagOf(text.slice(0, -9)), "Damaged");
  assert.equal(tagOf(text.replace('"uidNext":12', '"uidNext":13')), "Damaged");
  assert.equal(tagOf(text.replace('["A"]', "[]")), "Damaged");
  assert.equal(tagOf(text.replace('["A"]', "[7]")), "Damaged");
  assert.equal(tagOf(text.replace('"uidNext":12', '"uidNext":-1')), "Damaged");
  assert.equal(tagOf(text, { left: "maildir:/a", right: "mdbox:/c" }), "Unfit");
});

Deno.test("parseSyncMemory reads what a dsync of the first version wrote", () => {
  const text = formatSyncMemory({ mailboxes: new Map(), subscriptions: [mailboxName("A")] }, ENDS);
  const { checksum: _, ...content } = JSON.parse(text);
  const sha256 = "f".repeat(64);
  assert.equal(tagOf(JSON.stringify({ ...content, version: 1, checksum: sha256 })), "fine");
  assert.equal(tagOf(JSON.stringify({ ...content, version: 2, checksum: sha256 })), "Damaged");
  assert.equal(tagOf(JSON.stringify({ ...content, version: 3, checksum: sha256 })), "Damaged");
});

Deno.test("parseSyncMemory gives back what formatSyncMemory was given, either way round", () => {
  fc.assert(fc.property(memories, (memory) => {
    const text = formatSyncMemory(memory, ENDS);
    assert.deepEqual(parseSyncMemory(text, ENDS), E.right(memory));
    const turned = parseSyncMemory(text, { left: ENDS.right, right: ENDS.left });
    assert.ok(E.isRight(turned));
    assert.deepEqual(turned.right.subscriptions, memory.subscriptions);
    for (const [guid, memoryOf] of memory.mailboxes) {
      assert.deepEqual(turned.right.mailboxes.get(guid), {
        ...memoryOf,
        pendingLeft: memoryOf.pendingRight,
        pendingRight: memoryOf.pendingLeft,
        momentLeft: memoryOf.momentRight,
        momentRight: memoryOf.momentLeft,
      });
    }
  }));
});

Deno.test("parseSyncMemory never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    assert.notEqual(tagOf(text), "fine");
  }));
});
