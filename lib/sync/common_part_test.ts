import assert from "node:assert/strict";
import { NO_FLAGS } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { findCommonPart, type MailHistory } from "./common_part.ts";

const hex = (name: string): string => name.charCodeAt(0).toString(16).padStart(32, "0");

/** A mail: its UID and a letter for its GUID, as `1a`. */
const record = (text: string): MailRecord => ({
  uid: uid(Number.parseInt(text)),
  guid: guid(hex(text.replace(/[0-9]/g, ""))),
  flags: NO_FLAGS,
  keywords: [],
  modSeq: modSeq(1n),
});

const list = (text: string): readonly MailRecord[] =>
  text === "" ? [] : text.split(" ").map(record);

/** A side: its mails, those that its users removed, those that a sync expunged, and those that its users saved lately. */
const side = (
  mails: string,
  removed = "",
  bySync = "",
  saves = "",
  unreadable: readonly number[] = [],
): MailHistory => {
  const gone = (text: string) => new Map(list(text).map((one) => [one.uid as number, one.guid]));
  return {
    records: list(mails),
    expunged: new Map([...gone(removed), ...gone(bySync)]),
    removed: gone(removed),
    complete: true,
    pending: new Set(),
    unreadable: new Set(unreadable),
    saves: new Set(list(saves).map((one) => one.uid)),
  };
};

const names = (records: readonly MailRecord[]): string =>
  records.map((one) => `${one.uid}${String.fromCharCode(parseInt(one.guid, 16))}`).join(" ");

const TABLE: readonly (readonly [
  name: string,
  left: MailHistory,
  right: MailHistory,
  lastCommonUid: number,
  gone: readonly [string, string],
  fresh: readonly [string, string],
])[] = [
  ["nothing of two empty sides", side(""), side(""), 0, ["", ""], ["", ""]],
  ["an expunge below the last common mail", side("1a 3c", "2b"), side("1a 2b 3c"), 3, ["", "2b"], [
    "",
    "",
  ]],
  [
    "a mail that one side's users removed above a contradiction",
    side("1a 2b 4d", "3c"),
    side("1a 2x 3c 4d"),
    1,
    ["", "3c"],
    ["2b 4d", "2x 4d"],
  ],
  [
    "no mail above it that has another GUID",
    side("1a 2b", "3c"),
    side("1a 2x 3d"),
    1,
    ["", ""],
    ["2b", "2x 3d"],
  ],
  [
    "no mail above it that a sync has given another UID",
    side("1a 2b 9c", "", "3c"),
    side("1a 2x 3c"),
    1,
    ["", ""],
    ["2b 9c", "2x 3c"],
  ],
  [
    "a copy that one side's users saved where the other's expunged a copy of their own",
    side("1a 2a", "", "", "2a"),
    side("1a", "2a", "", "2a"),
    1,
    ["", ""],
    ["2a", ""],
  ],
  [
    "a mail that one side has and cannot read, though its log has forgotten much",
    { ...side("1a 3c", "", "", "", [2]), complete: false },
    side("1a 2b 3c"),
    3,
    ["", ""],
    ["", ""],
  ],
  [
    "a mail that one side's users saved, a sync carried over, and the other's expunged",
    side("1a 2b", "", "", "2b"),
    side("1a", "2b"),
    2,
    ["2b", ""],
    ["", ""],
  ],
  [
    "a mail that one side has and does not show, though its log has forgotten much",
    { ...side("1a 3c"), hidden: list("2b"), complete: false },
    side("1a 2b 3c"),
    3,
    ["", ""],
    ["", ""],
  ],
  [
    "such a mail at another UID of the other side, where there is no common part",
    { ...side("1x"), hidden: list("2b") },
    side("1b"),
    0,
    ["", ""],
    ["1x", ""],
  ],
  [
    "another mail at the UID of one that is not shown",
    { ...side("1a"), hidden: list("2b") },
    side("1a 2c"),
    1,
    ["", ""],
    ["", "2c"],
  ],
  [
    "such a copy above a contradiction",
    side("1a 2x 3a", "", "", "2x 3a"),
    side("1a", "2a 3a", "", "2a 3a"),
    1,
    ["", ""],
    ["2x 3a", ""],
  ],
];

for (const [name, left, right, lastCommonUid, gone, fresh] of TABLE) {
  Deno.test(`findCommonPart: ${name}, either way round`, () => {
    const part = findCommonPart(left, right, { equalBelow: Infinity });
    assert.equal(part.lastCommonUid, lastCommonUid);
    assert.deepEqual([names(part.expungeLeft), names(part.expungeRight)], gone);
    assert.deepEqual([names(part.newLeft), names(part.newRight)], fresh);
    const turned = findCommonPart(right, left, { equalBelow: Infinity });
    assert.deepEqual([names(turned.expungeRight), names(turned.expungeLeft)], gone);
    assert.deepEqual([names(turned.newRight), names(turned.newLeft)], fresh);
  });
}

Deno.test("findCommonPart: a mail that somebody keeps is new where it still is", () => {
  const [left, right] = [side("1a 2b 3c"), side("1a 3c", "2b")];
  const asked: string[] = [];
  const keeps = ({ uid }: MailRecord, where: string) => {
    asked.push(`${uid} ${where}`);
    return true;
  };
  const part = findCommonPart(left, right, { keeps });
  assert.deepEqual(asked, ["2 left"]);
  assert.deepEqual([names(part.expungeLeft), names(part.newLeft)], ["", "2b"]);
  const turned = findCommonPart(right, left, { keeps: (_, where) => where === "left" });
  assert.deepEqual([names(turned.expungeRight), names(turned.newRight)], ["2b", ""]);
});
