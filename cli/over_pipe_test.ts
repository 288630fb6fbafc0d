/** Options between two programs of ours, one at either end of a pipe: what arrives there is what was asked for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Ended, MAIN, run } from "./_program.ts";

/** A mail in a Maildir, received at this time. */
const save = async (folder: string, name: string, body: string, time: number): Promise<void> => {
  for (const part of ["cur", "new", "tmp"]) {
    await Deno.mkdir(join(folder, part), { recursive: true });
  }
  const path = join(folder, "cur", name);
  await Deno.writeTextFile(path, `Subject: ${name}\n\n${body}\n`);
  await Deno.utime(path, time, time);
};

const NOW = Math.floor(Date.now() / 1000);
const DAY = 86_400;

/** A home with a Maildir: an old mail, a large one and one with a flag in INBOX, and one in "Sub". */
const withMails = async (use: (root: string) => Promise<void>): Promise<void> => {
  const root = await Deno.makeTempDir({ prefix: "dsync-pipe-" });
  const maildir = join(root, "Maildir");
  try {
    await save(maildir, "1000000001.old.host:2,S", "old", NOW - 100 * DAY);
    await save(maildir, "1000000002.large.host:2,S", "x".repeat(40_000), NOW);
    await save(maildir, "1000000003.flagged.host:2,F", "flagged", NOW);
    await save(join(maildir, ".Sub"), "1000000004.sub.host:2,", "sub", NOW);
    await Deno.writeTextFile(join(root, "dovecot.conf"), "mail_location = maildir:~/Maildir\n");
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

/** Runs a sync of the Maildir with a program that serves an mdbox. */
const overPipe = (root: string, ...words: readonly string[]): Promise<Ended> => {
  const server = [Deno.execPath(), "run", "-A", MAIN, "-o", `mail_location=mdbox:${root}/mdbox`];
  return run(root, ...words, ...server, "server");
};

/** Mails in each mailbox there. */
const there = async (root: string): Promise<Readonly<Record<string, number>>> => {
  const { code, stdout, stderr } = await run(root, "--json", "status", "mdbox:~/mdbox");
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  return Object.fromEntries(lines.map(({ mailbox, mails }) => [mailbox, mails]));
};

const guidOf = async (root: string, name: string): Promise<string> => {
  const { stdout } = await run(root, "--json", "status");
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line))
    .find(({ mailbox }) => mailbox === name).guid;
};

const OPTIONS: readonly (readonly [readonly string[], Readonly<Record<string, number>>])[] = [
  [["mirror", "-s", ""], { INBOX: 3, Sub: 1 }],
  [["backup", "-s", ""], { INBOX: 3, Sub: 1 }],
  [["mirror", "-t", "2weeks"], { INBOX: 2, Sub: 1 }],
  [["mirror", "-e", "2weeks"], { INBOX: 1, Sub: 0 }],
  [["mirror", "-I", "10k"], { INBOX: 2, Sub: 1 }],
  [["mirror", "-O", "\\Flagged"], { INBOX: 1, Sub: 0 }],
  [["mirror", "-O", "-\\Flagged"], { INBOX: 2, Sub: 1 }],
  [["backup", "-m", "Sub"], { INBOX: 0, Sub: 1 }],
  [["backup", "-x", "Sub"], { INBOX: 3 }],
];

for (const [words, wanted] of OPTIONS) {
  Deno.test(`two programs of ours: ${words.join(" ")}`, () =>
    withMails(async (root) => {
      const { code, stderr } = await overPipe(root, ...words);
      assert.deepEqual([code, stderr], [0, ""]);
      const found = await there(root);
      assert.deepEqual({ INBOX: 0, ...found }, wanted);
    }));
}

Deno.test("two programs of ours: -g GUID", () =>
  withMails(async (root) => {
    // A Maildir gets its GUIDs when it is first synced.
    assert.equal((await overPipe(root, "mirror", "-m", "")).code, 0);
    const { code, stderr } = await overPipe(root, "mirror", "-g", await guidOf(root, "Sub"));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(await there(root), { INBOX: 0, Sub: 1 });
  }));

for (const verb of [["mirror"], ["backup"], ["mirror", "-1"]]) {
  Deno.test(`two programs of ours: -s goes on from the state that ${verb.join(" ")} has given`, () =>
    withMails(async (root) => {
      let state = "";
      for (const [n, mails] of [3, 4, 5].entries()) {
        if (n > 0) await save(join(root, "Maildir"), `100000001${n}.new.host:2,`, "new", NOW);
        const { code, stdout, stderr } = await overPipe(root, ...verb, "-s", state);
        assert.deepEqual([code, stderr], [0, ""], `run ${n}`);
        state = stdout.trim();
        assert.match(state, /^[A-Za-z0-9+/]{40,}=*$/);
        assert.deepEqual(await there(root), { INBOX: mails, Sub: 1 });
      }
    }));
}

Deno.test("two programs of ours: what is no state is named, and all is compared", () =>
  withMails(async (root) => {
    const { code, stderr } = await overPipe(root, "mirror", "-s", "nonsense");
    assert.equal(code, 0);
    assert.match(stderr, /^dsync: [^\n]*; all is compared\n$/);
    assert.deepEqual(await there(root), { INBOX: 3, Sub: 1 });
  }));

for (
  const [words, wanted] of [
    [["mirror", "-1R"], /sh: what the other end was told to serve is not there\n$/],
    [["backup", "-R"], /what the other end was told to serve is not there\n$/],
    [["check"], /what the other end was told to serve is not there\n$/],
    [["mirror", "-1R", "-s", ""], /what the other end was told to serve is not there\n/],
    [
      ["-o", "mail_location=maildir:~/Mialdir", "mirror"],
      /maildir:~\/Mialdir: it is not there, and neither is what sh was told to serve\n$/,
    ],
  ] as const
) {
  Deno.test(`two programs of ours: what is not there is no empty account: ${words.join(" ")}`, () =>
    withMails(async (root) => {
      const program = [
        Deno.execPath(),
        "run",
        "-A",
        MAIN,
        "-o",
        `mail_location=mdbox:${root}/none`,
      ];
      const server = ["sh", "-c", 'exec "$0" "$@"', ...program, "server"];
      const { code, stderr } = await run(root, ...words, ...server);
      assert.equal(code, 1, stderr);
      assert.match(stderr, wanted);
      await assert.rejects(Deno.stat(join(root, "none")));
    }));
}
