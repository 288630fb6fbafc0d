import assert from "node:assert/strict";
import { compareViews } from "./compare.ts";
import { textOfBytes } from "../../lib/codec/byte_text.ts";
import { makeOs } from "../../lib/os/os.ts";
import { absolute, type Account, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import type { Ended } from "./machine.ts";
import { filledAccount, writtenMaildir } from "./stores.ts";
import { treeChanges, treeOf } from "./tree.ts";
import { view } from "./view.ts";

const MDBOX = "mdbox:~/mdbox";

for (const dovecotFiles of ["none", "stale"] as const) {
  judged(
    `backup gives the UIDs that Dovecot would give: ${
      dovecotFiles === "none" ? "a foreign Maildir" : "a stale uidlist"
    }`,
    async (dovecot) => {
      const dsync = await stageDsync(dovecot);
      const size = { seed: 71, mails: 150 };
      const source = await writtenMaildir(dovecot, "maildir:~/Maildir", size, dovecotFiles);
      const before = await view(dovecot, source);
      const to = await dovecot.account(MDBOX);
      const { code, stderr } = await dsync.sync("backup", source, to);
      assert.deepEqual([code, stderr], [0, ""]);

      // Where there was no dovecot-uidlist, identities are made up: by Dovecot on the copy before, by dsync in the source.
      const identity = dovecotFiles !== "none";
      const after = await view(dovecot, source);
      assert.deepEqual(
        compareViews(before, after, { identity, modSeq: "ignore", recent: true }),
        [],
      );
      assert.deepEqual(compareViews(after, await view(dovecot, to), { recent: true }), []);

      const settled = [treeOf(source.home), treeOf(to.home)] as const;
      assert.equal((await dsync.sync("backup", source, to)).code, 0);
      assert.deepEqual(treeChanges(settled[0], treeOf(source.home)), []);
      assert.deepEqual(treeChanges(settled[1], treeOf(to.home)), []);
    },
  );
}

judged(
  "backup mends the names that a Maildir++ cannot hold, the same each time",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const source = await filledAccount(dovecot, MDBOX, { seed: 72, mails: 60 });
    const to = await dovecot.account("maildir:~/Maildir");
    const first = await dsync.sync("backup", source, to);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    const expected = await view(dovecot, source);
    const seen = await view(dovecot, to);
    assert.deepEqual(seen.complaints, []);
    for (const [name, box] of expected.mailboxes) {
      const mended = seen.mailboxes.get(name.replaceAll(".", "_"));
      assert.deepEqual(mended?.guid, box.guid, name);
      assert.deepEqual([...mended.mails.keys()], [...box.mails.keys()], name);
    }
    const settled = treeOf(to.home);
    const second = await dsync.sync("backup", source, to);
    assert.deepEqual([second.code, second.stderr], [0, ""]);
    assert.deepEqual(treeChanges(settled, treeOf(to.home)), []);
  },
);

judged("backup -R carries the second location into the first", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const to = await dovecot.account("mdbox:~/mdbox");
  const source = await filledAccount(dovecot, "maildir:~/Maildir", { seed: 73, mails: 60 });
  const { code, stderr } = await dsync.sync("backup", to, source, "-R");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(compareViews(await view(dovecot, source), await view(dovecot, to)), []);
});

const SUBSCRIBED: Readonly<Record<string, string>> = {
  "a last line without LF": "INBOX\nWork\nArchive",
  "the same in version 2": "V\t2\n\nINBOX\nWork\nArchive",
  "no modified UTF-7, and other spellings of INBOX":
    "V\t2\n\nInbox\nInbox\tchild\na&b\nEntwürfe\nWork\nWork\n",
  "the same in version 1": "inbox\nInbox.child\na&b\nEntwürfe\nWork\nWork\n",
};

