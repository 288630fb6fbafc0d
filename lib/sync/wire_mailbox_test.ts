import assert from "node:assert/strict";
import { sameGuid } from "../codec/guid.ts";
import { mailboxGuid, modSeq } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { numbersOf } from "../run/session_options.ts";
import { recordOf } from "../testing/mails.ts";
import type { MergeSide } from "./merge_mailbox.ts";
import { toldSinceCommon } from "./wire_mailbox.ts";

const sideOf = (records: readonly MailRecord[]): MergeSide => ({
  status: {
    guid: mailboxGuid("1".repeat(32)),
    uidValidity: 7,
    uidNext: records.length + 1,
    messages: records.length,
    firstRecentUid: 1,
    highestModSeq: records.at(-1)!.modSeq,
    modSeqTracked: true,
  },
  records,
  changes: [],
  complete: false,
  pending: new Set(),
  saves: new Set(),
  unreadable: new Set(),
});

Deno.test("toldSinceCommon: a mailbox with more mails than a call can have arguments", () => {
  const records = Array.from({ length: 300_000 }, (_, i) => recordOf({ uid: i + 1 }));
  const own = sideOf(records);
  const common = { uid: records.length, modSeq: modSeq(1n) };
  const sides = toldSinceCommon(own, numbersOf(own.status), [], common, sameGuid);
  assert.ok("theirs" in sides);
  assert.deepEqual(sides.theirs.records, records);
});
