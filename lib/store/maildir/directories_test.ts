import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { mailboxName } from "../../model/mailbox.ts";
import { modSeq, uid } from "../../model/ids.ts";
import { UidlistLines } from "../../codec/maildir_uidlist_lines.ts";
import { failureOf, summary } from "../../os/_failure.ts";
import { makeOs } from "../../os/os.ts";
import type { Os } from "../../port/os.ts";
import { fromArray } from "../../stream/chunks.ts";
import type { Fetched } from "../../port/store.ts";
import { fetchMails, MailReader, SMALL_MAIL } from "./fetch.ts";
import { mailboxPaths, type MaildirLocation } from "./layout.ts";
import { endingOf, Listing, listMailFiles } from "./listing.ts";
import { findMailboxes, rootKind } from "./mailbox_tree.ts";
import type { MaildirMail } from "./mail_table.ts";
import { NO_FLAGS } from "../../model/flags.ts";

const os = makeOs();

const toByte = (char: string): number => char.charCodeAt(0);

/** A directory with these files (path, text); a path that ends in "/" is a directory. */
const inTree = (
  claim: string,
  paths: Readonly<Record<string, string>>,
  body: (root: string) => void | Promise<void>,
): void =>
  Deno.test(claim, async () => {
    const root = await Deno.makeTempDir();
    try {
      for (const [path, text] of Object.entries(paths)) {
        const directory = path.slice(0, path.lastIndexOf("/") + 1);
        await Deno.mkdir(`${root}/${directory}`, { recursive: true });
        if (!path.endsWith("/")) await Deno.writeTextFile(`${root}/${path}`, text);
      }
      await body(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });

inTree("listMailFiles tells what is no mail and leaves it", {
  "cur/.hidden": "",
  "cur/:2,S": "",
  "cur/line\nend": "",
  "cur/folder/": "",
  "cur/1.a:2,S": "",
  "cur/2.b:2,": "",
  "new/2.b": "x",
  "new/3.c": "",
}, (root) => {
  const { unlisted, problems } = listMailFiles(os, root);
  assert.deepEqual([...unlisted.keys()].sort(), ["1.a", "2.b", "3.c"]);
  assert.equal(unlisted.get("3.c")!.isNew, true);
  assert.deepEqual(problems.map(({ what }) => what).sort(), [
    "a directory lies among the mails",
    "another file has the same base name",
    "the file name has a line end in it",
    "the file name has nothing before the colon",
  ]);
});

inTree("listMailFiles takes a missing directory for an empty one", {}, (root) => {
  assert.equal(listMailFiles(os, `${root}/none`).unlisted.size, 0);
});

inTree("listMailFiles takes no missing cur/ for an empty one where lines tell of mails", {
  "new/2.b": "",
}, (root) => {
  const lines = new UidlistLines();
  lines.append([{ uid: uid(1), keys: "", name: "1.a" }]);
  const error = failureOf(() => listMailFiles(os, root, new Listing(lines)));
  assert.deepEqual(summary(error), ["Damaged", `${root}/cur`, null]);
});

const PLUS: Readonly<Record<string, string>> = {
  "cur/": "",
  ".A.B/cur/": "",
  ".Entw&APw-rfe/": "",
  ".Entwürfe/": "",
  ".INBOX/cur/": "",
  ".inbox/": "",
  "..DOVECOT-TRASHED/cur/": "",
  ".file": "",
  "plain/cur/": "",
};

inTree("findMailboxes sees in a Maildir++ what Dovecot lists", PLUS, (root) => {
  const found = findMailboxes(os, { root, layout: "maildir++" });
  assert.deepEqual(found.mailboxes, ["A/B", "Entwürfe", "INBOX"]);
  assert.deepEqual(found.directories, ["A"]);
  assert.deepEqual(found.problems.map(({ where }) => where.path), [`${root}/.Entwürfe`]);
});

inTree("findMailboxes leaves a dot directory out that holds what is no mail", {
  "cur/": "",
  ".ssh/id": "",
  ".mozilla/firefox/tmp/": "",
  ".Empty/": "",
  ".Fresh/tmp/": "",
  ".Listed/dovecot-uidlist": "",
  ".Listed/notes.txt": "",
  ".New/new/": "",
  ".New/notes.txt": "",
  ".Old/cur/": "",
  ".Old/notes.txt": "",
}, (root) => {
  const found = findMailboxes(os, { root, layout: "maildir++" });
  assert.deepEqual(found.mailboxes, ["Empty", "Fresh", "INBOX", "Listed", "New", "Old"]);
  assert.deepEqual(found.problems, []);
});

inTree("findMailboxes goes down directories with LAYOUT=fs, and round no circle", {
  "cur/": "",
  "A/B/cur/": "",
  "A/new/x/": "",
  "A.B/tmp/": "",
  "INBOX/x/cur/": "",
}, async (root) => {
  await Deno.symlink(root, `${root}/A/circle`);
  const found = findMailboxes(os, { root, layout: "fs" });
  assert.deepEqual(found.mailboxes, ["A/B", "INBOX", "INBOX/x"]);
  assert.deepEqual(found.directories, ["A", "A.B"]);
});

inTree("findMailboxes keeps the names of what cannot be reached", {
  "cur/": "",
  ".A/new/": "",
  ".loop/": "",
  ".new/": "",
  ".new/dovecot-uidlist": `3 V7 N1 G${"a".repeat(32)}\n`,
  ".lost/dovecot-uidlist": `3 V7 N2 G${"a".repeat(32)}\n1 :1.a\n`,
  ".file": "",
}, async (root) => {
  await Deno.symlink("nowhere", `${root}/.A/cur`);
  await Deno.symlink("nowhere", `${root}/.B.C`);
  await Deno.symlink("nowhere", `${root}/.INBOX`);
  await Deno.symlink("cur", `${root}/.loop/cur`);
  await Deno.symlink(".file", `${root}/.sieve`);
  await Deno.symlink("nowhere", `${root}/.dovecot.sieve`);
  const found = findMailboxes(os, { root, layout: "maildir++" });
  assert.deepEqual(found.damaged, ["A", "B/C", "loop", "lost"]);
  assert.deepEqual(found.mailboxes, ["INBOX", "new"]);
  assert.deepEqual(found.directories, ["B"]);
  assert.deepEqual(found.problems.map(({ _tag, where }) => [_tag, where.mailbox]).sort(), [
    ["Damaged", "A"],
    ["Damaged", "B/C"],
    ["Damaged", "lost"],
    ["Io", "loop"],
  ]);
});

inTree("rootKind tells a Maildir from nothing and from something else", {
  "maildir/cur/": "",
  "folders/.A/cur/": "",
  "nested/A/B/cur/": "",
  "notmuch/A/B/cur/": "",
  "notmuch/A/.DS_Store": "",
  "notmuch/.notmuch/xapian/postlist.glass": "",
  "notmuch/.mbsyncstate": "",
  "mdbox/mailboxes/": "",
  "empty/": "",
  "file": "",
  "new/subscriptions": "",
  "new/.Sent/": "",
  "new/.sent.old/dovecot-uidlist": "",
  "new/.dovecot.sieve": "",
  "new/dsync.lock": "",
  "new/dsync-stage.1/owner": "",
  "home/.ssh/id": "",
  "home/.config/app/settings": "",
  "docs/Documents/": "",
  "notes/notes.txt": "",
  "mixed/.A/cur/": "",
  "mixed/.mozilla/firefox/": "",
  "mixed/Documents/x/notes.txt": "",
  "deep/A/B/cur/": "",
  "deep/A/notes.txt": "",
  "names/A/B/": "",
}, (root) => {
  const kind = (at: string, layout: MaildirLocation["layout"]) =>
    rootKind(os, { root: `${root}/${at}`, layout });
  assert.equal(kind("maildir", "maildir++"), "maildir");
  assert.equal(kind("folders", "maildir++"), "maildir");
  assert.equal(kind("nested", "fs"), "maildir");
  assert.equal(kind("nested", "maildir++"), "foreign");
  assert.equal(kind("notmuch", "fs"), "maildir");
  assert.equal(kind("new", "maildir++"), "empty");
  for (const home of ["home", "docs", "notes", "mixed"]) {
    assert.equal(kind(home, "maildir++"), "foreign", home);
  }
  for (const home of ["home", "notes", "mixed", "deep"]) {
    assert.equal(kind(home, "fs"), "foreign", home);
  }
  assert.equal(kind("names", "fs"), "empty");
  const apart = { root: `${root}/apart`, layout: "maildir++" } as const;
  Deno.mkdirSync(`${root}/apart/state/control`, { recursive: true });
  assert.equal(rootKind(os, apart), "foreign");
  assert.equal(rootKind(os, { ...apart, control: `${root}/apart/state/control` }), "empty");
  assert.equal(kind("mdbox", "fs"), "foreign");
  assert.equal(kind("empty", "fs"), "empty");
  assert.equal(kind("file", "fs"), "foreign");
  assert.equal(kind("none", "fs"), "missing");
});

Deno.test("mailboxPaths knows where INBOX, CONTROL and INDEX lie", () => {
  const apart = {
    root: "/r",
    layout: "maildir++",
    index: "/i",
    control: "/c",
    inbox: "/b",
  } as const;
  assert.deepEqual(mailboxPaths(apart, mailboxName("INBOX")), {
    mail: "/b",
    control: "/c/.INBOX",
    index: "/i/.INBOX",
  });
  assert.equal(mailboxPaths(apart, mailboxName("Ä/b")).mail, "/r/.&AMQ-.b");
  const nested = { root: "/r", layout: "fs", index: "/i" } as const;
  assert.deepEqual(mailboxPaths(nested, mailboxName("A/B.C")), {
    mail: "/r/A/B.C",
    control: "/r/A/B.C",
    index: "/i/A/B.C",
  });
  assert.throws(() => mailboxPaths(nested, mailboxName("../x")));
});

const mailIn = (number: number, name: string): MaildirMail => ({
  uid: uid(number),
  entry: { uid: uid(number), keys: number === 1 ? "P O3" : "", name: name.replace(/:.*/, "") },
  ending: endingOf({ name, isNew: false }),
  flags: NO_FLAGS,
  keywords: [],
  modSeq: modSeq(1n),
});

const fetchAll = async (root: string, mails: readonly MaildirMail[]): Promise<Fetched[]> => {
  const byUid = new Map(mails.map((mail) => [mail.uid as number, mail]));
  const all: Fetched[] = [];
  const wanted = fromArray(mails.map((mail) => mail.uid), 2);
  for await (const chunk of fetchMails(new MailReader(os, root), (one) => byUid.get(one), wanted)) {
    for (const fetched of chunk) {
      if (fetched._tag === "Mail") {
        const pieces: Uint8Array[] = [];
        for await (const piece of fetched.mail.body) pieces.push(piece.slice());
        all.push({ _tag: "Mail", mail: { ...fetched.mail, body: pieces } });
      } else all.push(fetched);
    }
  }
  return all;
};

inTree("fetchMails loses what is gone, no file, or cannot be decompressed, and goes on", {
  "cur/2.b:2,/": "",
  "cur/4.d:2,": "still there",
}, async (root) => {
  await Deno.writeFile(`${root}/cur/3.c,S=500:2,`, Uint8Array.of(0x1f, 0x8b, 8, 0));
  await Deno.writeFile(`${root}/cur/5.e:2,`, Uint8Array.of(0x1f, 0x8b, 8, 0));
  await Deno.symlink("nowhere", `${root}/cur/7.g:2,`);
  await Deno.writeFile(`${root}/cur/6.f,S=9:2,`, Uint8Array.from("BZh91AY&SY", toByte));
  const names = ["1.a:2,", "2.b:2,", "3.c,S=500:2,", "4.d:2,", "5.e:2,", "6.f,S=9:2,", "7.g:2,"];
  const fetched = await fetchAll(root, names.map((name, i) => mailIn(i + 1, name)));
  assert.deepEqual(fetched.map((one) => one._tag === "Mail" ? "Mail" : one.error._tag), [
    "Changed",
    "Damaged",
    "Damaged",
    "Mail",
    "Unsupported",
    "Unsupported",
    "Damaged",
  ]);
  assert.ok(fetched.every((one) => one._tag === "Mail" || one.error.scope === "message"));
});

inTree("fetchMails gives compressed mails as clients see them", {}, async (root) => {
  const small = new TextEncoder().encode("Subject: small\n\nsmall\n");
  let seed = 1;
  const large = new Uint8Array(SMALL_MAIL * 2)
    .map(() => (seed = Math.imul(seed, 1103515245) + 12345 | 0) >>> 16);
  await Deno.mkdir(`${root}/cur`);
  const names = [`1.a,S=${small.length}:2,`, `2.b,S=${large.length}:2,`, "3.c,S=0:2,"];
  for (const [i, plain] of [small, large, new Uint8Array(0)].entries()) {
    await Deno.writeFile(`${root}/cur/${names[i]}`, gzipSync(plain, { level: 1 }));
  }
  const stored = await Deno.stat(`${root}/cur/${names[1]}`);
  assert.ok(stored.size > SMALL_MAIL, "it is a stream where it is stored, too");
  const fetched = await fetchAll(root, names.map((name, i) => mailIn(i + 1, name)));
  for (const [i, plain] of [small, large, new Uint8Array(0)].entries()) {
    const one = fetched[i]!;
    assert.ok(one._tag === "Mail");
    assert.equal(one.mail.size, plain.length);
    assert.ok(Buffer.concat(one.mail.body as Uint8Array[]).equals(plain));
  }
});

inTree("fetchMails reads a mail that was renamed meanwhile, with all that its file tells", {
  "cur/1.a:2,FS": "x\n",
}, async (root) => {
  await Deno.utime(`${root}/cur/1.a:2,FS`, 1_000_000_000, 1_000_000_000);
  await Deno.link(`${root}/cur/1.a:2,FS`, `${root}/copy`);
  const [one] = await fetchAll(root, [mailIn(1, "1.a:2,S")]);
  assert.ok(one?._tag === "Mail");
  const { receivedAt, savedAt, size, copies, pop3Uidl, pop3Order, guid } = one.mail;
  assert.deepEqual([receivedAt, size, copies, pop3Uidl, pop3Order, guid], [
    1_000_000_000,
    2,
    2,
    "1.a",
    3,
    "1.a",
  ]);
  assert.ok(Math.abs(savedAt! - Date.now() / 1000) < 60);
});

inTree("fetchMails lists a mailbox again only where something has happened to it", {
  "cur/300.a:2,S": "x\n",
}, async (root) => {
  let visits = 0;
  const visit: Os["files"]["visit"] = (path, use) => {
    visits++;
    return os.files.visit(path, use);
  };
  // Later, so that what has just been made is not so young that it could change again at the same time.
  const later: Os = {
    ...os,
    now: () => Date.now() + 60_000,
    files: { ...os.files, visit },
  };
  const reader = new MailReader(later, root);
  const tags = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => mailIn(from + i, `${from + i}.a:2,`))
      .map((mail) => reader.read(mail)._tag);
  assert.deepEqual(tags(1, 300), Array(299).fill("Lost"));
  assert.equal(visits, 2);
  assert.deepEqual(tags(300, 302), ["Mail", "Lost"]);
  assert.equal(visits, 2);
  await Deno.writeTextFile(`${root}/cur/301.a:2,F`, "y\n");
  assert.deepEqual(tags(301, 303), ["Mail", "Lost"]);
  assert.equal(visits, 4);
  reader.release();
});

inTree("fetchMails streams a large mail in pieces, byte for byte", {}, async (root) => {
  await Deno.mkdir(`${root}/cur`);
  const bytes = new Uint8Array(SMALL_MAIL * 2 + 17).map((_, i) => i * 31);
  await Deno.writeFile(`${root}/cur/1.a:2,`, bytes);
  const [one] = await fetchAll(root, [mailIn(1, "1.a:2,")]);
  assert.ok(one?._tag === "Mail" && Array.isArray(one.mail.body));
  const pieces = one.mail.body as Uint8Array<ArrayBuffer>[];
  assert.ok(pieces.length > 2);
  assert.deepEqual(new Uint8Array(await new Blob(pieces).arrayBuffer()), bytes);
});

const MANY = Array.from({ length: 600 }, (_, i) => `${1000 + i}.many:2,`);

inTree(
  "fetchMails has the next mails brought nearer where reading takes long",
  Object.fromEntries(MANY.map((name) => [`cur/${name}`, `Subject: ${name}\n`])),
  async (root) => {
    const mails = MANY.map((name, i) => mailIn(i + 1, name));
    const byUid = new Map(mails.map((mail) => [mail.uid as number, mail]));
    for (const msALook of [0, 1_000]) {
      const ahead: number[] = [];
      let now = 0;
      const slow: Os = {
        ...os,
        now: () => now += msALook,
        files: {
          ...os.files,
          readAhead: (paths) => {
            ahead.push(paths.length);
            return os.files.readAhead!(paths);
          },
        },
      };
      const subjects: string[] = [];
      const wanted = fromArray(mails.map((mail) => mail.uid));
      const reader = new MailReader(slow, root);
      for await (const chunk of fetchMails(reader, (one) => byUid.get(one), wanted)) {
        for (const fetched of chunk) {
          assert.equal(fetched._tag, "Mail");
          if (fetched._tag !== "Mail") continue;
          for await (const piece of fetched.mail.body) {
            subjects.push(new TextDecoder().decode(piece));
          }
        }
      }
      assert.deepEqual(subjects, MANY.map((name) => `Subject: ${name}\n`));
      // Of the first chunk nobody knows yet.
      assert.deepEqual(ahead, msALook === 0 ? [] : [256, 88]);
    }
  },
);
