import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleAccount } from "../sample/account.ts";
import { writeDemoMaildir } from "../sample/demo_maildir.ts";
import { type MaildirShape, writeMaildir, type Written } from "../sample/maildir.ts";
import { judged } from "./dovecot.ts";
import { type View, view } from "./view.ts";

type Row = readonly [title: string, location: string, write: (home: string) => Written];

const generated = (shape: (home: string) => MaildirShape) => (home: string): Written => {
  const made = shape(home);
  const wish = { seed: 11, mails: 120, dots: made.layout === "fs" };
  return writeMaildir(sampleAccount(wish), join(home, "Maildir"), made);
};

const ROWS: readonly Row[] = [
  ["the demo", "maildir:~/Maildir", (home) => writeDemoMaildir(join(home, "Maildir"))],
  [
    "Maildir++",
    "maildir:~/Maildir",
    generated(() => ({ layout: "maildir++", dovecotFiles: "full" })),
  ],
  [
    "LAYOUT=fs with CONTROL= and INDEX=",
    "maildir:~/Maildir:LAYOUT=fs:CONTROL=~/control:INDEX=~/index",
    generated((home) => ({ layout: "fs", dovecotFiles: "full", control: join(home, "control") })),
  ],
  [
    "a foreign Maildir",
    "maildir:~/Maildir",
    generated(() => ({ layout: "maildir++", dovecotFiles: "none" })),
  ],
  [
    "a stale uidlist",
    "maildir:~/Maildir",
    generated(() => ({ layout: "maildir++", dovecotFiles: "stale" })),
  ],
];

const count = (seen: View): number =>
  [...seen.mailboxes.values()].reduce((sum, box) => sum + box.mails.size, 0);

for (const [title, location, write] of ROWS) {
  judged(`Dovecot takes the sample as its own: ${title}`, async (dovecot) => {
    let written: Written | null = null;
    const account = await dovecot.account(location, (home) => {
      written = write(home);
    });
    const seen = await view(dovecot, account);
    assert.deepEqual(seen.complaints, []);
    assert.equal(count(seen), written!.mails);
    assert.equal(seen.mailboxes.size, written!.mailboxes);
  });
}
