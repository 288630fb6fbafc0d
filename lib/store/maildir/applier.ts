/**
 * Carries out operations on one Maildir, batch by batch.
 *
 * Order within a batch, so that a kill at any point loses nothing and nothing comes twice: letters are named before a
 * file has them, mails lie complete and durable in tmp/, their lines are in dovecot-uidlist, then they go to cur/ (what a kill leaves
 * between these two, whoever opens the mailbox next moves on), then records go into the index log.
 *
 * @module
 */
import { letterOf } from "../../codec/maildir_keywords.ts";
import { withNameFlags } from "../../codec/maildir_name.ts";
import type { UidlistEntry } from "../../codec/maildir_uidlist.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import { modSeq, type Uid } from "../../model/ids.ts";
import type { MailOperation, Outcome } from "../../model/operation.ts";
import type { Chunks } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { thrownError } from "../account/or_fail.ts";
import { BatchIndex } from "./batch_index.ts";
import { type Locked, type MaildirBox, makeMailDirectories } from "./box.ts";
import { type Incoming, messageError, receiveMail, syncIncoming } from "./incoming.ts";
import { endingOf, fileOf, findMailFile, type MailFile, pathOf } from "./listing.ts";
import type { MaildirMail } from "./merge.ts";
import type { Snapshot } from "./snapshot.ts";
import { stagedPath } from "./stranded.ts";
import { decideSteps, lettersFor, nameFlagsOf, type Prepared, type Step, uidsOf } from "./steps.ts";
import { appendUidlist, writeUidlist } from "./uidlist_file.ts";

/** A batch is carried out when it has so many operations or so many bytes in tmp/. */
const BATCH_OPERATIONS = 512;
const BATCH_BYTES = 64 << 20;
/** How often the owner of the locks shows that it works. */
const TOUCH_EVERY = 256;
/** How often another program may be making the index just when we want to. */
const INDEX_TRIES = 50;
const INDEX_WAIT_MS = 100;

/** What lies in tmp/ for an operation. */
const incomingOf = (prepared: Prepared): readonly Incoming[] =>
  "incoming" in prepared && "path" in prepared.incoming ? [prepared.incoming] : [];

type StepOf<T extends Step["_tag"]> = Extract<Step, { readonly _tag: T }>;

/** Carries out the operations of all `apply` calls on one open mailbox. */
export class Applier {
  readonly #box: MaildirBox;
  readonly #index = new BatchIndex();
  /** The state that `#mails` was made of. */
  #seen: Snapshot | null = null;
  /** The mails as they are now, ascending by UID. */
  #mails = new Map<number, MaildirMail>();
  /** The lines of dovecot-uidlist by base name, ascending by UID; also of mails that others want expunged. */
  #lines = new Map<string, UidlistEntry>();
  /** Base names of files without a line. */
  #unlisted: ReadonlySet<string> = new Set();
  #usedLetters = 0;
  #uidNext = 1;
  /** UIDNEXT as dovecot-uidlist alone gives it. */
  #listedUidNext = 1;
  #directoriesMade = false;

  /** For one open mailbox. */
  constructor(box: MaildirBox) {
    this.#box = box;
  }

