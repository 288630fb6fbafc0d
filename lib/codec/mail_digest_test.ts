import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { flags } from "../model/flags.ts";
import { guid, uid } from "../model/ids.ts";
import { guid128Hex } from "./guid.ts";
import { bodyDigest, type DigestedMail, mailboxDigest } from "./mail_digest.ts";

const MAIL: DigestedMail = {
  uid: uid(7),
  guid: guid("1700000000.M1P2.host"),
  flags: flags(9),
  keywords: ["later", "Work"],
  more: ["1700000000", "null"],
};

const digestOf = (numbers: readonly (string | number)[], ...mails: readonly DigestedMail[]) => {
  const digest = mailboxDigest(numbers);
  mails.forEach(digest.take);
  return digest.end();
};

Deno.test("bodyDigest: SHA-256, however the bytes are cut", () => {
  const bytes = new TextEncoder().encode("Subject: x\n\nbody of a mail\n".repeat(50));
  const wanted = createHash("sha256").update(bytes).digest("hex");
  for (const size of [1, 7, 64, bytes.length]) {
    const digest = bodyDigest();
    for (let at = 0; at < bytes.length; at += size) digest.take(bytes.subarray(at, at + size));
    assert.equal(digest.end(), wanted);
  }
  assert.equal(bodyDigest().end(), createHash("sha256").digest("hex"));
});

Deno.test("mailboxDigest: the same for the same, whichever form of a GUID is known", () => {
  const short = { ...MAIL, guid: guid(guid128Hex(MAIL.guid)) };
  assert.equal(digestOf([1, "x"], MAIL), digestOf([1, "x"], short));
  assert.match(digestOf([]), /^[0-9a-f]{64}$/);
});

Deno.test("mailboxDigest: another for every field, and no field runs into the next", () => {
  const all = [
    digestOf([1, 2]),
    digestOf([12]),
    digestOf(["1", "2"]),
    digestOf([1, 2], MAIL),
    digestOf([1, 2], MAIL, MAIL),
    digestOf([1, 2], { ...MAIL, uid: uid(8) }),
    digestOf([1, 2], { ...MAIL, guid: guid("other") }),
    digestOf([1, 2], { ...MAIL, flags: flags(8) }),
    digestOf([1, 2], { ...MAIL, keywords: ["later"] }),
    digestOf([1, 2], { ...MAIL, keywords: ["later Work"] }),
    digestOf([1, 2], { ...MAIL, keywords: ["later", "work"] }),
    digestOf([1, 2], { ...MAIL, keywords: ["later"], more: ["Work", ...MAIL.more] }),
    digestOf([1, 2], { ...MAIL, more: ["1700000001", "null"] }),
    digestOf([1, 2], { ...MAIL, more: ["1700000000null"] }),
  ];
  assert.equal(new Set(all).size, all.length);
});
