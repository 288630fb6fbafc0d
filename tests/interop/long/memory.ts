import assert from "node:assert/strict";
import { join } from "node:path";
import { bulkAccount } from "../../sample/bulk.ts";
import { writeMaildir } from "../../sample/maildir.ts";
import { compareViews } from "../compare.ts";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";
import { view } from "../view.ts";

const bulk = (dovecot: Dovecot, mails: number, bytes: number): Promise<Account> =>
  dovecot.account("maildir:~/Maildir", (home) => {
    const account = bulkAccount({ seed: 61, mails, mailboxes: 5, bytes });
    writeMaildir(account, join(home, "Maildir"), { layout: "maildir++", dovecotFiles: "full" });
  });

/** Backs up and gives the highest resident memory of the process, in MiB. */
const peak = async (dsync: Dsync, from: Account, to: Account): Promise<number> => {
  const args = ["-o", `mail_location=${absolute(from)}`, "backup", absolute(to)];
  const { code, stderr, peakMiB } = await dsync.measured(args);
  assert.deepEqual([code, stderr], [0, ""]);
  return peakMiB;
};

judged("20,000 mails convert with memory that does not grow with their bytes", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const peaks: number[] = [];
  for (const bytes of [1000, 20_000]) {
    const source = await bulk(dovecot, 20_000, bytes);
    const there = await dovecot.account("mdbox:~/mdbox");
    const back = await dovecot.account("maildir:~/Maildir");
    peaks.push(await peak(dsync, source, there), await peak(dsync, there, back));
    if (bytes === 1000) {
      const expected = await view(dovecot, source);
      assert.deepEqual(compareViews(expected, await view(dovecot, there)), []);
      assert.deepEqual(compareViews(expected, await view(dovecot, back)), []);
    }
    for (const { home } of [source, there, back]) await Deno.remove(home, { recursive: true });
  }
  const [smallThere, smallBack, bigThere, bigBack] = peaks as [number, number, number, number];
  const told = `peaks in MiB: ${peaks.join(", ")}`;
  // 362 MiB more mail; what the collector leaves lying about varies by some dozens.
  assert.ok(bigThere < smallThere + 128 && bigBack < smallBack + 128, told);
  assert.ok(Math.max(...peaks) < 400, told);
});
