import assert from "node:assert/strict";
import { judged } from "./dovecot.ts";
import { goldenAccount } from "./stores.ts";
import { view, type ViewMail } from "./view.ts";

interface ExpectedMail {
  readonly uid: number;
  readonly guid: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  readonly modseq: number;
  readonly received: number;
  readonly sizeVirtual: number;
  readonly sha256Lf: string;
}

interface ExpectedMailbox {
  readonly status: Readonly<Record<string, number | string>>;
  readonly messages: readonly ExpectedMail[];
}

interface Expected {
  readonly subscribed: readonly string[];
  readonly mailboxes: Readonly<Record<string, ExpectedMailbox>>;
}

const expected = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/dovecot-store/expected.json", import.meta.url)),
) as Record<"maildir" | "mdbox", Expected>;

const words = (mail: ExpectedMail): string =>
  [...mail.flags, ...mail.keywords].map((word) => word.toLowerCase()).sort().join(" ");

const plain = (uid: number, mail: ViewMail) => ({
  uid,
  guid: mail.guid,
  flags: mail.flags,
  modSeq: Number(mail.modSeq),
  received: mail.received,
  size: mail.size,
  sha256: mail.sha256,
});

for (const format of ["maildir", "mdbox"] as const) {
  judged(`view of the ${format} that Dovecot left is what Dovecot said then`, async (dovecot) => {
    const seen = await view(dovecot, await goldenAccount(dovecot, format));
    assert.deepEqual(seen.complaints, []);
    const { mailboxes, subscribed } = expected[format];
    assert.deepEqual(seen.subscriptions, [...subscribed].sort());
    assert.deepEqual([...seen.mailboxes.keys()].sort(), Object.keys(mailboxes).sort());
    for (const [name, { status, messages }] of Object.entries(mailboxes)) {
      const box = seen.mailboxes.get(name)!;
      assert.deepEqual(
        [box.guid, box.uidValidity, box.uidNext, box.unseen, box.size],
        [
          status["guid"],
          status["uidvalidity"],
          status["uidnext"],
          status["unseen"],
          status["vsize"],
        ],
        name,
      );
      assert.equal(Number(box.highestModSeq), status["highestmodseq"], name);
      assert.deepEqual(
        [...box.mails].map(([uid, mail]) => plain(uid, mail)),
        messages.map((mail) => ({
          uid: mail.uid,
          guid: mail.guid,
          flags: words(mail),
          modSeq: mail.modseq,
          received: mail.received,
          size: mail.sizeVirtual,
          sha256: mail.sha256Lf,
        })),
        name,
      );
    }
  });
}
