/** What a session cannot do, said clearly: names that it cannot tell, and ends that say nothing. */
import assert from "node:assert/strict";
import { mailboxGuid } from "../../../lib/model/ids.ts";
import { mailboxName } from "../../../lib/model/mailbox.ts";
import { makeOs } from "../../../lib/os/os.ts";
import { openMdbox } from "../../../lib/store/mdbox/mdbox_store.ts";
import { run } from "../../../lib/testing/content.ts";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";
import { oursLeads } from "./histories.ts";

const save = async (dovecot: Dovecot, account: Account): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", new TextEncoder().encode("Subject: x\r\n\r\nbody\r\n"));
};

judged(
  "a name with control characters stays here, is named, and stops nothing",
  async (dovecot) => {
    const ours = await dovecot.account("mdbox:~/mdbox");
    const theirs = await dovecot.account("maildir:~/Maildir");
    await save(dovecot, ours);
    const store = await run(openMdbox(makeOs(), { root: `${ours.home}/mdbox`, create: false }));
    const name = mailboxName("Bell\u0007");
    const guid = mailboxGuid("00112233445566778899aabbccddeeff");
    await run(
      store.applyTree({ _tag: "CreateMailbox", name, guid, uidValidity: 1_700_000_000 }),
    );
    await store.close();
    await dovecot.machine.own(ours.home);
    for (const _ of ["first", "again"]) {
      const { code, stderr } = await oursLeads(dovecot).sync("mirror", ours, theirs);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /"mailbox":"Bell.u0007".*control characters/);
    }
    const told = await dovecot.quietly(theirs, ["mailbox", "status", "messages", "*"]);
    assert.equal(told.trim(), "INBOX messages=1");
    const kept = await run(openMdbox(makeOs(), { root: `${ours.home}/mdbox`, create: false }));
    const { nodes } = await run(kept.tree);
    assert.ok(nodes.some((node) => node._tag === "Mailbox" && node.guid === guid));
    await kept.close();
  },
);

/** Runs a mirror with a program that is no dsync; gives how it ended and how long it took. */
const withProgram = async (dsync: Dsync, account: Account, script: string) => {
  const start = Date.now();
  const { code, stderr } = await dsync.run([
    ...["-o", `mail_location=${absolute(account)}`, "-T", "2"],
    ...["mirror", "sh", "-c", script, "x", "server"],
  ]);
  return { code, stderr, seconds: (Date.now() - start) / 1000 };
};

const HELLO = String.raw`printf 'VERSION\tdsync\t3\t5\n'`;

judged("a program at the other end that hangs, dies or talks nonsense", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const account = await dovecot.account("mdbox:~/mdbox");
  await save(dovecot, account);
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ["says nothing", "sleep 100", /2 s|silent|answer/],
    ["hangs in its hello", `${HELLO}; sleep 100`, /2 s|silent|answer/],
    ["ignores that its input ends", "trap '' TERM; sleep 100", /2 s|silent|answer/],
    ["ends at once", "true", /cut off/],
    ["fails, and says why", "echo no such user >&2; exit 67", /no such user[^]*67/],
    ["is no dsync", "echo Welcome to this host", /Welcome to this host/],
    ["never ends a line", "yes | tr -d '\\n'", /line|bytes/],
  ];
  await Promise.all(rows.map(async ([title, script, wanted]) => {
    const { code, stderr, seconds } = await withProgram(dsync, account, script);
    assert.ok(code === 1 || code > 2, `${title}: exit ${code}, ${stderr}`);
    assert.match(stderr, wanted, title);
    assert.ok(seconds < 30, `${title}: ${seconds} s`);
    assert.doesNotMatch(stderr, /at file:|defect/, title);
  }));
  const left = await dovecot.quietly(account, ["mailbox", "status", "messages", "INBOX"]);
  assert.equal(left.trim(), "INBOX messages=1");
});

judged("--hold is refused where a Dovecot at the other end takes mail away", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const ours = await dovecot.account("mdbox:~/mdbox");
  const theirs = await dovecot.account("maildir:~/Maildir");
  for (const account of [ours, theirs]) await save(dovecot, account);
  const sync = (...words: readonly string[]) =>
    dsync.run([
      ...["-o", `mail_location=${absolute(ours)}`, ...words],
      ...["env", `HOME=${theirs.home}`, "USER=nobody", "doveadm", "-c", dovecot.config],
      ...["-o", `mail_location=${absolute(theirs)}`, "dsync-server"],
    ]);
  const hold = `${ours.home}/held`;
  for (const words of [["mirror"], ["-1", "mirror"], ["backup"]]) {
    const { code, stderr } = await sync(...words, "--hold", hold);
    assert.equal(code, 1, `${words.join(" ")}: ${stderr}`);
    assert.match(stderr, /^dsync: --hold: .*cannot be held/m);
  }
  const kept = await dovecot.quietly(theirs, ["mailbox", "status", "messages", "INBOX"]);
  assert.equal(kept.trim(), "INBOX messages=1");
  const { code, stderr } = await sync("backup", "-R", "--hold", hold);
  assert.deepEqual([code, stderr], [0, ""]);
});
