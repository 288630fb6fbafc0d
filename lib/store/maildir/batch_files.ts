/**
 * The files of one batch of operations, on their way between tmp/ and cur/.
 *
 * @module
 */
import { baseName, type NameFlags, withNameFlags } from "../../codec/maildir_name.ts";
import { type ErrorTag, type SyncError, syncError, withPlace } from "../../model/error.ts";
import { errnoOf, thrownError } from "../account/or_fail.ts";
import type { MaildirBox } from "./box.ts";
import type { Incoming } from "./incoming.ts";
import { type Ending, fileOf, type MailFile, pathOf } from "./listing.ts";
import type { MaildirMail } from "./mail_table.ts";
import { keepingTheirs, MovedFiles } from "./moved_files.ts";
import { stagedPath } from "./stranded.ts";

/** What keeps one mail's file from getting a name, by the name of the error number. */
const REFUSALS: Readonly<Record<string, { readonly _tag: ErrorTag; readonly what: string }>> = {
  // What is in its way is another mail.
  EEXIST: { _tag: "Damaged", what: "another file has the name that this mail's would get" },
  ENAMETOOLONG: { _tag: "Unfit", what: "the file's name has no room for more flags and keywords" },
};

/** The files of one batch. Order: what is staged, its durable names, the lines of the batch, the move to cur/. */
export class BatchFiles {
  readonly #box: MaildirBox;
  readonly #staged = new Map<Incoming, MailFile>();
  readonly #directories = new Set<string>();
  #moved: MovedFiles | null = null;

  /** For an open mailbox. */
  constructor(box: MaildirBox) {
    this.#box = box;
  }

  /** Whether a file was not where it was seen: somebody else is at work, and there may be more of it. */
  get foundOthers(): boolean {
    return this.#moved !== null;
  }

  #path(file: MailFile): string {
    this.#directories.add(file.isNew ? "new" : "cur");
    return pathOf(this.#box.paths.mail, file);
  }

  /** Gives a mail in tmp/ the name that it shall have in cur/. */
  stage(incoming: Incoming, file: MailFile): void {
    const path = stagedPath(this.#box.paths.mail, file);
    if (incoming.path !== path) this.#box.os.disk.rename(incoming.path, path);
    this.#staged.set(incoming, file);
  }

  /** Whether a mail was given such a name. */
  readonly hasStaged = (incoming: Incoming): boolean => this.#staged.has(incoming);

  /** Makes those names durable. */
  syncStaged(): void {
    if (this.#staged.size > 0) this.#box.os.disk.syncDir(`${this.#box.paths.mail}/tmp`);
  }

  /** Removes the mails that have no line. One that has is saved: whoever opens the mailbox next moves it on. */
  discardStaged(isListed: (base: string) => boolean): void {
    const { os, paths } = this.#box;
    for (const file of this.#staged.values()) {
      if (!isListed(baseName(file.name))) os.disk.unlink(stagedPath(paths.mail, file));
    }
  }

  /** Puts the mails in their place. */
  moveStaged(): void {
    const { os, paths } = this.#box;
    for (const file of this.#staged.values()) {
      os.disk.renameNew(stagedPath(paths.mail, file), this.#path(file));
    }
  }

  /**
   * Gives a mail's file other letters, wherever it is now, or says why that cannot be. `touched` are those that are set or
   * cleared; others that somebody has changed since the file was seen stay as they are.
   */
  turn(mail: MaildirMail, named: NameFlags, touched: () => NameFlags): MailFile | SyncError {
    const { os } = this.#box;
    const base = mail.entry.name;
    let ending: Ending | undefined = mail.ending;
    for (let i = 0; i < 3 && ending !== undefined; i++) {
      const file = fileOf(base, ending);
      const letters = i === 0 ? named : keepingTheirs(named, touched(), mail.ending, ending);
      const wanted: MailFile = { name: withNameFlags(file.name, letters), isNew: false };
      const same = wanted.name === file.name && !file.isNew;
      if (same && os.files.stat(this.#path(file)) !== null) return file;
      const trouble: SyncError | "gone" | null = same ? "gone" : this.#move(file, wanted);
      if (trouble === null) return wanted;
      if (trouble !== "gone") return withPlace(trouble, { mailbox: this.#box.name, uid: mail.uid });
      ending = this.#find(base, i > 0);
    }
    return syncError("Changed", "message", { uid: mail.uid }, "the mail is gone");
  }

  #find(base: string, isStale: boolean): Ending | undefined {
    const { os, paths, uidlist } = this.#box;
    this.#moved ??= new MovedFiles(os, paths.mail, uidlist.entries);
    return this.#moved.find(base, isStale);
  }

  /** Gives a file another name; or says why this mail alone cannot have it. */
  #move(from: MailFile, to: MailFile): SyncError | "gone" | null {
    try {
      this.#box.os.disk.renameNew(this.#path(from), this.#path(to));
      return null;
    } catch (thrown) {
      const error = thrownError(thrown);
      if (error._tag === "Missing") return "gone";
      const refusal = REFUSALS[errnoOf(error) ?? ""];
      if (refusal === undefined) throw thrown;
      return syncError(refusal._tag, "message", error.where, refusal.what, error.cause);
    }
  }

  /** Removes a mail's file, wherever it is now. */
  remove(mail: MaildirMail): void {
    const base = mail.entry.name;
    let ending: Ending | undefined = mail.ending;
    for (let isStale = false; ending !== undefined; isStale = true) {
      if (this.#box.os.disk.unlink(this.#path(fileOf(base, ending)))) return;
      ending = this.#find(base, isStale);
    }
  }

  /** Makes what was done to the directories durable. */
  syncDirectories(): void {
    const { os, paths } = this.#box;
    for (const one of this.#directories) os.disk.syncDir(`${paths.mail}/${one}`);
  }
}
