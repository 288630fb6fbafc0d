/**
 * The mailboxes of a Maildir account, as the directories show them.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { parseStorageName } from "../../codec/mailbox_path.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { INBOX, type MailboxName, nameKey, parentName } from "../../model/mailbox.ts";
import type { DirEntry, Os } from "../../port/os.ts";
import { attempt } from "../account/or_fail.ts";
import { MAIL_DIRECTORIES, mailboxPaths, type MaildirLocation, namingOf } from "./layout.ts";
import { LOST_MAILS } from "./listing.ts";
import { isOfRoot, mayBeMailbox } from "./own_files.ts";
import { readUidlist } from "./uidlist_file.ts";

/** The directories of an account, looked at once. */
export interface FoundMailboxes {
  /** Mailboxes, INBOX included when it has a directory for mails. */
  readonly mailboxes: readonly MailboxName[];
  /** Names that only have children, or are empty directories. */
  readonly directories: readonly MailboxName[];
  /** Mailboxes whose mails cannot be reached; each has its problem. */
  readonly damaged: readonly MailboxName[];
  /** What could not be read. */
  readonly problems: readonly SyncError[];
}

/** A mailbox on its way to deletion by Dovecot (mailbox-list-maildir.c). */
const TRASHED = "..DOVECOT-TRASHED";

/** A directory, or a symlink to one, that may be a mailbox. */
interface Candidate {
  readonly path: string;
  readonly stored: string;
}

class Finder {
  readonly mailboxes = new Set<MailboxName>();
  readonly directories = new Set<MailboxName>();
  readonly damaged = new Set<MailboxName>();
  readonly problems: SyncError[] = [];
  readonly #os: Os;
  readonly #location: MaildirLocation;
  /** Devices and inodes of the directories that were looked at. */
  readonly #seen = new Set<string>();
  /** Symlinks, which come last. */
  readonly #links: Candidate[] = [];

  constructor(os: Os, location: MaildirLocation) {
    this.#os = os;
    this.#location = location;
  }

  /** Whether a directory is a file system's own, which only root may enter, and not somebody's mailbox. */
  #isOfFileSystem(path: string): boolean {
    return path === `${this.#location.root}/lost+found` &&
      attempt(() => this.#os.files.stat(`${path}/cur`), () => null) === null;
  }

  /**
   * What is where the mails of a name may lie. Where nobody can know, as a symlink leads to a disk that is not mounted, the
   * name is damaged.
   */
  #placeOf(name: MailboxName, path: string): "directory" | "nothing" | "damaged" {
    return attempt(() => {
      const { stat, lstat } = this.#os.files;
      const info = stat(path);
      if (info !== null) return info.kind === "directory" ? "directory" : "nothing";
      if (lstat(path)?.kind !== "symlink") return "nothing";
      return this.#damaged(name, path, "the symlink leads to nothing");
    }, (error) => this.#damaged(name, path, error.what, error));
  }

