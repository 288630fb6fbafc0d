import assert from "node:assert/strict";
import { flags } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { MailOperation } from "../model/operation.ts";
import { mailOf, recordOf } from "../testing/mails.ts";
import { parseJson, plainBytes } from "./store_frame.ts";
import { operationJson, recordJson } from "./store_json.ts";
import { OPERATIONS, RECORDS, valueOf } from "./store_value.ts";

const MODSEQ = modSeq(9_007_199_254_740_993n);
const record = {
  ...recordOf({ uid: 4_000_000_000, guid: 'any text "äöü"\n', keywords: ["Work"], flags: 0x1f }),
  modSeq: MODSEQ,
};
const mail = mailOf({ uid: 7, pop3Uidl: "x", pop3Order: 3, copies: 2 });
const GUID = guid("a");

const OPERATIONS_OF_ALL_KINDS: readonly MailOperation[] = [
  {
    _tag: "SaveMail",
    copy: { _tag: "CopyMail", from: record, uid: uid(7), keepModSeq: true },
    mail,
  },
  { _tag: "RenumberMail", uid: uid(1), guid: GUID, newUid: uid(2), modSeq: null },
  { _tag: "RenumberMail", uid: uid(1), guid: GUID, newUid: uid(2), modSeq: MODSEQ },
  {
    _tag: "UpdateFlags",
    uid: uid(1),
    guid: GUID,
    add: flags(1),
    remove: flags(2),
    addKeywords: ["a"],
    removeKeywords: [],
    modSeq: MODSEQ,
  },
  { _tag: "Expunge", uid: uid(1), guid: GUID },
  { _tag: "RaiseStatus", uidNext: 9, highestModSeq: MODSEQ, firstRecentUid: 8 },
];

Deno.test("operationJson: every operation comes back as it was, a saved mail without its body", () => {
  const told = parseJson(plainBytes(OPERATIONS_OF_ALL_KINDS.map(operationJson)));
  const { body: _, ...head } = mail;
  const [save, ...others] = OPERATIONS_OF_ALL_KINDS;
  assert.ok(save?._tag === "SaveMail");
  assert.deepEqual(valueOf(OPERATIONS, told), [
    { _tag: "SaveMail", copy: save.copy, head },
    ...others,
  ]);
});

Deno.test("recordJson: a record comes back as it was", () => {
  assert.deepEqual(valueOf(RECORDS, parseJson(plainBytes([recordJson(record)]))), [record]);
});

Deno.test("RECORDS, OPERATIONS: what is no keyword is not taken from the other end", () => {
  const names = ["x)\r\n* BYE", "Work", "ä", "a b"];
  const told = { ...recordOf({ uid: 1 }), keywords: names };
  assert.deepEqual(valueOf(RECORDS, parseJson(plainBytes([recordJson(told)])))?.[0]?.keywords, [
    "Work",
  ]);
  const update = {
    ...OPERATIONS_OF_ALL_KINDS.find(({ _tag }) => _tag === "UpdateFlags")!,
    addKeywords: names,
    removeKeywords: names,
  } as MailOperation;
  const [heard] = valueOf(OPERATIONS, parseJson(plainBytes([operationJson(update)]))) ?? [];
  assert.ok(heard?._tag === "UpdateFlags");
  assert.deepEqual([heard.addKeywords, heard.removeKeywords], [["Work"], ["Work"]]);
  assert.equal(valueOf(RECORDS, [{ ...told, modSeq: "1", keywords: [1] }]), undefined);
});
