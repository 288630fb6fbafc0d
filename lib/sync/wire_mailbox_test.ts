import assert from "node:assert/strict";
import { sameGuid } from "../codec/guid.ts";
import { guid, mailboxGuid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { numbersOf } from "../run/session_options.ts";
import { recordOf } from "../testing/mails.ts";
import type { MergeSide } from "./merge_mailbox.ts";
import { changesToTell, toldSinceCommon } from "./wire_mailbox.ts";

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

const EXPUNGED_AT: readonly (readonly [string, number | null, number | null])[] = [
  ["no dates count", null, null],
  ["a date within the filter", 1_640_995_200, 1_640_995_200],
  ["zero would not be told", 0, 1],
];

for (const [title, expungedReceivedAt, told] of EXPUNGED_AT) {
  Deno.test(`changesToTell: an expunge and when its mail was received: ${title}`, () => {
    const expunged = {
      _tag: "Expunged",
      uid: uid(1),
      guid: guid("1".repeat(32)),
      modSeq: modSeq(5n),
      bySync: false,
    } as const;
    const more = {
      receivedAt: new Map([[2, 7]]),
      expungedReceivedAt,
      virtualSize: new Map(),
      headerHash: null,
    };
    const side = { records: [recordOf({ uid: 2 })], changes: [expunged] };
    const changes = changesToTell(side, { uid: 0, modSeq: modSeq(0n) }, more);
    assert.deepEqual(changes.map(({ type, receivedAt }) => [type, receivedAt]), [
      ["e", told],
      ["s", 7],
    ]);
  });
}
