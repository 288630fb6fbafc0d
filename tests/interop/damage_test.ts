import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { type Account, type Dovecot, judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";
import { filledAccount } from "./stores.ts";
import { type View, view } from "./view.ts";

/** Where in the view the damage lies: a mailbox, or one mail of it. */
interface Where {
  readonly mailbox: string;
  readonly uid: number | null;
}

/** Damage to a source that was backed up before. */
interface Row {
  readonly title: string;
  readonly location: string;
  /** Does it; gives the mailbox (and mail) that it hits and what standard error must name. */
  readonly damage: (home: string, seen: View) => { readonly where: Where; readonly says: RegExp };
}

const filesIn = (directory: string): string[] =>
  [...Deno.readDirSync(directory)].map(({ name }) => join(directory, name)).sort();

const overwrite = (path: string, at: number, bytes: Uint8Array): void => {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
};

/** Where in storage/ the record with a GUID begins. */
const recordOf = (
  storage: string,
  guid: string,
): { readonly path: string; readonly at: number } => {
  for (const path of filesIn(storage).filter((file) => /m\.\d+$/.test(file))) {
    const bytes = Buffer.from(Deno.readFileSync(path));
    for (let at = bytes.indexOf("\n") + 1; at < bytes.length;) {
      const metadata = at + 30 + parseInt(bytes.toString("latin1", at + 13, at + 29), 16);
      const end = bytes.indexOf("\n\n", metadata) + 2;
      if (bytes.toString("latin1", metadata, end).includes(`\nG${guid}\n`)) return { path, at };
      at = end;
    }
  }
  throw new Error(`no record of ${guid}`);
};

/**
 * Where the record in the middle of an index log begins. A log has a header of 40 bytes; a record begins with its size
 * divided by 4 in seven bits of each of four bytes, the highest bit of each set.
 */
const middleRecord = (path: string): number => {
  const bytes = Deno.readFileSync(path);
  let at = 40;
  while (at < bytes.length / 2) {
    const size = bytes.subarray(at, at + 4).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0) * 4;
    assert.ok(size >= 8, `${path} at ${at}`);
    at += size;
  }
  return at;
};

const uidOf = (seen: View, mailbox: string, guid: string): number => {
  for (const [uid, mail] of seen.mailboxes.get(mailbox)!.mails) if (mail.guid === guid) return uid;
  throw new Error(`no ${guid} in ${mailbox}`);
};

const MAILDIR = "maildir:~/Maildir";
const MDBOX = "mdbox:~/mdbox";

