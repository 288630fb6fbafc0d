import assert from "node:assert/strict";
import { flags } from "../model/flags.ts";
import { guid, modSeq, uid } from "../model/ids.ts";
import type { MailRecord } from "../model/mail.ts";
import { guid128Hex } from "./guid.ts";
import { type ModSeqs, stretchDigest } from "./stretch_digest.ts";

const MAIL: MailRecord = {
  uid: uid(7),
  guid: guid("1700000000.M1P2.host"),
  flags: flags(9),
  keywords: ["later", "Work"],
  modSeq: modSeq(5n),
};

const TRACKED: ModSeqs = { areTracked: true, highest: modSeq(9n) };

const digestOf = (mail: Partial<MailRecord> = {}, modSeqs = TRACKED): string =>
  stretchDigest([{ ...MAIL, ...mail }], modSeqs);

Deno.test("stretchDigest: the same for the same, whichever form of a GUID is known", () => {
  assert.match(digestOf(), /^[0-9a-f]{32}$/);
  assert.equal(digestOf({ guid: guid(guid128Hex(MAIL.guid)) }), digestOf());
  assert.equal(digestOf({ guid: guid(guid128Hex(MAIL.guid).toUpperCase()) }), digestOf());
});

Deno.test("stretchDigest: another for every field, and no field runs into the next", () => {
  const all = [
    digestOf(),
    digestOf({ uid: uid(8) }),
    digestOf({ guid: guid("1700000000.M1P3.host") }),
    digestOf({ flags: flags(8) }),
    digestOf({ modSeq: modSeq(6n) }),
    digestOf({ keywords: [] }),
    digestOf({ keywords: ["later"] }),
    digestOf({ keywords: ["later", "work"] }),
    digestOf({ keywords: ["later,Work"] }),
    digestOf({ keywords: ['later","Work'] }),
    stretchDigest([MAIL, MAIL], TRACKED),
    stretchDigest([], TRACKED),
  ];
  assert.equal(new Set(all).size, all.length);
});

Deno.test("stretchDigest: a mail without a MODSEQ of its own counts as having the highest", () => {
  const none: ModSeqs = { ...TRACKED, areTracked: false };
  const highest = digestOf({ modSeq: TRACKED.highest });
  assert.equal(digestOf({}, none), highest);
  assert.notEqual(digestOf(), highest);
});
