/**
 * The mailboxes of a Maildir account, as the directories show them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { parseStorageName } from "../../codec/mailbox_path.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import { INBOX, type MailboxName, nameKey, parentName } from "../../model/mailbox.ts";
import type { DirEntry, Os } from "../../port/os.ts";
import { attempt } from "../account/or_fail.ts";
import { MAIL_DIRECTORIES, mailboxPaths, type MaildirLocation, namingOf } from "./layout.ts";

/** The directories of an account, looked at once. */
export interface FoundMailboxes {
  /** Mailboxes, INBOX included when it has a directory for mails. */
  readonly mailboxes: readonly MailboxName[];
  /** Names that only have children, or are empty directories. */
  readonly directories: readonly MailboxName[];
  /** Names that are there but cannot be opened. */
  readonly damaged: readonly MailboxName[];
  /** What could not be read. */
  readonly problems: readonly SyncError[];
}

/** A mailbox on its way to deletion by Dovecot (mailbox-list-maildir.c). */
const TRASHED = "..DOVECOT-TRASHED";

class Finder {
  readonly mailboxes = new Set<MailboxName>();
  readonly directories = new Set<MailboxName>();
  readonly damaged = new Set<MailboxName>();
  readonly problems: SyncError[] = [];
  readonly #os: Os;
  readonly #location: MaildirLocation;

  constructor(os: Os, location: MaildirLocation) {
    this.#os = os;
    this.#location = location;
  }

  /** A directory, or a symlink to one. */
  #isDirectory(path: string, kind: DirEntry["kind"] | null): boolean {
    if (kind === "directory") return true;
    if (kind === "file" || kind === "other") return false;
    return this.#os.files.stat(path)?.kind === "directory";
  }

  /** The name of a storage name; one that Dovecot cannot open either is left alone and told. */
  #nameOf(stored: string, path: string): MailboxName | null {
    const name = parseStorageName(stored, namingOf(this.#location));
    if (E.isRight(name)) return name.right;
    this.problems.push(withPlace({ ...name.left, where: { path } }, {}));
    return null;
  }

  inbox(): void {
    const { mail } = mailboxPaths(this.#location, INBOX);
    if (this.#isDirectory(`${mail}/cur`, null)) this.mailboxes.add(INBOX);
  }

  /** Maildir++: every directory of the root whose name begins with a dot, whether it has a cur/ or not. */
  siblings(): void {
    const { root } = this.#location;
    for (const { name: entry, kind } of this.#os.files.list(root) ?? []) {
      if (!entry.startsWith(".") || entry === TRASHED || entry.startsWith(".nfs")) continue;
      const stored = entry.slice(1);
      const path = `${root}/${entry}`;
      // INBOX is elsewhere: Dovecot never shows the mails of such a directory.
      if (stored.toUpperCase() === INBOX || !this.#isDirectory(path, kind)) continue;
      const name = this.#nameOf(stored, path);
      if (name !== null) this.mailboxes.add(name);
    }
  }

  /** LAYOUT=fs: directories below directories; those with a cur/ are mailboxes. */
  nested(directory: string, prefix: string, above: readonly string[]): void {
    const info = this.#os.files.stat(directory);
    const identity = `${info?.dev}:${info?.ino}`;
    // A symlink to a directory above would go on for ever.
    if (info === null || above.includes(identity)) return;
    for (const { name: entry, kind } of this.#os.files.list(directory) ?? []) {
      if ((MAIL_DIRECTORIES as readonly string[]).includes(entry)) continue;
      const path = `${directory}/${entry}`;
      const stored = prefix + entry;
      if (!this.#isDirectory(path, kind)) continue;
      if (stored.toUpperCase() !== INBOX) {
        const name = this.#nameOf(stored, path);
        if (name === null) continue;
        const isMailbox = this.#isDirectory(`${path}/cur`, null);
        (isMailbox ? this.mailboxes : this.directories).add(name);
      }
      attempt(
        () => this.nested(path, `${stored}/`, [...above, identity]),
        (error) => this.problems.push({ ...error, scope: "mailbox" }),
      );
    }
  }

  addParents(): void {
    for (const name of [...this.mailboxes, ...this.damaged]) {
      for (let p = parentName(name); p !== null; p = parentName(p)) {
        if (!this.mailboxes.has(p) && !this.damaged.has(p)) this.directories.add(p);
      }
    }
    // INBOX is no directory, even while it has no mails of its own but children.
    this.directories.delete(INBOX);
  }
}

const byKey = (names: ReadonlySet<MailboxName>): readonly MailboxName[] =>
  [...names].map((name) => [nameKey(name), name] as const)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, name]) => name);

/** Looks for all mailboxes below a root that exists. Throws `StreamFailure` where the root cannot be read. */
export const findMailboxes = (os: Os, location: MaildirLocation): FoundMailboxes => {
  const finder = new Finder(os, location);
  finder.inbox();
  if (location.layout === "maildir++") finder.siblings();
  else finder.nested(location.root, "", []);
  finder.addParents();
  return {
    mailboxes: byKey(finder.mailboxes),
    directories: byKey(finder.directories),
    damaged: byKey(finder.damaged),
    problems: finder.problems,
  };
};

/** What lies at the root: a Maildir, nothing yet, or something else. */
export type RootKind = "maildir" | "empty" | "missing" | "foreign";

/** Entries that another mail store has at its root. */
const FOREIGN = ["mailboxes", "storage", "dbox-Mails"];

/**
 * Tells what lies at the root of a location. A Maildir has a mailbox with a cur/; what begins with "dovecot" or
 * `subscriptions` may be there before the first mailbox is.
 */
export const rootKind = (os: Os, location: MaildirLocation): RootKind => {
  const isDirectory = (path: string) => os.files.stat(path)?.kind === "directory";
  const inboxThere = isDirectory(`${mailboxPaths(location, INBOX).mail}/cur`);
  const info = os.files.stat(location.root);
  if (info === null) return inboxThere ? "maildir" : "missing";
  if (info.kind !== "directory") return "foreign";
  if (inboxThere) return "maildir";
  const entries = os.files.list(location.root) ?? [];
  if (location.layout === "maildir++") {
    const some = entries.some(({ name, kind }) =>
      name.startsWith(".") && kind !== "file" && isDirectory(`${location.root}/${name}/cur`)
    );
    if (some) return "maildir";
  } else if (findMailboxes(os, location).mailboxes.length > 0) return "maildir";
  return entries.some(({ name }) => FOREIGN.includes(name)) ? "foreign" : "empty";
};

/** The error for a location that is refused. */
export const rootError = (location: MaildirLocation, kind: RootKind): SyncError => {
  const where = { path: location.root };
  switch (kind) {
    case "missing":
      return syncError("Missing", "store", where, "there is no Maildir");
    case "foreign":
      return syncError("Unsafe", "store", where, "what is there is no Maildir");
    default:
      return syncError("Missing", "store", where, "the directory is no Maildir: it has no cur/");
  }
};
