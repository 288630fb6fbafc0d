/** Mailbox attributes, set by `doveadm mailbox metadata`, carried over a pipe by the program: to ours, and to a Dovecot. */
import assert from "node:assert/strict";
import { absolute, type Account, type Dovecot, judged } from "../dovecot.ts";
import { type Dsync, stageDsync } from "../dsync.ts";
import type { Ended } from "../machine.ts";

const DICT = "file:~/attributes";
const SETTINGS = { mail_attribute_dict: DICT };

const set = (dovecot: Dovecot, account: Account, key: string, value: string): Promise<string> =>
  dovecot.quietly(account, ["mailbox", "metadata", "set", "INBOX", key, value], SETTINGS);

const unset = (dovecot: Dovecot, account: Account, key: string): Promise<string> =>
  dovecot.quietly(account, ["mailbox", "metadata", "unset", "INBOX", key], SETTINGS);

const KEYS = ["/private/comment", "/private/other", "/shared/vendor/x", "/shared/more"];

/** Attributes of INBOX with their values, as doveadm tells them; those that are there. */
const told = async (dovecot: Dovecot, account: Account): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const key of KEYS) {
    const words = ["mailbox", "metadata", "get", "INBOX", key];
    const value = (await dovecot.quietly(account, words, SETTINGS)).trim();
    if (value !== "") found.push(`${key} ${value}`);
  }
  return found;
};

const save = async (dovecot: Dovecot, account: Account): Promise<void> => {
  await using imap = await dovecot.imap(account);
  await imap.append("INBOX", new TextEncoder().encode("Subject: x\r\n\r\nbody\r\n"));
};

/** The settings of an account, as words of a command line; ours takes the home from them. */
const words = (account: Account): readonly string[] => [
  ...["-o", `mail_location=${absolute(account)}`],
  ...["-o", `mail_attribute_dict=${DICT.replace("~", account.home)}`],
];

type Run = (
  dovecot: Dovecot,
  dsync: Dsync,
  command: readonly string[],
  left: Account,
  right: Account,
) => Promise<Ended>;

const ourServer = (dsync: Dsync, account: Account): readonly string[] => [
  "env",
  `DENO_DIR=${dsync.cache}`,
  "DENO_NO_UPDATE_CHECK=1",
  dsync.program,
  ...dsync.args([...words(account), "server"]),
];

const doveadm = ({ config }: Dovecot, account: Account): readonly string[] => [
  "env",
  `HOME=${account.home}`,
  "/usr/bin/doveadm",
  "-c",
  config,
  ...words(account),
];

const RUNS: Readonly<Record<string, Run>> = {
  "both ends ours": (_dovecot, dsync, command, left, right) =>
    dsync.run([...words(left), ...command, ...ourServer(dsync, right)]),
  "a Dovecot there": (dovecot, dsync, command, left, right) =>
    dsync.run([...words(left), ...command, ...doveadm(dovecot, right), "dsync-server"]),
  "a Dovecot here": (dovecot, dsync, [verb, ...more], left, right) =>
    dovecot.doveadm(
      left,
      [verb === "mirror" ? "sync" : verb!, ...more, ...ourServer(dsync, right)],
      SETTINGS,
    ),
};

for (const [what, run] of Object.entries(RUNS)) {
  judged(`attributes of mailboxes are mirrored: ${what}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const left = await dovecot.account("mdbox:~/mdbox");
    const right = await dovecot.account("maildir:~/Maildir");
    const sync = async (...command: readonly string[]): Promise<void> => {
      const { code, stderr } = await run(dovecot, dsync, command, left, right);
      assert.deepEqual([code, stderr], [0, ""], command.join(" "));
    };
    const both = async (...wanted: readonly string[]): Promise<void> => {
      assert.deepEqual(await told(dovecot, left), wanted, "left");
      assert.deepEqual(await told(dovecot, right), wanted, "right");
    };
    await save(dovecot, left);
    await set(dovecot, left, "/private/comment", "hello");
    await set(dovecot, left, "/shared/vendor/x", "two\nlines\tü");
    await sync("mirror");
    await both("/private/comment hello", "/shared/vendor/x two\nlines\tü");
    await set(dovecot, right, "/private/comment", "from the right");
    await unset(dovecot, right, "/shared/vendor/x");
    await set(dovecot, left, "/private/other", "from the left");
    await sync("mirror");
    await both("/private/comment from the right", "/private/other from the left");
    await sync("mirror");
    await both("/private/comment from the right", "/private/other from the left");
  });
}

judged("backup makes the attributes of the destination those of the source", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const left = await dovecot.account("mdbox:~/mdbox");
  const right = await dovecot.account("maildir:~/Maildir");
  await save(dovecot, left);
  await set(dovecot, left, "/private/comment", "hello");
  for (const [what, run] of Object.entries(RUNS)) {
    if (what === "a Dovecot there") continue;
    const { code, stderr } = await run(dovecot, dsync, ["backup"], left, right);
    assert.deepEqual([code, stderr], [0, ""], what);
    assert.deepEqual(await told(dovecot, right), ["/private/comment hello"], what);
    await set(dovecot, right, "/private/comment", "changed there");
    await set(dovecot, right, "/shared/more", "only there");
  }
  const { code, stderr } = await dsync.run([
    ...words(right),
    ...["backup", "-R", ...doveadm(dovecot, left), "dsync-server"],
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await told(dovecot, right), ["/private/comment hello"]);
});

judged(
  "backup from a saved state: what the state has in common is not deleted",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const left = await dovecot.account("mdbox:~/mdbox");
    const right = await dovecot.account("maildir:~/Maildir");
    await save(dovecot, left);
    const here = RUNS["a Dovecot here"]!;
    const first = await here(dovecot, dsync, ["backup", "-s", ""], left, right);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    await save(dovecot, left);
    const state = new TextDecoder().decode(first.stdout).trim();
    const { code } = await here(dovecot, dsync, ["backup", "-s", state], left, right);
    // A Dovecot says by it that it must run again without the state.
    assert.equal(code, 2);
    const count = (): Promise<string> =>
      dovecot.quietly(right, ["mailbox", "status", "messages", "INBOX"]);
    assert.match(await count(), /messages=1/);
    const again = await here(dovecot, dsync, ["backup"], left, right);
    assert.deepEqual([again.code, again.stderr], [0, ""]);
    assert.match(await count(), /messages=2/);
  },
);
