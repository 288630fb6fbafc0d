/**
 * The files of one batch of operations, on their way between tmp/ and cur/.
 *
 * @module
 */
import { baseName, withNameFlags } from "../../codec/maildir_name.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import { errnoOf, thrownError } from "../account/or_fail.ts";
import type { MaildirBox } from "./box.ts";
import type { Incoming } from "./incoming.ts";
import { fileOf, findMailFile, type MailFile, pathOf } from "./listing.ts";
import type { MaildirMail } from "./mail_table.ts";
import type { nameFlagsOf } from "./steps.ts";
import { stagedPath } from "./stranded.ts";

/** The files of one batch. Order: what is staged, its durable names, the lines of the batch, the move to cur/. */
export class BatchFiles {
  readonly #box: MaildirBox;
  readonly #staged = new Map<Incoming, MailFile>();
  readonly #directories = new Set<string>();

  /** For an open mailbox. */
  constructor(box: MaildirBox) {
    this.#box = box;
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

  /** Gives a mail's file other letters, wherever it is now; or says why that cannot be. */
  turn(mail: MaildirMail, named: ReturnType<typeof nameFlagsOf>): MailFile | SyncError {
    const { os, paths } = this.#box;
    let file: MailFile | null = fileOf(mail.entry.name, mail.ending);
    for (let i = 0; i < 3 && file !== null; i++) {
      const wanted: MailFile = { name: withNameFlags(file.name, named), isNew: false };
      const same = wanted.name === file.name && !file.isNew;
      if (same && os.files.stat(this.#path(file)) !== null) return file;
      const trouble: SyncError | "gone" | null = same ? "gone" : this.#move(file, wanted);
      if (trouble === null) return wanted;
      if (trouble !== "gone") return withPlace(trouble, { uid: mail.uid });
      file = findMailFile(os, paths.mail, mail.entry.name);
    }
    return syncError("Changed", "message", { uid: mail.uid }, "the mail is gone");
  }

  /** Gives a file another name; what is in its way is another mail, and stays. */
  #move(from: MailFile, to: MailFile): SyncError | "gone" | null {
    try {
      this.#box.os.disk.renameNew(this.#path(from), this.#path(to));
      return null;
    } catch (thrown) {
      const error = thrownError(thrown);
      if (error._tag === "Missing") return "gone";
      if (errnoOf(error) !== "EEXIST") throw thrown;
      const what = "another file has the name that this mail's would get";
      return syncError("Damaged", "message", error.where, what);
    }
  }

  /** Removes a mail's file, wherever it is now. */
  remove(mail: MaildirMail): void {
    const { os, paths } = this.#box;
    let file: MailFile | null = fileOf(mail.entry.name, mail.ending);
    while (file !== null && !os.disk.unlink(this.#path(file))) {
      file = findMailFile(os, paths.mail, mail.entry.name);
    }
  }

  /** Makes what was done to the directories durable. */
  syncDirectories(): void {
    const { os, paths } = this.#box;
    for (const one of this.#directories) os.disk.syncDir(`${paths.mail}/${one}`);
  }
}