const ROWS: readonly Row[] = [
  {
    title: "a Maildir file that may not be read",
    location: MAILDIR,
    damage: (home, seen) => {
      const path = filesIn(join(home, "Maildir", ".Entw&APw-rfe", "cur"))[0]!;
      Deno.chmodSync(path, 0o000);
      const base = path.slice(path.lastIndexOf("/") + 1).replace(/:2,.*$/, "");
      const uid = uidOf(seen, "Entwürfe", base);
      return { where: { mailbox: "Entwürfe", uid }, says: new RegExp(`Entwürfe, UID ${uid}`) };
    },
  },
  {
    title: "a Maildir folder that may not be read",
    location: MAILDIR,
    damage: (home) => {
      Deno.chmodSync(join(home, "Maildir", ".Entw&APw-rfe", "cur"), 0o000);
      return { where: { mailbox: "Entwürfe", uid: null }, says: /Entwürfe|Entw&APw-rfe/ };
    },
  },
  {
    title: "a Maildir folder whose cur/ is a symlink to a disk that is not mounted",
    location: MAILDIR,
    damage: (home) => {
      const cur = join(home, "Maildir", ".Entw&APw-rfe", "cur");
      Deno.renameSync(cur, join(home, "disk"));
      Deno.symlinkSync(join(home, "unmounted"), cur);
      return { where: { mailbox: "Entwürfe", uid: null }, says: /Entwürfe.*cur: the symlink/ };
    },
  },
  {
    title: "a Maildir folder that has lost its cur/",
    location: MAILDIR,
    damage: (home) => {
      Deno.renameSync(join(home, "Maildir", ".Entw&APw-rfe", "cur"), join(home, "disk"));
      return { where: { mailbox: "Entwürfe", uid: null }, says: /Entwürfe.*cur: the directory/ };
    },
  },
  {
    title: "an mdbox record whose header is overwritten",
    location: MDBOX,
    damage: (home, seen) => {
      const [uid, mail] = [...seen.mailboxes.get("Archive/2023")!.mails][0]!;
      const { path, at } = recordOf(join(home, "mdbox", "storage"), mail.guid);
      overwrite(path, at, new TextEncoder().encode("XXXX"));
      return {
        where: { mailbox: "Archive/2023", uid },
        says: new RegExp(`Archive/2023, UID ${uid}.*m\\.\\d+`),
      };
    },
  },
  {
    title: "an mdbox mailbox whose log has a record of 4 bytes",
    location: MDBOX,
    damage: (home) => {
      const directory = join(home, "mdbox", "mailboxes", "Entw&APw-rfe", "dbox-Mails");
      const path = join(directory, "dovecot.index.log");
      overwrite(path, middleRecord(path), Uint8Array.of(0x80, 0x80, 0x80, 0x81));
      for (const file of filesIn(directory)) if (file !== path) Deno.removeSync(file);
      return { where: { mailbox: "Entwürfe", uid: null }, says: /Entwürfe.*dovecot\.index\.log/ };
    },
  },
  {
    title: "an mdbox mailbox whose log lost its end in a power cut",
    location: MDBOX,
    damage: (home) => {
      const directory = join(home, "mdbox", "mailboxes", "Entw&APw-rfe", "dbox-Mails");
      const path = join(directory, "dovecot.index.log");
      Deno.truncateSync(path, middleRecord(path));
      Deno.writeFileSync(path, new Uint8Array(64), { append: true });
      for (const file of filesIn(directory)) if (file !== path) Deno.removeSync(file);
      return {
        where: { mailbox: "Entwürfe", uid: null },
        says: /Entwürfe.*dovecot\.index\.log at byte \d+: the log ends inside a record/,
      };
    },
  },
  {
    title: "an mdbox mailbox whose index files are garbage",
    location: MDBOX,
    damage: (home) => {
      const directory = join(home, "mdbox", "mailboxes", "Entw&APw-rfe", "dbox-Mails");
      for (const path of filesIn(directory)) {
        Deno.writeFileSync(path, new Uint8Array(100).fill(0x58));
      }
      return { where: { mailbox: "Entwürfe", uid: null }, says: /Entwürfe.*dovecot\.index/ };
    },
  },
];

/** What the view has at a place, as one text to compare; a Maildir's saved date is that of the copy we looked at. */
const at = (seen: View, where: Where): string => {
  const mails = [...seen.mailboxes.get(where.mailbox)?.mails ?? []]
    .filter(([uid]) => where.uid === null || uid === where.uid)
    .map(([uid, mail]) => [uid, { ...mail, modSeq: String(mail.modSeq), saved: null }]);
  return JSON.stringify(mails, null, 1);
};

/** Adds a mail to the INBOX, over IMAP; gives its UID. */
const addMail = async (dovecot: Dovecot, account: Account): Promise<number> => {
  await using imap = await dovecot.imap(account);
  return await imap.append("INBOX", new TextEncoder().encode("Subject: after the damage\r\n\r\n"));
};

for (const { title, location, damage } of ROWS) {
  judged(`backup names ${title}, carries the rest and deletes nothing of it`, async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    const source = await filledAccount(dovecot, location, { seed: 41, mails: 80 });
    const to = await dovecot.account(location === MDBOX ? "maildir:~/Maildir:LAYOUT=fs" : MDBOX);
    const first = await dsync.sync("backup", source, to);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    const before = await view(dovecot, to);
    const uid = await addMail(dovecot, source);
    const { where, says } = damage(source.home, before);

    const fresh = await dovecot.account(to.location);
    for (const destination of [to, fresh]) {
      const { code, stderr } = await dsync.sync("backup", source, destination);
      if (destination === to && where.uid !== null) {
        // The damaged mail is there already: nothing makes a backup read it again.
        assert.deepEqual([code, stderr], [0, ""]);
      } else {
        assert.equal(code, 2, stderr);
        assert.match(stderr, says);
      }
      const after = await view(dovecot, destination);
      assert.deepEqual(after.complaints, []);
      assert.ok(after.mailboxes.get("INBOX")!.mails.has(uid), "the rest is missing");
    }
    assert.equal(at(await view(dovecot, to), where), at(before, where));
  });
}
