/**
 * Carries out operations on one Maildir, batch by batch.
 *
 * Order within a batch, so that a kill at any point loses nothing and nothing comes twice: letters are named before a
 * file has them, mails lie complete and durable in tmp/, their lines are in dovecot-uidlist, then they go to cur/ (what a
 * kill leaves between these two, whoever opens the mailbox next moves on), then records go into the index log.
 *
 * @module
 */
import { type KeywordLetters, letterOf } from "../../codec/maildir_keywords.ts";
import { withNameFlags } from "../../codec/maildir_name.ts";
import type { SyncError } from "../../model/error.ts";
import type { Flags } from "../../model/flags.ts";
import { type ModSeq, modSeq } from "../../model/ids.ts";
import { type MailOperation, type Outcome, withoutBytes } from "../../model/operation.ts";
import type { Gathering } from "../../port/os.ts";
import type { Chunks } from "../../stream/chunks.ts";
import { modesOf, PRIVATE } from "../account/modes.ts";
import { attempt, thrownError } from "../account/or_fail.ts";
import { BatchFiles } from "./batch_files.ts";
import { BatchIndex } from "./batch_index.ts";
import type { Locked, MaildirBox } from "./box.ts";
import { makeMailDirectories } from "./mail_directories.ts";
import { type Incoming, messageError, receiveMail } from "./incoming.ts";
import { Endings, type MailFile } from "./listing.ts";
import type { MaildirMail } from "./mail_table.ts";
import type { Snapshot } from "./snapshot.ts";
import { StandingMails } from "./standing.ts";
import { stagedPath } from "./stranded.ts";
import {
  decideSteps,
  lettersFor,
  nameFlagsOf,
  type Prepared,
  type Step,
  uidsOf,
  withLetters,
} from "./steps.ts";
import { appendUidlist, newSeed, readUidlist, writeUidlist } from "./uidlist_file.ts";