  /** One outcome for each operation, in order; those of a batch come when it is durable. */
  async *apply(
    operations: Chunks<MailOperation, SyncError>,
  ): AsyncGenerator<readonly Outcome[]> {
    let batch: Prepared[] = [];
    let touched = new Set<number>();
    let bytes = 0;
    const commit = async (): Promise<readonly Outcome[]> => {
      const ready = batch;
      batch = [];
      touched = new Set();
      bytes = 0;
      return await this.#commit(ready);
    };
    try {
      for await (const chunk of operations) {
        for (const operation of chunk) {
          const uids = uidsOf(operation);
          // What an operation finds must be what those before it have left.
          if (uids.some((uid) => touched.has(uid))) yield await commit();
          uids.forEach((uid) => touched.add(uid));
          batch.push(await this.#prepare(operation));
          if (operation._tag === "SaveMail") bytes += operation.mail.size;
          if (batch.length >= BATCH_OPERATIONS || bytes >= BATCH_BYTES) yield await commit();
        }
      }
      const last = await commit();
      await this.#finish();
      if (last.length > 0) yield last;
    } finally {
      for (const one of batch) this.#forget(one);
      // After a failure too: modseqs are only kept by the index. Its own failure must not hide the first one.
      if (this.#index.isOwed) await this.#finish().catch(thrownError);
    }
  }

  /** Writes the mail of a save to tmp/. */
  async #prepare(operation: MailOperation): Promise<Prepared> {
    if (operation._tag !== "SaveMail") return { operation };
    const { os, paths } = this.#box;
    const { mail } = operation;
    if (!this.#directoriesMade) makeMailDirectories(os, paths.mail);
    this.#directoriesMade = true;
    try {
      const { file } = modesOf(os, paths.mail);
      return { operation, incoming: await receiveMail(os, paths.mail, mail, file) };
    } catch (thrown) {
      return { operation, incoming: messageError(thrown, operation.copy.uid) };
    }
  }

  /** Removes what a save has left in tmp/. */
  #forget(prepared: Prepared): void {
    for (const { path } of incomingOf(prepared)) this.#box.os.disk.unlink(path);
  }

  async #commit(batch: readonly Prepared[]): Promise<readonly Outcome[]> {
    if (batch.length === 0) return [];
    let outcomes: readonly Outcome[] = [];
    try {
      await syncIncoming(this.#box.os, batch.flatMap(incomingOf));
      outcomes = await this.#box.withLocks((locked) => this.#carryOut(locked, batch));
      return outcomes;
    } finally {
      batch.forEach((one, i) => {
        if (outcomes[i]?._tag !== "Done") this.#forget(one);
      });
    }
  }

  /** Takes over what others have done since. */
  #catchUp(): void {
    const { snapshot } = this.#box;
    if (this.#seen === snapshot) return;
    this.#seen = snapshot;
    const { mails, uidNext } = snapshot.merged;
    this.#mails = new Map(mails.map((mail) => [mail.uid, mail]));
    this.#lines = new Map((snapshot.uidlist?.entries ?? []).map((entry) => [entry.name, entry]));
    this.#unlisted = new Set(snapshot.merged.discord.unlisted);
    this.#usedLetters = snapshot.merged.usedLetters;
    this.#uidNext = uidNext;
    this.#listedUidNext = snapshot.uidlist?.uidNext ?? 1;
  }

  #carryOut({ writer, touch }: Locked, batch: readonly Prepared[]): readonly Outcome[] {
    this.#catchUp();
    const box = this.#box;
    const steps = decideSteps(box.os, {
      mails: this.#mails,
      uidNext: this.#uidNext,
      isTaken: (base) => this.#lines.has(base) || this.#unlisted.has(base),
    }, batch);
    box.setLetters(lettersFor(box.letters, this.#usedLetters, steps));
    const files = new BatchFiles(box);
    let outcomes: readonly Outcome[] | null = null;
    try {
      const done = steps.map((step, i) => {
        if (i % TOUCH_EVERY === TOUCH_EVERY - 1) touch();
        return this.#carryOutStep(step, files);
      });
      files.syncStaged();
      this.#writeLines(steps, done);
      outcomes = done;
    } finally {
      if (outcomes === null) files.discardStaged();
    }
    files.moveStaged();
    files.syncDirectories();
    this.#index.write(writer);
    return outcomes;
  }

  #carryOutStep(step: Step, files: BatchFiles): Outcome {
    const { operation } = step;
    const done: Outcome = { _tag: "Done", operation };
    switch (step._tag) {
      case "Refuse":
        return { _tag: "Refused", operation, error: step.error };
      case "Nothing":
        return done;
      case "Save":
        this.#save(step, files);
        return done;
      case "Turn":
        return this.#turn(step, files) ? done : gone(operation, step.mail.uid);
      case "Expunge":
        files.remove(step.mail);
        this.#drop(step.mail);
        this.#index.expunge(step.mail);
        return done;
      case "Renumber":
        this.#renumber(step);
        return done;
      case "Raise":
        this.#uidNext = Math.max(this.#uidNext, step.operation.uidNext);
        this.#index.raise(step.operation);
        return done;
    }
  }

  #put(mail: MaildirMail): void {
    this.#mails.set(mail.uid, mail);
    this.#lines.set(mail.entry.name, mail.entry);
    this.#usedLetters |= mail.ending.letters;
    this.#uidNext = Math.max(this.#uidNext, mail.uid + 1);
  }