for (const [title, text] of Object.entries(SUBSCRIBED)) {
  judged(`a mirror has the subscriptions that Dovecot lists: ${title}`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const from = await dovecot.account("maildir:~/Maildir", (home) => {
      for (const part of ["cur", "new", "tmp"]) {
        Deno.mkdirSync(`${home}/Maildir/.Work/${part}`, { recursive: true });
        Deno.mkdirSync(`${home}/Maildir/${part}`, { recursive: true });
      }
      Deno.writeTextFileSync(`${home}/Maildir/subscriptions`, text);
    });
    const to = await dovecot.account(MDBOX);
    for (let run = 1; run <= 2; run++) {
      const { code, stderr } = await dsync.sync("mirror", from, to);
      assert.deepEqual([code, stderr], [0, ""]);
    }
    assert.equal(Deno.readTextFileSync(`${from.home}/Maildir/subscriptions`), text);
    const [one, two] = [await view(dovecot, from), await view(dovecot, to)];
    assert.deepEqual([...one.subscriptions].sort(), [...two.subscriptions].sort());
    assert.ok(one.subscriptions.includes("Work"));
  });
}

judged(
  "a second mirror writes nothing, whatever names the other side cannot hold",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const from = await dovecot.account(MDBOX);
    const names = ["a.b", "a_b", "Dr. Smith", "p/new/x", "p/cur", "x.y/z"];
    const made = await dovecot.doveadm(from, ["mailbox", "create", "-s", ...names]);
    assert.equal(made.code, 0);
    for (const location of ["maildir:~/Maildir", "maildir:~/Maildir:LAYOUT=fs"]) {
      const to = await dovecot.account(location);
      const first = await dsync.sync("mirror", from, to, "-v");
      assert.deepEqual([first.code, first.stderr], [0, ""], location);
      const subscriptions = (await view(dovecot, from)).subscriptions;
      const settled = [treeOf(from.home), treeOf(to.home)] as const;
      for (const [one, two] of [[from, to], [to, from]] as const) {
        const again = await dsync.sync("mirror", one, two, "-v");
        assert.deepEqual([again.code, again.stderr], [0, ""], location);
        assert.deepEqual(treeChanges(settled[0], treeOf(from.home)), [], location);
        assert.deepEqual(treeChanges(settled[1], treeOf(to.home)), [], location);
      }
      assert.deepEqual([...subscriptions].sort(), [...names].sort());
    }
  },
);

/** Names that are no UTF-8, two of them the same but for one byte of that, and what a line or a word could end at. */
const BYTE_NAMES = [
  "1000000023.caf\udce9",
  "1000000023.caf\udce8",
  "1000000024.é",
  "1000000025.a b\tc",
];

judged(
  "mails with names that are no UTF-8 keep their GUIDs, as Dovecot shows them",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const maildir = await dovecot.account("maildir:~/Maildir", (home) => {
      const { disk } = makeOs();
      for (const part of ["cur", "new", "tmp"]) disk.mkdir(`${home}/Maildir/${part}`);
      for (const [i, name] of BYTE_NAMES.entries()) {
        disk.create(`${home}/Maildir/cur/${name}:2,S`, [
          new TextEncoder().encode(`Subject: ${i}\n\n`),
        ]);
      }
    });
    const told = async (account: Account): Promise<string> => {
      const fields = ["-f", "flow", "fetch", "uid guid hdr.subject", "all"];
      const { code, stdout, stderr } = await dovecot.doveadm(account, fields);
      assert.deepEqual([code, stderr], [0, ""]);
      return textOfBytes(stdout);
    };
    const wanted = await told(maildir);
    for (const name of BYTE_NAMES) assert.ok(wanted.includes(name), JSON.stringify(wanted));
    const done = { code: 0, stderr: "" };
    const [mdbox, there, back] = [
      await dovecot.account(MDBOX),
      await dovecot.account(MDBOX),
      await dovecot.account("maildir:~/Maildir"),
    ];
    const server = ["env", `HOME=${there.home}`, "/usr/bin/doveadm", "-c", dovecot.config];
    const runs: readonly (readonly [Account, () => Promise<Ended>])[] = [
      [mdbox, () => dsync.sync("backup", maildir, mdbox)],
      [back, () => dsync.sync("backup", mdbox, back)],
      [
        there,
        () =>
          dsync.run([
            ...["-o", `mail_location=${absolute(maildir)}`, "mirror", ...server],
            ...["-o", `mail_location=${absolute(there)}`, "dsync-server"],
          ]),
      ],
    ];
    for (const [account, go] of runs) {
      const { code, stderr } = await go();
      assert.deepEqual({ code, stderr }, done, account.location);
      assert.equal(await told(account), wanted);
      assert.deepEqual(await told(maildir), wanted);
    }
  },
);