  /**
   * The same of the cur/ of a mailbox. Where there is none Dovecot makes an empty one, or with LAYOUT=fs has a name that
   * only has children; but mails that are listed were taken from under it: what deletes a mailbox takes its list, too.
   */
  #curOf(name: MailboxName, mail: string): "directory" | "nothing" | "damaged" {
    const path = `${mail}/cur`;
    const found = this.#placeOf(name, path);
    if (found !== "nothing") return found;
    const { control } = mailboxPaths(this.#location, name);
    const list = attempt(() => readUidlist(this.#os, control), () => null);
    return list === null || list.entries.length === 0
      ? "nothing"
      : this.#damaged(name, path, LOST_MAILS);
  }

  #damaged(name: MailboxName, path: string, what: string, error?: SyncError): "damaged" {
    const { _tag, cause } = error ?? { _tag: "Damaged" as const, cause: undefined };
    this.damaged.add(name);
    this.problems.push(syncError(_tag, "mailbox", { mailbox: name, path }, what, cause));
    return "damaged";
  }

  /** Whether a directory was not looked at yet. A second name of it is an alias, no mailbox of its own. */
  #isNews(path: string): boolean {
    const info = this.#os.files.stat(path);
    if (info?.kind !== "directory") return false;
    const identity = `${info.dev}:${info.ino}`;
    if (this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    return true;
  }

  /** The name of a storage name; one that Dovecot cannot open either is left alone and told. */
  #nameOf({ stored, path }: Candidate): MailboxName | null {
    const name = parseStorageName(stored, namingOf(this.#location));
    if (E.isRight(name)) return name.right;
    this.problems.push({ ...name.left, where: { path } });
    return null;
  }

  #visit(candidate: Candidate): void {
    const { path } = candidate;
    if (!this.#isNews(path)) return;
    if (this.#location.layout === "maildir++") {
      if (!mayBeMailbox(this.#os, candidate.path)) return;
      const name = this.#nameOf(candidate);
      if (name !== null && this.#curOf(name, path) !== "damaged") {
        this.mailboxes.add(name);
      }
    } else this.#visitNested(candidate);
  }

  /**
   * A symlink to a directory is visited as that; one whose end cannot be reached may be a mailbox for all that is known,
   * but for those that have another use (.dovecot.sieve).
   */
  #visitLink(candidate: Candidate): void {
    const { path, stored } = candidate;
    const kind = attempt(() => this.#os.files.stat(path)?.kind ?? null, () => null);
    if (kind === "directory") this.#visit(candidate);
    if (kind !== null || stored.toUpperCase() === INBOX) return;
    if (isOfRoot(path.slice(path.lastIndexOf("/") + 1))) return;
    const name = this.#nameOf(candidate);
    if (name !== null) this.#placeOf(name, path);
  }

  #visitNested(candidate: Candidate): void {
    const { path, stored } = candidate;
    // INBOX is elsewhere: Dovecot never shows the mails of a directory of that name, but its children.
    if (stored.toUpperCase() !== INBOX) {
      const name = this.#nameOf(candidate);
      if (name === null) return;
      const cur = this.#curOf(name, path);
      if (cur !== "damaged") (cur === "directory" ? this.mailboxes : this.directories).add(name);
    }
    attempt(
      () => this.#nested(path, `${stored}/`),
      (error) => this.problems.push({ ...error, scope: "mailbox" }),
    );
  }

  #take(candidate: Candidate, kind: DirEntry["kind"]): void {
    if (kind === "symlink") this.#links.push(candidate);
    else if (kind === "directory") this.#visit(candidate);
  }

  /** LAYOUT=fs: directories below directories; those with a cur/ are mailboxes. */
  #nested(directory: string, prefix: string): void {
    for (const { name, kind } of this.#os.files.list(directory) ?? []) {
      if ((MAIL_DIRECTORIES as readonly string[]).includes(name)) continue;
      const path = `${directory}/${name}`;
      if (!this.#isOfFileSystem(path)) this.#take({ path, stored: prefix + name }, kind);
    }
  }

  /** Maildir++: directories of the root whose names begin with a dot, whether they have a cur/ or not. */
  #siblings(): void {
    const { root } = this.#location;
    for (const { name, kind } of this.#os.files.list(root) ?? []) {
      if (!name.startsWith(".") || name === TRASHED || name.startsWith(".nfs")) continue;
      const stored = name.slice(1);
      if (stored.toUpperCase() !== INBOX) this.#take({ path: `${root}/${name}`, stored }, kind);
    }
  }

  find(): void {
    const { root, layout } = this.#location;
    const { mail } = mailboxPaths(this.#location, INBOX);
    this.#isNews(root);
    this.#isNews(mail);
    if (this.#curOf(INBOX, mail) === "directory") this.mailboxes.add(INBOX);
    if (layout === "maildir++") this.#siblings();
    else this.#nested(root, "");
    // Those that are found on the way are visited, too.
    for (const link of this.#links) this.#visitLink(link);
    this.addParents();
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

/**
 * Looks for all mailboxes below a root that exists. A symlink to a directory that was found already is an alias and
 * left out, as Dovecot's dsync leaves it out.
 * Throws `StreamFailure` where the root cannot be read.
 */
export const findMailboxes = (os: Os, location: MaildirLocation): FoundMailboxes => {
  const finder = new Finder(os, location);
  finder.find();
  return {
    mailboxes: byKey(finder.mailboxes),
    directories: byKey(finder.directories),
    damaged: byKey(finder.damaged),
    problems: finder.problems,
  };
};

/** What lies at the root: a Maildir, nothing yet, or something else. */
export type RootKind = "maildir" | "empty" | "missing" | "foreign";

/** Directories that another mail store has at its root. */
const OF_ANOTHER_STORE = ["mailboxes", "storage", "dbox-Mails"];

/** Whether an entry of the root is where a part of this very account lies. */
const isOwnPlace = ({ inbox, index, control, attributes }: MaildirLocation, path: string) =>
  [inbox, index, control, attributes].some((place) =>
    place !== undefined && (place === path || place.startsWith(`${path}/`))
  );

/** Whether a path is a directory, or a symlink, which may lead to mails that cannot be reached now. */
const mayLeadToMails = (os: Os, path: string): boolean =>
  os.files.stat(path)?.kind === "directory" || os.files.lstat(path)?.kind === "symlink";

/**
 * The first thing in a directory of an account without INBOX that is no part of a Maildir, or null. With LAYOUT=fs,
 * directories that lead to nothing are a part of it.
 */
const strangerIn = (os: Os, location: MaildirLocation, directory: string): string | null => {
  for (const { name, kind } of os.files.list(directory) ?? []) {
    const path = `${directory}/${name}`;
    if (isOfRoot(name) || isOwnPlace(location, path)) continue;
    if (!mayLeadToMails(os, path)) return path;
    if (location.layout === "maildir++") {
      if (!name.startsWith(".") || !mayBeMailbox(os, path)) return path;
    } else if (kind === "directory" && os.files.stat(`${path}/cur`)?.kind !== "directory") {
      const below = strangerIn(os, location, path);
      if (below !== null) return below;
    }
  }
  return null;
};

const holdsMailboxes = ({ mailboxes, damaged }: FoundMailboxes): boolean =>
  mailboxes.length + damaged.length > 0;

/** What lies at a root that has no INBOX, in one look. */
const withoutInbox = (os: Os, location: MaildirLocation): "maildir" | "empty" | "foreign" => {
  if (strangerIn(os, location, location.root) !== null) return "foreign";
  const { root, layout } = location;
  const entries = os.files.list(root) ?? [];
  const some = layout === "maildir++"
    ? entries.some(({ name, kind }) =>
      name.startsWith(".") && kind !== "file" && mayLeadToMails(os, `${root}/${name}/cur`)
    )
    : holdsMailboxes(findMailboxes(os, location));
  if (some) return "maildir";
  return entries.some(({ name }) => OF_ANOTHER_STORE.includes(name)) ? "foreign" : "empty";
};

/**
 * Tells what lies at the root of a location. A Maildir has a mailbox with a cur/; what begins with "dovecot" or
 * `subscriptions` may be there before the first mailbox is. Where there is no INBOX, anything that is no part of a
 * Maildir makes it foreign: it may be a home, whose dot directories are no mailboxes.
 */
export const rootKind = (os: Os, location: MaildirLocation): RootKind => {
  const { mail } = mailboxPaths(location, INBOX);
  const inboxThere = mayLeadToMails(os, `${mail}/cur`);
  const info = os.files.stat(location.root);
  if (info === null) return inboxThere ? "maildir" : "missing";
  if (info.kind !== "directory") return "foreign";
  return inboxThere ? "maildir" : withoutInbox(os, location);
};

/** The error for a location that is refused. */
export const rootError = (os: Os, location: MaildirLocation, kind: RootKind): SyncError => {
  const where = { path: location.root };
  switch (kind) {
    case "missing":
      return syncError("Missing", "store", where, "there is no Maildir");
    case "foreign": {
      const stranger = os.files.stat(location.root)?.kind === "directory"
        ? strangerIn(os, location, location.root)
        : null;
      const what = stranger === null
        ? "what is there is no Maildir"
        : `it is no Maildir: it has no cur/, and ${stranger} is no part of one`;
      return syncError("Unsafe", "store", where, what);
    }
    default:
      return syncError("Missing", "store", where, "the directory is no Maildir: it has no cur/");
  }
};
