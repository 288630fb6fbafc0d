import assert from "node:assert/strict";
import type { MailChange } from "../codec/dsync_wire_item.ts";
import { EMPTY_HEADER_HASH } from "../codec/header_hash.ts";
import { NO_FLAGS, NO_KEYWORDS } from "../model/flags.ts";
import { guid, mailboxGuid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { byHeaderHash, type ToldMails, withOwnGuids } from "./by_header_hash.ts";
import type { MergeSide } from "./merge_mailbox.ts";
import { changesToTell } from "./wire_mailbox.ts";

const A = "a".repeat(32);
const B = "b".repeat(32);

/** Mails of one end: UID, GUID, hash. */
type Mails = readonly (readonly [number, string, string])[];

const sideOf = (mails: Mails): MergeSide => ({
  status: {
    guid: mailboxGuid(A),
    uidValidity: 1,
    uidNext: 100,
    messages: mails.length,
    firstRecentUid: 1,
    highestModSeq: modSeq(9n),
    modSeqTracked: true,
  },
  records: mails.map(([at, id]): MailRecord => ({
    uid: uid(at),
    guid: guid(id),
    flags: NO_FLAGS,
    keywords: NO_KEYWORDS,
    modSeq: modSeq(1n),
  })),
  changes: [{ _tag: "Expunged", uid: uid(50), guid: guid(B), modSeq: modSeq(5n), bySync: false }],
  complete: true,
  pending: new Set(),
  saves: new Set(),
  unreadable: new Set(),
});

const toldBy = (mails: Mails): readonly MailChange[] =>
  changesToTell(sideOf(mails), { uid: 0, modSeq: modSeq(0n) }, {
    receivedAt: new Map(),
    expungedReceivedAt: null,
    virtualSize: new Map(),
    headerHash: new Map(mails.map(([at, , hash]) => [at, hash])),
  });

const toldOf = (ours: Mails, theirs: Mails): ToldMails => ({
  side: sideOf(ours),
  ours: toldBy(ours),
  theirs: toldBy(theirs),
});

/** The UIDs at which both ends have one mail. */
const same = (ours: Mails, theirs: Mails, workaround = false): readonly number[] => {
  const told = byHeaderHash(toldOf(ours, theirs), workaround);
  const mine = new Map(told.side.records.map((record) => [record.uid, record.guid]));
  return told.theirs.filter(({ uid: at, guid: id, type }) => type === "s" && mine.get(at) === id)
    .map((change) => change.uid);
};

Deno.test("byHeaderHash: one mail where UID and hash are one, whatever the GUIDs", () => {
  assert.deepEqual(same([[1, "x", A], [2, "y", A]], [[1, "z", A], [3, "y", A]]), [1]);
  assert.deepEqual(same([[1, "x", A]], [[1, "x", B]]), []);
});

Deno.test("byHeaderHash: an empty hash of the peer's says nothing, nor one of no header if so agreed", () => {
  assert.deepEqual(same([[1, "x", A]], [[1, "z", ""]]), [1]);
  assert.deepEqual(same([[1, "x", A]], [[1, "z", EMPTY_HEADER_HASH]]), []);
  assert.deepEqual(same([[1, "x", A]], [[1, "z", EMPTY_HEADER_HASH]], true), [1]);
});

Deno.test("byHeaderHash: nobody knows whose mail an expunge was; the order is hash, then UID", () => {
  const { side, theirs } = byHeaderHash(
    toldOf([[9, "x", B], [10, "y", A], [11, "y", B]], [[1, "z", A]]),
    false,
  );
  assert.deepEqual(
    side.changes.map((change) => change._tag === "Expunged" && change.guid),
    [null],
  );
  assert.deepEqual(theirs.filter(({ type }) => type === "e").map(({ guid: id }) => id), [null]);
  assert.deepEqual(
    [...side.records].sort((a, b) => a.guid < b.guid ? -1 : 1).map((record) =>
      record.uid as number
    ),
    [10, 9, 11],
  );
});

Deno.test("withOwnGuids: a plan names mails as their own ends do, also those that it moves", () => {
  const told = toldOf([[1, "x", A]], [[2, "z", B]]);
  const { side: { records: [mine] }, theirs: [theirs] } = byHeaderHash(told, false);
  const plan = withOwnGuids([
    {
      _tag: "CopyMail",
      from: { ...mine!, uid: theirs!.uid, guid: theirs!.guid! },
      uid: uid(2),
      keepModSeq: true,
    },
    { _tag: "RenumberMail", uid: uid(1), guid: mine!.guid, newUid: uid(100), modSeq: null },
    { _tag: "Expunge", uid: uid(100), guid: mine!.guid },
  ], told);
  assert.deepEqual(
    plan.map((one) => one._tag === "CopyMail" ? one.from.guid : "guid" in one ? one.guid : null),
    ["z", "x", "x"],
  );
});
