import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { syncError } from "../model/error.ts";
import { mailboxGuid, uid } from "../model/ids.ts";
import { mailboxName } from "../model/mailbox.ts";
import { NOTHING_DONE, type SyncEvent } from "../model/report.ts";
import { comparisonLines, eventLine, failedLine, REPORT_LINE, reportLine } from "./report_json.ts";

const name = mailboxName("Entwürfe/日本");
const error = syncError("Damaged", "message", { mailbox: name, uid: 7 }, "cut off", new Error("x"));

const EVENTS: readonly SyncEvent[] = [
  {
    _tag: "TreeChanged",
    side: "left",
    operation: {
      _tag: "RenameMailbox",
      name,
      guid: mailboxGuid("00112233445566778899aabbccddeeff"),
      newName: mailboxName("New"),
    },
  },
  { _tag: "TreeChanged", side: "right", operation: { _tag: "Subscribe", name } },
  { _tag: "MailboxKept", mailbox: { name, mails: 2 } },
  { _tag: "MailboxBegun", name, messages: 3 },
  { _tag: "Progress", side: "right", name, operations: 4, bytes: 5 },
  { _tag: "MailboxDone", name, left: NOTHING_DONE, right: NOTHING_DONE },
  { _tag: "Problem", error },
];

Deno.test("REPORT_LINE: reads back every line that is written, from its JSON", () => {
  const report = {
    mailboxes: 1,
    mails: 2,
    left: NOTHING_DONE,
    right: NOTHING_DONE,
    kept: [],
    problems: [error],
  };
  const comparison = {
    mailboxes: 1,
    mails: 2,
    bytes: 0,
    findings: [{ mailbox: name, uid: uid(7), field: "flags", left: "\\Seen", right: "" }],
    digests: [{ mailbox: name, left: "00", right: "01" }],
  };
  const lines = [
    ...EVENTS.map(eventLine),
    reportLine(report, 2, "AQ=="),
    ...comparisonLines(comparison, 2),
    failedLine(error, 75),
  ];
  for (const line of lines) {
    const text = JSON.stringify(line);
    assert.ok(!text.includes("\n"));
    assert.deepEqual(REPORT_LINE.decode(JSON.parse(text)), E.right(line), text);
  }
  assert.equal(
    new Set(lines.map(({ event }) => event)).size,
    11,
    "each kind of line is among them",
  );
});

Deno.test("REPORT_LINE: what is no line is refused", () => {
  for (const wrong of [null, {}, { event: "begin" }, { event: "begin", mailbox: 1, messages: 1 }]) {
    assert.ok(E.isLeft(REPORT_LINE.decode(wrong)), JSON.stringify(wrong));
  }
});
