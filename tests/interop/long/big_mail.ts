/** A mail of 1 GB passes through a pipe, in both directions, between two of ours and with a Dovecot at the other end. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";

const SIZE = 1_000_000_000;
const MOST_MIB = 300;

/** A Maildir whose INBOX holds the one mail. */
const bigAccount = (dovecot: Dovecot): Promise<Account> =>
  dovecot.account("maildir:~/Maildir", (home) => {
    for (const part of ["cur", "new", "tmp"]) {
      Deno.mkdirSync(join(home, "Maildir", part), { recursive: true });
    }
    const path = join(home, "Maildir", "cur", `1700000000.M1P1.host,S=${SIZE}:2,S`);
    using file = Deno.openSync(path, { write: true, create: true });
    const head = new TextEncoder().encode("Subject: big\n\n");
    file.writeSync(head);
    const block = new TextEncoder().encode(`${"x".repeat(79)}\n`.repeat(10_000));
    for (let left = SIZE - head.length; left > 0; left -= block.length) {
      file.writeSync(block.subarray(0, Math.min(left, block.length)));
    }
  });

type There = (dovecot: Dovecot, dsync: Dsync, account: Account) => readonly string[];

/** The command line that runs the other end. */
const ENDS: Readonly<Record<string, There>> = {
  ours: (_, dsync, account) => [
    ...["env", `DENO_DIR=${dsync.cache}`, dsync.program],
    ...dsync.args(["-o", `mail_location=${absolute(account)}`, "server"]),
  ],
  "a Dovecot": (dovecot, _, account) => [
    ...["/usr/bin/doveadm", "-c", dovecot.config],
    ...["-o", `mail_location=${absolute(account)}`, "dsync-server"],
  ],
};

for (const [end, there] of Object.entries(ENDS)) {
  for (const direction of ["there", "back"] as const) {
    judged(`a mail of 1 GB goes ${direction}; at the other end: ${end}`, async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const [full, empty] = [await bigAccount(dovecot), await dovecot.account("mdbox:~/mdbox")];
      const [left, right] = direction === "there" ? [full, empty] : [empty, full];
      const { code, stderr, peakMiB } = await dsync.measured([
        ...["-o", `mail_location=${absolute(left)}`, "mirror"],
        ...there(dovecot, dsync, right),
      ]);
      assert.deepEqual([code, stderr], [0, ""]);
      console.log(`at most ${Math.round(peakMiB)} MiB`);
      assert.ok(peakMiB < MOST_MIB, `${peakMiB} MiB`);
      const size = await dovecot.quietly(empty, ["fetch", "size.physical", "mailbox", "INBOX"]);
      const seen = await dovecot.quietly(full, ["fetch", "size.physical", "mailbox", "INBOX"]);
      assert.equal(size, seen);
    });
  }
}
