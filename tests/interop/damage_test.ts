import assert from "node:assert/strict";
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

const find = (bytes: Uint8Array, text: string, from = 0): number => {
  const wanted = new TextEncoder().encode(text);
  for (let at = from; at <= bytes.length - wanted.length; at++) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  throw new Error(`no ${text}`);
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
    title: "an mdbox record whose header is overwritten",
    location: MDBOX,
    damage: (home, seen) => {
      const path = join(home, "mdbox", "storage", "m.1");
      const bytes = Deno.readFileSync(path);
      const [uid, mail] = [...seen.mailboxes.get("Archive/2023")!.mails][0]!;
      const holder = filesIn(join(home, "mdbox", "storage")).filter((file) => /m\.\d+$/.test(file))
        .find((file) => Deno.readTextFileSync(file).includes(`\nG${mail.guid}\n`)) ?? path;
      const content = holder === path ? bytes : Deno.readFileSync(holder);
      const end = find(content, `\nG${mail.guid}\n`);
      let at = find(content, "\u0001\u0002N ");
      for (let next = at; next < end;) {
        at = next;
        try {
          next = find(content, "\u0001\u0002N ", at + 1);
        } catch {
          break;
        }
      }
      overwrite(holder, at, new TextEncoder().encode("XXXX"));
      return {
        where: { mailbox: "Archive/2023", uid },
        says: new RegExp(`Archive/2023, UID ${uid}.*m\\.\\d+`),
      };
    },
  },
  {
    title: "an mdbox mailbox whose log is garbage",
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

/** What the view has at a place, as one text to compare. */
const at = (seen: View, where: Where): string => {
  const box = seen.mailboxes.get(where.mailbox);
  const mails = where.uid === null ? [...box?.mails ?? []] : [box?.mails.get(where.uid)];
  return JSON.stringify(mails, (_, value) => typeof value === "bigint" ? String(value) : value);
};

/** Adds a mail to the INBOX, over IMAP; gives its UID. */
const addMail = async (dovecot: Dovecot, account: Account): Promise<number> => {
  await using imap = await dovecot.imap(account);
  return await imap.append("INBOX", new TextEncoder().encode("Subject: after the damage\r\n\r\n"));
};

judged(
  "backup names damage, carries the rest and deletes nothing of the damaged part",
  async (dovecot) => {
    const dsync = await stageDsync(dovecot);
    for (const { title, location, damage } of ROWS) {
      const source = await filledAccount(dovecot, location, { seed: 41, mails: 80 });
      const to = await dovecot.account(location === MDBOX ? "maildir:~/Maildir:LAYOUT=fs" : MDBOX);
      const first = await dsync.sync("backup", source, to);
      assert.deepEqual([first.code, first.stderr], [0, ""], title);
      const before = await view(dovecot, to);
      const uid = await addMail(dovecot, source);
      const { where, says } = damage(source.home, before);

      const fresh = await dovecot.account(to.location);
      for (const destination of [to, fresh]) {
        const { code, stderr } = await dsync.sync("backup", source, destination);
        assert.equal(code, 2, `${title}: ${stderr}`);
        assert.match(stderr, says, title);
        const after = await view(dovecot, destination);
        assert.deepEqual(after.complaints, [], title);
        assert.ok(after.mailboxes.get("INBOX")!.mails.has(uid), `${title}: the rest`);
      }
      assert.equal(at(await view(dovecot, to), where), at(before, where), title);
    }
  },
);
