/** A mirror with a Dovecot whose connection ends while mails are on their way: the next runs lose none of them. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { stageDsync } from "../dsync.ts";

const append = async (
  dovecot: Dovecot,
  account: Account,
  ...subjects: readonly string[]
): Promise<void> => {
  await using imap = await dovecot.imap(account);
  for (const subject of subjects) {
    const text = `Subject: ${subject}\r\n\r\n${"x".repeat(300)}\r\n`;
    await imap.append("INBOX", new TextEncoder().encode(text));
  }
};

const subjects = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> => {
  const told = await dovecot.quietly(account, ["-f", "tab", "fetch", "hdr.subject", "ALL"]);
  return told.trim().split("\n").slice(1).sort();
};

const OURS = ["o1", "o2", "o3", "o4", "o5"];

/** Passes on so many bytes of what comes in, then ends; adds their number to a file. */
const LIMITER = `
const [limit, counted] = [Number(Deno.args[0]), Deno.args[1]];
let count = 0;
for await (const chunk of Deno.stdin.readable) {
  const part = chunk.subarray(0, limit - count);
  for (let at = 0; at < part.length;) at += Deno.stdout.writeSync(part.subarray(at));
  count += part.length;
  if (count === limit) break;
}
Deno.writeTextFileSync(counted, count + "\\n", { append: true });
Deno.exit();
`;

/** Of the bytes that the other end gets in a whole session it gets so many. */
const SHARES = [0.55, 0.7, 0.8, 0.9, 0.97];

for (const theirLocation of ["mdbox:~/mdbox", "maildir:~/Maildir"]) {
  judged(`a mirror with ${theirLocation} that breaks off loses no mail`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const limiter = `${dsync.home}/limiter.js`;
    const counted = `${dsync.home}/counted`;
    Deno.writeTextFileSync(limiter, LIMITER);
    /** Runs a mirror in which the other end gets `limit` bytes in each session at most. */
    const mirror = (ours: Account, theirs: Account, limit = 1e9) => {
      const server = `/usr/bin/doveadm -c ${dovecot.config} -o ` +
        `mail_location=${absolute(theirs)} dsync-server`;
      const script =
        `${dsync.program} run -A --no-config ${limiter} ${limit} ${counted} | ${server}`;
      const from = ["-o", `mail_location=${absolute(ours)}`];
      return dsync.run([...from, "mirror", "sh", "-c", script, "x", "server"]);
    };
    const begun = async (): Promise<readonly [Account, Account]> => {
      const ours = await dovecot.account("maildir:~/Maildir");
      const theirs = await dovecot.account(theirLocation);
      await append(dovecot, ours, "first");
      const whole = await mirror(ours, theirs);
      assert.equal(whole.code, 0, whole.stderr);
      // Both sides get mail at the same UIDs: all of it has to move.
      await append(dovecot, ours, ...OURS);
      await append(dovecot, theirs, "t1");
      return [ours, theirs];
    };
    const [a, b] = await begun();
    Deno.writeTextFileSync(counted, "");
    const whole = await mirror(a, b);
    assert.equal(whole.code, 0, whole.stderr);
    const bytes = Number(Deno.readTextFileSync(counted).split("\n")[0]);
    let broken = 0;
    for (const share of SHARES) {
      const [ours, theirs] = await begun();
      const first = await mirror(ours, theirs, Math.floor(bytes * share));
      if (first.code !== 0) broken++;
      for (const run of ["second", "third"]) {
        const { code, stderr } = await mirror(ours, theirs);
        assert.equal(code, 0, `${run}: ${stderr}`);
      }
      const all = ["first", ...OURS, "t1"].sort();
      assert.deepEqual(await subjects(dovecot, ours), all, `ours, cut at ${share}`);
      assert.deepEqual(await subjects(dovecot, theirs), all, `theirs, cut at ${share}`);
    }
    assert.ok(broken >= 4, `only ${broken} runs broke off`);
  });
}
