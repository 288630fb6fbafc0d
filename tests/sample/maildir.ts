/**
 * Writes a sample account as a Maildir, file by file, with no help from the library or from Dovecot.
 *
 * @module
 */
import { join } from "node:path";
import { mutf7 } from "./mutf7.ts";
import type { SampleAccount, SampleMail, SampleMailbox } from "./account.ts";

/** How the Maildir shall be. */
export interface MaildirShape {
  /** Maildir++ (".A.B") or LAYOUT=fs ("A/B"). */
  readonly layout: "maildir++" | "fs";
  /**
   * What Dovecot files there are: "full": a dovecot-uidlist, keywords and subscriptions; "stale": the newest third of
   * each mailbox is not in its dovecot-uidlist, which has lines of mails long gone; "none": another program's Maildir.
   */
  readonly dovecotFiles: "full" | "stale" | "none";
  /** Where CONTROL= points; default: beside the mails. */
  readonly control?: string;
}

/** What was written. */
export interface Written {
  /** Mailboxes. */
  readonly mailboxes: number;
  /** Mails. */
  readonly mails: number;
  /** Stored bytes, copies counted again. */
  readonly bytes: number;
}

const directoryOf = (root: string, name: string, shape: MaildirShape): string =>
  name === "INBOX"
    ? root
    : shape.layout === "fs"
    ? join(root, ...name.split("/").map(mutf7))
    : join(root, "." + name.split("/").map(mutf7).join("."));

const controlOf = (root: string, name: string, shape: MaildirShape): string =>
  shape.control === undefined
    ? directoryOf(root, name, shape)
    : shape.layout === "fs"
    ? join(shape.control, ...name.split("/").map(mutf7))
    : join(shape.control, "." + name.split("/").map(mutf7).join("."));

const virtualSize = (bytes: Uint8Array): number => {
  let size = bytes.length;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 10 && bytes[i - 1] !== 13) size++;
  return size;
};

interface Stored {
  readonly base: string;
  readonly path: string;
  readonly guid: string;
}

const key = (mailbox: string, uid: number | string): string => `${mailbox}\n${uid}`;

/** Writes one mailbox at a time and remembers each file, for the copies that come later. */
class Writer {
  readonly stored = new Map<string, Stored>();
  bytes = 0;
  readonly #bases = new Set<string>();
  #serial = 0;

  constructor(readonly root: string, readonly shape: MaildirShape) {}

  #base(mail: SampleMail, bytes: Uint8Array): string {
    this.#serial++;
    const sizes = this.#serial % 3 === 0 ? "" : `,S=${bytes.length},W=${virtualSize(bytes)}`;
    return `${mail.received}.M${String(this.#serial).padStart(6, "0")}P7.sample${sizes}`;
  }

  /** The base name and file of one mail, its bytes written or linked. */
  #store(box: SampleMailbox, mail: SampleMail, letters: string): Stored {
    const directory = directoryOf(this.root, box.name, this.shape);
    const pathOf = (base: string): string =>
      mail.isNew ? join(directory, "new", base) : join(directory, "cur", `${base}:2,${letters}`);
    const original = mail.copyOf && this.stored.get(key(mail.copyOf.mailbox, mail.copyOf.uid));
    if (original && mail.copyOf) {
      const base = this.#bases.has(key(box.name, original.base))
        ? `${mail.received}.M${++this.#serial}P8.sample`
        : original.base;
      const path = pathOf(base);
      Deno.linkSync(original.path, path);
      this.bytes += Deno.statSync(path).size;
      return { base, path, guid: original.guid };
    }
    const bytes = mail.bytes();
    const base = this.#base(mail, bytes);
    const path = pathOf(base);
    Deno.writeFileSync(path, bytes, { mode: 0o600 });
    Deno.utimeSync(path, mail.received, mail.received);
    this.bytes += bytes.length;
    return { base, path, guid: mail.guid ?? base };
  }

  #uidlist(box: SampleMailbox, lines: readonly string[]): string {
    const stale = this.shape.dovecotFiles === "stale";
    const gone = stale ? "0000000001.M1P1.gone" : "";
    const kept = stale ? lines.slice(0, Math.ceil(lines.length * 2 / 3)) : lines;
    const last = kept.length > 0 ? parseInt(kept[kept.length - 1]!, 10) : 0;
    const uidNext = stale ? last + 2 : box.uidNext;
    const extra = stale ? [`${last + 1} :${gone}`] : [];
    return [`3 V${box.uidValidity} N${uidNext} G${box.guid}`, ...kept, ...extra].join("\n") + "\n";
  }

  mailbox(box: SampleMailbox): void {
    const directory = directoryOf(this.root, box.name, this.shape);
    const control = controlOf(this.root, box.name, this.shape);
    for (const sub of ["tmp", "new", "cur"]) {
      Deno.mkdirSync(join(directory, sub), { recursive: true, mode: 0o700 });
    }
    if (box.name !== "INBOX" && this.shape.layout === "maildir++") {
      Deno.writeFileSync(join(directory, "maildirfolder"), new Uint8Array());
    }
    const foreign = this.shape.dovecotFiles === "none";
    const names: string[] = [];
    const lines: string[] = [];
    for (const mail of box.mails) {
      for (const name of mail.keywords) if (!names.includes(name)) names.push(name);
      const letters = mail.keywords.map((name) => String.fromCharCode(97 + names.indexOf(name)));
      const stored = this.#store(box, mail, mail.flags + (foreign ? "" : letters.sort().join("")));
      this.stored.set(key(box.name, mail.uid), stored);
      this.#bases.add(key(box.name, stored.base));
      const guid = stored.guid === stored.base ? "" : ` G${stored.guid}`;
      const pop3 = mail.pop3 === null ? "" : ` P${mail.pop3.uidl} O${mail.pop3.order}`;
      lines.push(`${mail.uid}${guid}${pop3} :${stored.base}`);
    }
    if (foreign) return;
    Deno.mkdirSync(control, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(join(control, "dovecot-uidlist"), this.#uidlist(box, lines));
    if (names.length > 0) {
      const text = names.map((name, i) => `${i} ${name}\n`).join("");
      Deno.writeTextFileSync(join(control, "dovecot-keywords"), text);
    }
  }

  accountFiles(account: SampleAccount): void {
    const top = this.shape.control ?? this.root;
    Deno.mkdirSync(top, { recursive: true, mode: 0o700 });
    const highest = Math.max(...account.mailboxes.map((box) => box.uidValidity));
    const counter = highest.toString(16).padStart(8, "0");
    Deno.writeTextFileSync(join(top, "dovecot-uidvalidity"), counter);
    Deno.writeFileSync(join(top, `dovecot-uidvalidity.${counter}`), new Uint8Array(), {
      mode: 0o444,
    });
    const names = account.subscriptions.map((name) => name.split("/").map(mutf7).join("\t"));
    Deno.writeTextFileSync(join(top, "subscriptions"), ["V\t2", "", ...names].join("\n") + "\n");
  }
}

/**
 * Writes the account into `root`, which must not exist. Keyword letters are given in the order of first use; a copy
 * is a hard link. Of a foreign Maildir only mails, flags and dates remain: GUIDs, UIDs and keywords are not written.
 */
export const writeMaildir = (
  account: SampleAccount,
  root: string,
  shape: MaildirShape,
): Written => {
  const writer = new Writer(root, shape);
  for (const box of account.mailboxes) writer.mailbox(box);
  if (shape.dovecotFiles !== "none") writer.accountFiles(account);
  return {
    mailboxes: account.mailboxes.length,
    mails: writer.stored.size,
    bytes: writer.bytes,
  };
};