  #drop(mail: MaildirMail): void {
    this.#mails.delete(mail.uid);
    this.#lines.delete(mail.entry.name);
  }

  #save(step: StepOf<"Save">, files: BatchFiles): void {
    const { entry, flags, keywords, incoming, modSeq: wanted } = step;
    const named = nameFlagsOf(this.#box.letters, flags, keywords);
    const file: MailFile = { name: withNameFlags(entry.name, named), isNew: false };
    files.stage(incoming.path, file);
    const mail: MaildirMail = {
      uid: entry.uid,
      entry,
      ending: endingOf(file),
      flags,
      keywords,
      modSeq: wanted ?? modSeq(1n),
    };
    this.#put(mail);
    this.#index.save(mail, wanted);
  }

  #turn(step: StepOf<"Turn">, files: BatchFiles): boolean {
    const { mail, flags, keywords, operation } = step;
    const named = nameFlagsOf(this.#box.letters, flags, keywords);
    const file = files.turn(mail, named);
    if (file === null) return false;
    const turned = { ...mail, ending: endingOf(file), flags, keywords };
    this.#put(turned);
    this.#index.turn(mail, turned, operation.modSeq);
    return true;
  }

  #renumber(step: StepOf<"Renumber">): void {
    const { mail, entry, operation } = step;
    const moved = { ...mail, uid: entry.uid, entry };
    this.#drop(mail);
    this.#put(moved);
    this.#index.expunge(mail);
    this.#index.save(moved, operation.modSeq);
  }

  /** Lines of saved mails are appended; a changed line or a raised UIDNEXT makes the whole list be written. */
  #writeLines(steps: readonly Step[], outcomes: readonly Outcome[]): void {
    const { os, paths, snapshot } = this.#box;
    const done = steps.filter((_, i) => outcomes[i]!._tag === "Done");
    const added = done.flatMap((step) =>
      step._tag === "Save" || step._tag === "Renumber" ? [step.entry] : []
    );
    const renumbered = done.some(({ _tag }) => _tag === "Renumber");
    const lastUid = added.at(-1)?.uid ?? 0;
    const raised = this.#uidNext > Math.max(lastUid + 1, this.#listedUidNext);
    if (renumbered || raised) {
      writeUidlist(os, paths.control, {
        ...snapshot.uidlist!,
        uidNext: this.#uidNext,
        entries: [...this.#lines.values()],
      });
    } else appendUidlist(os, paths.control, added);
    this.#listedUidNext = this.#uidNext;
  }

  /** Makes the index that was missing, with what the batches owe it. */
  async #finish(): Promise<void> {
    for (let i = 1; this.#index.isOwed; i++) {
      try {
        await this.#box.withLocks(({ writer }) => {
          this.#catchUp();
          if (writer !== null) this.#index.write(writer);
          else {
            const { letters } = this.#box;
            const hasLetter = (name: string) => letterOf(letters, name) >= 0;
            const mails = [...this.#mails.values()].map((mail) => ({
              ...mail,
              keywords: this.#index.keywordsOf(mail, hasLetter),
            }));
            // Not counted until all is in, modseqs come out exactly as they are given.
            this.#box.createIndex(
              (appender) => {
                this.#index.fill(appender, mails, this.#box.uidlist.uidValidity, this.#uidNext);
              },
              this.#index.keepsModSeqs ? 0n : 1n,
            );
          }
        });
      } catch (thrown) {
        // Dovecot makes an index, too, when it opens the mailbox.
        if (thrownError(thrown)._tag !== "Changed" || i === INDEX_TRIES) throw thrown;
        await this.#box.os.sleep(INDEX_WAIT_MS);
      }
    }
  }
}

const gone = (operation: MailOperation, uid: Uid): Outcome => ({
  _tag: "Refused",
  operation,
  error: syncError("Changed", "message", { uid }, "the mail is gone"),
});

/** The files of one batch. */
class BatchFiles {
  readonly #box: MaildirBox;
  readonly #staged: MailFile[] = [];
  readonly #directories = new Set<string>();

  constructor(box: MaildirBox) {
    this.#box = box;
  }

  #path(file: MailFile): string {
    this.#directories.add(file.isNew ? "new" : "cur");
    return pathOf(this.#box.paths.mail, file);
  }

  /** Gives a mail in tmp/ the name that it shall have in cur/. */
  stage(from: string, file: MailFile): void {
    this.#box.os.disk.rename(from, stagedPath(this.#box.paths.mail, file));
    this.#staged.push(file);
  }

  /** Makes those names durable. */
  syncStaged(): void {
    if (this.#staged.length > 0) this.#box.os.disk.syncDir(`${this.#box.paths.mail}/tmp`);
  }

  /** Removes the mails that have no line. */
  discardStaged(): void {
    const { os, paths } = this.#box;
    for (const file of this.#staged) os.disk.unlink(stagedPath(paths.mail, file));
  }

  /** Puts the mails in their place. */
  moveStaged(): void {
    const { os, paths } = this.#box;
    for (const file of this.#staged) {
      os.disk.rename(stagedPath(paths.mail, file), this.#path(file));
    }
  }

  /** Gives a mail's file other letters, wherever it is now; null when it is gone. */
  turn(mail: MaildirMail, named: ReturnType<typeof nameFlagsOf>): MailFile | null {
    const { os, paths } = this.#box;
    let file: MailFile | null = fileOf(mail.entry.name, mail.ending);
    for (let i = 0; i < 3 && file !== null; i++) {
      const wanted: MailFile = { name: withNameFlags(file.name, named), isNew: false };
      const same = wanted.name === file.name && !file.isNew;
      if (same && os.files.stat(this.#path(file)) !== null) return file;
      if (!same && this.#move(file, wanted)) return wanted;
      file = findMailFile(os, paths.mail, mail.entry.name);
    }
    return null;
  }

  #move(from: MailFile, to: MailFile): boolean {
    try {
      this.#box.os.disk.rename(this.#path(from), this.#path(to));
      return true;
    } catch (thrown) {
      if (thrownError(thrown)._tag === "Missing") return false;
      throw thrown;
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
