import assert from "node:assert/strict";
import { flags, keywords } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { MailChange } from "../codec/dsync_wire_item.ts";
import { recordOf } from "../testing/mails.ts";
import { changesToTell, type MailFilter } from "./wire_mailbox.ts";
import { hidesMails, withOutside } from "./wire_outside.ts";

const OPEN: MailFilter = { since: null, until: null, maxSize: null, flag: null };
const UNSEEN: MailFilter = { ...OPEN, flag: "-\\Seen" };
const NOTHING_COMMON = { uid: 0, modSeq: modSeq(0n) };
const SEEN = 0x08;

const toldBy = (mails: readonly (readonly [at: number, flags: number])[]): readonly MailChange[] =>
  changesToTell(
    { records: mails.map(([at, bits]) => recordOf({ uid: at, flags: bits })), changes: [] },
    NOTHING_COMMON,
  );

const expungeAt = (at: number): readonly MailChange[] =>
  changesToTell({
    records: [],
    changes: [{
      _tag: "Expunged",
      uid: uid(at),
      guid: guid("1".repeat(32)),
      modSeq: modSeq(5n),
      bySync: false,
    }],
  }, NOTHING_COMMON);

/** A list of changes in few words: a save or an expunge, its UID, "!" for \\Seen, and whose mail it is. */
const list = (words: string): readonly MailChange[] =>
  words.split(" ").filter((word) => word !== "").map((word) => {
    const [, type, at, seen, whose] = /^([se])(\d+)(!?)(\w?)$/.exec(word)!;
    const told = type === "e"
      ? expungeAt(Number(at))
      : toldBy([[Number(at), seen === "!" ? SEEN : 0]]);
    return { ...told[0]!, guid: guid(`${at}${whose}`.padStart(32, "a")) };
  });

const ROWS: readonly (readonly [
  title: string,
  told: string,
  theirs: string,
  uidNext: number,
  added: readonly number[],
])[] = [
  ["nothing there", "s2", "", 1, []],
  ["a mail outside of the filter, below a common one", "s2", "s1! s2", 3, [1]],
  ["one that came into the filter since", "s2", "s1 s2", 3, [1]],
  ["above the last common mail nothing is added", "s1", "s1 s2! s3", 4, []],
  ["another mail is at its UID here", "s1 s2", "s1!b s2", 3, []],
  ["above two mails at one UID nothing is common", "s1 s2b s4", "s1 s2c s3! s4", 5, []],
  ["it was expunged here", "e1 s2", "s1! s2", 3, []],
  ["it was expunged there", "s2", "e1 s2", 3, []],
  ["an expunged mail is common, too", "e3", "s1! s3", 4, [1]],
  ["what is expunged there is common", "s2", "s1! e2 s3", 4, [1]],
  ["another mail was expunged there", "s2b s4", "s1! e2c s3 s4", 5, []],
  ["what the filter leaves out is not compared with what is gone", "s2!b s4", "s1! e2c s4", 5, [1]],
  ["below what is new here nothing is common", "s4", "s1!", 3, []],
  ["nobody knows where a mail went", "s2 s4", "s1! s4", 5, [1]],
];

for (const [title, told, theirs, uidNext, added] of ROWS) {
  Deno.test(`withOutside: ${title}`, () => {
    const own = list(told);
    const heard = { numbers: { uidNext }, theirs: list(theirs) };
    const changes = withOutside(own, heard, UNSEEN);
    const more = changes.filter((change) => !own.includes(change));
    assert.deepEqual(more.map(({ type, uid }) => `${type}${uid}`), added.map((at) => `s${at}`));
    assert.deepEqual(changes.map(({ uid }) => uid), changes.map(({ uid }) => uid).sort());
  });
}

Deno.test("withOutside: a mail that is here at another UID is not told twice", () => {
  const [moved, common] = list("s5 s4");
  const [there] = list("s1!");
  const theirs = [{ ...there!, guid: moved!.guid }, common!];
  const own = [common!, moved!];
  assert.deepEqual(withOutside(own, { numbers: { uidNext: 5 }, theirs }, UNSEEN), own);
});

Deno.test("withOutside: a mail is told with what it has, and no change of it", () => {
  const record = recordOf({ uid: 1, flags: SEEN, keywords: ["new", "old"] });
  const theirs = changesToTell({
    records: [record],
    changes: [{
      _tag: "FlagsChanged",
      uid: record.uid,
      add: flags(SEEN),
      remove: flags(0x02),
      addKeywords: keywords(["new", "gone"]),
      removeKeywords: keywords(["less"]),
      modSeq: modSeq(7n),
    }],
  }, NOTHING_COMMON);
  const above = toldBy([[2, 0]]);
  const heard = { numbers: { uidNext: 3 }, theirs: [...theirs, ...above] };
  const [echo] = withOutside(above, heard, UNSEEN);
  assert.deepEqual(echo, {
    ...theirs[0]!,
    addFlags: null,
    removeFlags: null,
    keywordChanges: ["=new", "=old"],
  });
});

Deno.test("hidesMails: with a Dovecot, both ways, from no common state, under a filter", () => {
  const session = {
    peer: { isOurs: false },
    rules: { flow: "both" as const },
    filter: UNSEEN,
  };
  assert.ok(hidesMails(session, NOTHING_COMMON));
  assert.ok(!hidesMails({ ...session, peer: { isOurs: true } }, NOTHING_COMMON));
  assert.ok(!hidesMails({ ...session, rules: { flow: "out" } }, NOTHING_COMMON));
  assert.ok(!hidesMails({ ...session, filter: OPEN }, NOTHING_COMMON));
  assert.ok(!hidesMails(session, { uid: 1, modSeq: modSeq(1n) }));
});
