import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import type * as t from "io-ts";
import type { LogChange } from "../model/change.ts";
import { syncError } from "../model/error.ts";
import { flags, keywords } from "../model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../model/ids.ts";
import { INBOX, mailboxName, type MailboxStatus, type MailboxTree } from "../model/mailbox.ts";
import type { PlannedOperation, TreeOperation } from "../model/operation.ts";
import type { PlanStep } from "../model/plan.ts";
import { formatLine, parseLine } from "./json_line.ts";
import { PLAN_STEP } from "./plan_json.ts";
import {
  ATTRIBUTE,
  CHANGE,
  ERROR,
  PLANNED_OPERATION,
  RECORD,
  STATUS,
  TREE,
  TREE_OPERATION,
} from "./store_value.ts";

const GUID = mailboxGuid("0123456789abcdef0123456789abcdef");
const MODSEQ = modSeq(9_007_199_254_740_993n);
const record = {
  uid: uid(4_000_000_000),
  guid: guid('any text "äöü"\n'),
  flags: flags(0x1f),
  keywords: keywords(["Work", "$Forwarded"]),
  modSeq: MODSEQ,
};
const update: PlannedOperation = {
  _tag: "UpdateFlags",
  uid: record.uid,
  guid: record.guid,
  add: flags(1),
  remove: flags(2),
  addKeywords: ["a"],
  removeKeywords: [],
  modSeq: MODSEQ,
};
const status: MailboxStatus = {
  guid: GUID,
  uidValidity: 1,
  uidNext: 2,
  messages: 1,
  firstRecentUid: 2,
  highestModSeq: MODSEQ,
  modSeqTracked: true,
};
const problem = syncError("Damaged", "message", { mailbox: "INBOX", uid: 3, offset: 4 }, "broken");
const tree: MailboxTree = {
  nodes: [
    { _tag: "Mailbox", name: INBOX, guid: GUID },
    { _tag: "Directory", name: mailboxName("A") },
    { _tag: "Damaged", name: mailboxName("A/B") },
  ],
  subscriptions: [INBOX],
  log: [{ type: "Rename", guid: GUID, at: 1_700_000_000 }],
  problems: [problem],
};
const changes: readonly LogChange[] = [
  { _tag: "Expunged", uid: record.uid, guid: null, modSeq: MODSEQ, bySync: true },
  {
    _tag: "FlagsChanged",
    uid: record.uid,
    add: flags(1),
    remove: flags(0),
    addKeywords: [],
    removeKeywords: ["b"],
    modSeq: MODSEQ,
  },
];
const operations: readonly PlannedOperation[] = [
  { _tag: "CopyMail", from: record, uid: uid(7), keepModSeq: true },
  { _tag: "RenumberMail", uid: uid(1), guid: record.guid, newUid: uid(2), modSeq: null },
  update,
  { _tag: "Expunge", uid: uid(1), guid: record.guid },
  { _tag: "RaiseStatus", uidNext: 9, highestModSeq: MODSEQ, firstRecentUid: 9 },
];
const name = mailboxName("A");
const treeOperations: readonly TreeOperation[] = [
  { _tag: "CreateMailbox", name, guid: GUID, uidValidity: 1 },
  { _tag: "RenameMailbox", name, guid: GUID, newName: mailboxName("B") },
  { _tag: "ReidentifyMailbox", name, guid: GUID, newGuid: GUID, newUidValidity: 2 },
  { _tag: "DeleteMailbox", name, guid: GUID },
  { _tag: "Unsubscribe", name },
];
const steps: readonly PlanStep[] = [
  { _tag: "Tree", side: "left", operation: treeOperations[0]!, gone: null },
  { _tag: "Mail", side: "right", name, mailbox: GUID, operation: update },
];

const rows = <A>(title: string, type: t.Type<A, unknown>, values: readonly A[]): void =>
  Deno.test(`formatLine, parseLine: ${title} come back as they were, one line each`, () => {
    for (const value of values) {
      const line = formatLine(type)(value);
      assert.ok(!line.includes("\n"));
      assert.deepEqual(parseLine(type)(line), E.right(value));
    }
  });

rows("records", RECORD, [record]);
rows("changes", CHANGE, changes);
rows("numbers", STATUS, [status]);
rows("trees", TREE, [tree]);
rows("errors", ERROR, [problem]);
rows("operations", PLANNED_OPERATION, operations);
rows("changes of trees", TREE_OPERATION, treeOperations);
rows("attributes", ATTRIBUTE, [{ scope: "shared", key: "a", value: null }]);
rows("steps", PLAN_STEP, steps);

for (
  const line of [
    "",
    "{",
    "[]",
    "null",
    '{"uid":0}',
    '{"uid":1,"guid":"a","flags":99,"keywords":[],"modSeq":"1"}',
  ]
) {
  Deno.test(`parseLine: ${line === "" ? "nothing" : line} is Damaged`, () => {
    const end = parseLine(RECORD)(line);
    assert.ok(E.isLeft(end) && end.left._tag === "Damaged");
  });
}
