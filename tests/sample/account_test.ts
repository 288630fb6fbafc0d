import assert from "node:assert/strict";
import { sampleAccount, type SampleMail } from "./account.ts";
import { SMALL_KINDS } from "./mails.ts";

const wish = { seed: 3, mails: 600, dots: true } as const;

Deno.test("sampleAccount gives the same account for the same seed, and another for another", () => {
  const flat = (seed: number): readonly (readonly [SampleMail, Uint8Array])[] =>
    sampleAccount({ ...wish, seed, mails: 60 }).mailboxes.flatMap((box) =>
      box.mails.map((mail) => [{ ...mail, bytes: () => new Uint8Array() }, mail.bytes()] as const)
    );
  const plain = (seed: number): string =>
    JSON.stringify(flat(seed).map(([mail, bytes]) => [mail, [...bytes]]));
  assert.equal(plain(3), plain(3));
  assert.notEqual(plain(3), plain(4));
});

Deno.test("sampleAccount has all that the conversions are asked for", () => {
  const { mailboxes } = sampleAccount(wish);
  const mails = mailboxes.flatMap((box) => box.mails);
  const names = new Set(mailboxes.map((box) => box.name));
  const claims: readonly (readonly [string, boolean])[] = [
    ["every small kind", SMALL_KINDS.every((kind) => mails.some((mail) => mail.kind === kind))],
    ["26 keywords", new Set(mails.flatMap((mail) => mail.keywords)).size === 26],
    ["a gap of UIDs", mailboxes.some((box) => box.uidNext > box.mails.length + 1)],
    ["UIDs above 2^31", mails.some((mail) => mail.uid > 2 ** 31)],
    ["mails in new/", mails.some((mail) => mail.isNew)],
    ["copies", mails.some((mail) => mail.copyOf !== null)],
    [
      "two mails of one GUID in one mailbox",
      mailboxes.some((box) => box.mails.some((mail) => mail.copyOf?.mailbox === box.name)),
    ],
    [
      "explicit GUIDs",
      mails.some((mail) => mail.guid !== null && !/^[0-9a-f]{32}$/.test(mail.guid)),
    ],
    ["POP3 UIDLs", mails.some((mail) => mail.pop3 !== null)],
    ["a \\NoSelect parent", names.has("Projects/dsync/β & γ") && !names.has("Projects")],
    ["dotted names", names.has("lists.debian.org/v1.2")],
    ["an empty mailbox", mailboxes.some((box) => box.mails.length === 0)],
    ["a name that is not NFC", [...names].some((name) => name.normalize("NFC") !== name)],
    ["1999", mails.some((mail) => mail.received === 946684799)],
  ];
  for (const [claim, holds] of claims) assert.ok(holds, claim);
  for (const box of mailboxes) {
    const uids = box.mails.map((mail) => mail.uid);
    assert.ok(uids.every((uid, i) => uid > (uids[i - 1] ?? 0) && uid < box.uidNext), box.name);
  }
});