/** A batch is carried out when it has so many operations, or so many bytes in tmp/, or when it was begun so long ago. */
const BATCH_OPERATIONS = 8192;
const BATCH_BYTES = 64 << 20;
const BATCH_MS = 2000;
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
  /** The state that `#standing` was made of. */
  #seen: Snapshot | null = null;
  #standing!: StandingMails;
  /** Base names of mails that lie in tmp/. */
  #onTheirWay = new Set<string>();
  /** What the batch that is carried out brings, ascending by UID, and the modseqs that it shall have. */
  #arrived: { readonly mail: MaildirMail; readonly wanted: ModSeq | null }[] = [];
  readonly #endings = new Endings();
  #usedLetters = 0;
  /** The letters as they will be when the batch that is gathered is carried out, unless others name some meanwhile. */
  #nextLetters!: KeywordLetters;
  #uidNext = 1;
  /** UIDNEXT as dovecot-uidlist alone gives it. */
  #listedUidNext = 1;
  /** Permission bits of new files. */
  #mode = PRIVATE.file;

  /** For one open mailbox. */
  constructor(box: MaildirBox) {
    this.#box = box;
  }

  /** One outcome for each operation, in order; those of a batch come when it is durable. */
  async *apply(
    operations: Chunks<MailOperation, SyncError>,
  ): AsyncGenerator<readonly Outcome[]> {
    this.#catchUp();
    let batch: Prepared[] = [];
    let touched = new Set<number>();
    let bytes = 0;
    let begun = 0;
    const isFull = (): boolean =>
      batch.length >= BATCH_OPERATIONS || bytes >= BATCH_BYTES ||
      this.#box.os.now() - begun >= BATCH_MS;
    let gathering: Gathering | null = null;
    const commit = async (): Promise<readonly Outcome[]> => {
      const ready = batch;
      batch = [];
      this.#onTheirWay = new Set();
      touched = new Set();
      bytes = 0;
      return await this.#commit(ready, gathering);
    };
    try {
      for await (const chunk of operations) {
        for (const operation of chunk) {
          const uids = uidsOf(operation);
          // What an operation finds must be what those before it have left.
          if (uids.some((uid) => touched.has(uid))) yield await commit();
          uids.forEach((uid) => touched.add(uid));
          if (operation._tag === "SaveMail" && gathering === null) gathering = this.#gather();
          if (batch.length === 0) begun = this.#box.os.now();
          batch.push(await this.#prepare(operation));
          if (operation._tag === "SaveMail") bytes += operation.mail.size;
          if (isFull()) yield await commit();
        }
      }
      const last = await commit();
      await this.#finish();
      if (last.length > 0) yield last;
    } finally {
      for (const one of batch) this.#forget(one);
      gathering?.close();
      // After a failure too: modseqs are only kept by the index. Its own failure must not hide the first one.
      if (this.#index.isOwed) await this.#finish().catch(thrownError);
    }
  }

  #gather(): Gathering {
    const { os, paths } = this.#box;
    makeMailDirectories(os, paths.mail);
    this.#mode = modesOf(os, paths.mail).file;
    return os.disk.gather(paths.mail);
  }

  /** The file in cur/ of a mail with that base name. */
  #fileOf(
    base: string,
    { flags, keywords }: Pick<MaildirMail, "flags" | "keywords">,
    letters: KeywordLetters,
  ): MailFile {
    const named = nameFlagsOf(letters, flags, keywords);
    return { name: withNameFlags(base, named), isNew: false };
  }

  /** Writes the mail of a save to tmp/. */
  async #prepare(operation: MailOperation): Promise<Prepared> {
    if (operation._tag !== "SaveMail") return { operation };
    const { os, paths } = this.#box;
    const { mail, copy: { from } } = operation;
    // A mail that has the right name from the beginning is not renamed in tmp/.
    const letters = withLetters(this.#nextLetters, this.#usedLetters, from.keywords);
    this.#nextLetters = letters;
    const pathOf = (base: string) => stagedPath(paths.mail, this.#fileOf(base, from, letters));
    const isTaken = (base: string) => this.#onTheirWay.has(base) || this.#standing.isTaken(base);
    const receiving = { mailDirectory: paths.mail, mode: this.#mode, pathOf, isTaken };
    const saved = withoutBytes(operation);
    try {
      const incoming = await receiveMail(os, receiving, mail);
      if (incoming.naming !== undefined) this.#onTheirWay.add(incoming.naming.base);
      return { operation: saved, incoming };
    } catch (thrown) {
      return { operation: saved, incoming: messageError(thrown, operation.copy.uid) };
    }
  }

  /** Removes what a save has left in tmp/. */
  #forget(prepared: Prepared): void {
    for (const { path } of incomingOf(prepared)) this.#box.os.disk.unlink(path);
  }

  async #commit(
    batch: readonly Prepared[],
    gathering: Gathering | null,
  ): Promise<readonly Outcome[]> {
    if (batch.length === 0) return [];
    const files = new BatchFiles(this.#box);
    try {
      await gathering?.sync(batch.flatMap(incomingOf).map(({ path }) => path));
      return await this.#box.withLocks((locked) => this.#carryOut(locked, batch, files));
    } finally {
      if (files.foundOthers) this.#box.lookAgain();
      // One that was staged may have a line by now, whatever came after that.
      for (const one of batch) if (!incomingOf(one).some(files.hasStaged)) this.#forget(one);
    }
  }

  /** Takes over what others have done since. */
  #catchUp(): void {
    const { snapshot } = this.#box;
    if (this.#seen === snapshot) return;
    this.#seen = snapshot;
    const { uidNext, usedLetters } = snapshot.merged;
    this.#standing = new StandingMails(snapshot, newSeed(this.#box.os));
    this.#usedLetters = usedLetters;
    this.#nextLetters = this.#box.letters;
    this.#uidNext = uidNext;
    this.#listedUidNext = snapshot.uidlist?.uidNext ?? 1;
  }

  #carryOut(
    { writer, touch }: Locked,
    batch: readonly Prepared[],
    files: BatchFiles,
  ): readonly Outcome[] {
    this.#catchUp();
    const box = this.#box;
    const steps = decideSteps(box.os, {
      mails: this.#standing,
      uidNext: this.#uidNext,
      isTaken: (base) => this.#standing.isTaken(base),
    }, batch);
    this.#nextLetters = lettersFor(box.letters, this.#usedLetters, steps);
    box.setLetters(this.#nextLetters);
    let outcomes: readonly Outcome[] | null = null;
    try {
      const done = steps.map((step, i) => {
        if (i % TOUCH_EVERY === TOUCH_EVERY - 1) touch();
        return this.#carryOutStep(step, files);
      });
      files.syncStaged();
      this.#takeIn();
      this.#writeLines(steps, done);
      outcomes = done;
    } finally {
      if (outcomes === null) files.discardStaged(this.#listing());
    }
    files.moveStaged();
    files.syncDirectories();
    this.#index.write(writer);
    return outcomes;
  }

  /**
   * Tells which base names have a line, after a failure that may have come when some were written: all, where nobody can
   * know.
   */
  #listing(): (base: string) => boolean {
    const { os, paths } = this.#box;
    return attempt(
      () => {
        const lines = readUidlist(os, paths.control)?.entries;
        return (base) => lines !== undefined && lines.rowOf(base) >= 0;
      },
      () => () => true,
    );
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
        return this.#turn(step, files);
      case "Expunge":
        files.remove(step.mail);
        this.#standing.drop(step.mail.uid);
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

  /** The mails that the batch has brought are a part of the mailbox now. */
  #takeIn(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    this.#standing.add(arrived.map(({ mail }) => mail));
    for (const { mail, wanted } of arrived) {
      this.#index.save(mail, wanted);
      this.#usedLetters |= mail.ending.letters;
      this.#uidNext = Math.max(this.#uidNext, mail.uid + 1);
    }
  }

  #save(step: StepOf<"Save">, files: BatchFiles): void {
    const { entry, flags, keywords, incoming, modSeq: wanted } = step;
    const file = this.#fileOf(entry.name, step, this.#box.letters);
    files.stage(incoming, file);
    const mail: MaildirMail = {
      uid: entry.uid,
      entry,
      ending: this.#endings.of(file),
      flags,
      keywords,
      modSeq: wanted ?? modSeq(1n),
    };
    this.#arrived.push({ mail, wanted });
  }

  #turn(step: StepOf<"Turn">, files: BatchFiles): Outcome {
    const { mail, flags, keywords, operation } = step;
    const { letters } = this.#box;
    const touched = () =>
      nameFlagsOf(letters, (operation.add | operation.remove) as Flags, [
        ...operation.addKeywords,
        ...operation.removeKeywords,
      ]);
    const file = files.turn(mail, nameFlagsOf(letters, flags, keywords), touched);
    if ("_tag" in file) return { _tag: "Refused", operation, error: file };
    const turned = { ...mail, ending: this.#endings.of(file), flags, keywords };
    this.#standing.change(turned);
    this.#usedLetters |= turned.ending.letters;
    this.#index.turn(mail, turned, operation.modSeq);
    return { _tag: "Done", operation };
  }

  #renumber(step: StepOf<"Renumber">): void {
    const { mail, entry, operation } = step;
    const moved = { ...mail, uid: entry.uid, entry };
    this.#standing.drop(mail.uid);
    this.#index.expunge(mail);
    this.#arrived.push({ mail: moved, wanted: operation.modSeq });
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
        entries: this.#standing.lines(),
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
            const [standing, index] = [this.#standing, this.#index];
            const mails: Iterable<MaildirMail> = {
              *[Symbol.iterator]() {
                for (const mail of standing.mails()) {
                  yield { ...mail, keywords: index.keywordsOf(mail, hasLetter) };
                }
              },
            };
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
