import assert from "node:assert/strict";
import { NO_LETTERS } from "../../codec/maildir_keywords.ts";
import { flags, NO_FLAGS, SEEN } from "../../model/flags.ts";
import { guid, MAX_UID, modSeq, uid } from "../../model/ids.ts";
import type { MailOperation } from "../../model/operation.ts";
import { makeOs } from "../../os/os.ts";
import { hexGuid, saveOf } from "../../testing/mails.ts";
import { endingOf } from "./listing.ts";
import type { MaildirMail } from "./mail_table.ts";
import { decideSteps, lettersFor, nameFlagsOf, type Prepared, type Standing } from "./steps.ts";

const os = makeOs();

const mailAt = (number: number): MaildirMail => ({
  uid: uid(number),
  entry: { uid: uid(number), keys: `G${hexGuid(number)}`, name: `${number}.a` },
  ending: endingOf({ name: `${number}.a:2,S`, isNew: false }),
  flags: flags(SEEN),
  keywords: ["Work"],
  modSeq: modSeq(1n),
});

const STANDING: Standing = {
  mails: new Map([1, 2].map((n) => [n, mailAt(n)])),
  uidNext: 5,
  isTaken: (base) => base === "taken",
};

const prepared = (spec: Parameters<typeof saveOf>[0]): Prepared => {
  const operation = saveOf(spec);
  const { size } = operation.mail;
  return { operation, incoming: { path: "tmp/x", size, virtualSize: size + 3 } };
};

const decide = (...batch: readonly Prepared[]) => decideSteps(os, STANDING, batch);
const tags = (...batch: readonly Prepared[]) =>
  decide(...batch).map((step) => step._tag === "Refuse" ? step.error._tag : step._tag);

const flagged = (number: number, of: string): Prepared => ({
  operation: {
    _tag: "UpdateFlags",
    uid: uid(number),
    guid: guid(of),
    add: NO_FLAGS,
    remove: flags(SEEN),
    addKeywords: ["New"],
    removeKeywords: ["work"],
    modSeq: null,
  },
});

Deno.test("decideSteps refuses UIDs that are used, not there, or no UIDs", () => {
  assert.deepEqual(tags(prepared({ uid: 4 }), prepared({ uid: 5 }), prepared({ uid: 5 })), [
    "Changed",
    "Save",
    "Changed",
  ]);
  assert.deepEqual(tags(prepared({ uid: MAX_UID + 1 })), ["Changed"]);
  assert.deepEqual(tags(flagged(1, hexGuid(9)), flagged(7, hexGuid(7))), ["Changed", "Changed"]);
});

Deno.test("decideSteps refuses a GUID that neither a line nor a name can hold", () => {
  for (const text of ["a b:c", "two\nlines", ".x y", `long ${"x".repeat(300)}`]) {
    assert.deepEqual(tags(prepared({ uid: 5, guid: text })), ["Unfit"], text);
  }
});

Deno.test("decideSteps makes the GUID the name where that says the right sizes and is free", () => {
  const rows: readonly [string, string, string][] = [
    ["right sizes", "1.M2.host,S=3,W=6", "1.M2.host,S=3,W=6 "],
    ["wrong size", "1.M2.host,S=4,W=6", "new G1.M2.host,S=4,W=6"],
    ["no sizes", "1.M2.host", "new G1.M2.host"],
    ["with a space", "with space", "with space "],
    ["hex", hexGuid(7), `new G${hexGuid(7)}`],
    ["taken", "taken", "new Gtaken"],
  ];
  for (const [title, text, expected] of rows) {
    const [step] = decide(prepared({ uid: 5, guid: text, bytes: "a\nb" }));
    assert.ok(step?._tag === "Save", title);
    const { name, keys } = step.entry;
    assert.equal(`${/^\d+\.M\d+P/.test(name) ? "new" : name} ${keys}`, expected, title);
  }
  const twice = decide(
    prepared({ uid: 5, guid: "no quoting", bytes: "a\nb" }),
    prepared({ uid: 6, guid: "no quoting", bytes: "a\nb" }),
  );
  assert.deepEqual(twice.map(({ _tag }) => _tag), ["Save", "Refuse"]);
});

Deno.test("decideSteps keeps POP3 UIDL and order in the line", () => {
  const [step, odd] = decide(
    prepared({ uid: 5, pop3Uidl: "u", pop3Order: 4 }),
    prepared({ uid: 6, pop3Uidl: "no uidl" }),
  );
  assert.ok(step?._tag === "Save" && odd?._tag === "Save");
  assert.equal(step.entry.keys, `G${hexGuid(5)} Pu O4`);
  assert.equal(odd.entry.keys, `G${hexGuid(6)}`);
});

Deno.test("decideSteps turns flags relative to what is there; an expunged mail is expunged", () => {
  const gone: MailOperation = { _tag: "Expunge", uid: uid(77), guid: guid("x") };
  const [turn, nothing] = decide(flagged(1, hexGuid(1)), { operation: gone });
  assert.ok(turn?._tag === "Turn");
  assert.equal(turn.flags, NO_FLAGS);
  assert.deepEqual(turn.keywords, ["New"]);
  assert.equal(nothing?._tag, "Nothing");
});

Deno.test("lettersFor names letters that no file has, and leaves the rest to the index", () => {
  const many = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, "0")}`);
  const steps = decide(prepared({ uid: 5, keywords: many }));
  const letters = lettersFor(NO_LETTERS, 0b1, steps);
  assert.equal(letters[0], null);
  assert.equal(letters.filter((name) => name !== null).length, 25);
  const named = nameFlagsOf(letters, NO_FLAGS, ["K00", "k29"]);
  assert.equal(named.letters, 0b10);
});
