/**
 * Changes of a Maildir account's tree.
 *
 * @module
 */
import { mailboxNameHash } from "../../codec/guid.ts";
import type { WritableLogRecord } from "../../codec/mailbox_log.ts";
import { nameRefusal } from "../../codec/mailbox_path.ts";
import { type ErrorTag, type SyncError, syncError } from "../../model/error.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import { INBOX, type MailboxIdentity, type MailboxName } from "../../model/mailbox.ts";
import { mailCame, type TreeOperation } from "../../model/operation.ts";
import type { Os } from "../../port/os.ts";
import { failStream, StreamFailure } from "../../stream/chunks.ts";
import { appendMailboxLog } from "../account/mailbox_log_file.ts";
import { modesOf } from "../account/modes.ts";
import { setSubscribed } from "../account/subscriptions_file.ts";
import { raiseUidValidity } from "../account/uid_validity_counter.ts";
import { refreshListIndex } from "../index/list_refresh.ts";
import { MaildirBox } from "./box.ts";
import { accountRoots, mailboxPaths, type MaildirLocation, namingOf } from "./layout.ts";
import { makeMailDirectories } from "./mail_directories.ts";
import { beginMove, endMove, type Move, moveLeft, moveMailbox } from "./move.ts";
import { mayBeMailbox } from "./own_files.ts";
import { inTheWay, placeStage, takeAway } from "./place.ts";
import { takeSnapshot } from "./snapshot.ts";
import { makeStage, type OwnStage } from "./staging.ts";
import { readUidlistHeader, writeUidlist } from "./uidlist_file.ts";

type OperationOf<T extends TreeOperation["_tag"]> = Extract<TreeOperation, { readonly _tag: T }>;

/** A mailbox's identity, and its name. */
export interface Identity extends MailboxIdentity {
  /** Its name. */
  readonly name: MailboxName;
}

const refuse = (tag: ErrorTag, name: MailboxName, what: string): never =>
  failStream<SyncError>(syncError(tag, "mailbox", { mailbox: name }, what));

/** Writes the files of an empty mailbox with an identity into a stage, as Dovecot makes one. */
export const fillStage = (
  os: Os,
  location: MaildirLocation,
  { name, guid, uidValidity }: Identity,
  stage: OwnStage,
): void => {
  makeMailDirectories(os, stage.box.mail);
  if (location.layout === "maildir++" && name !== INBOX) {
    const { file } = modesOf(os, location.root);
    os.disk.create(`${stage.box.mail}/maildirfolder`, [], { mode: file });
  }
  writeUidlist(os, stage.box.control, {
    uidValidity,
    uidNext: 1,
    guid,
    otherKeys: "",
    entries: [],
  });
};

/** Makes changes of one account's tree. */
export class TreeChanger {
  readonly #os: Os;
  readonly #location: MaildirLocation;

  /** For one account. */
  constructor(os: Os, location: MaildirLocation) {
    this.#os = os;
    this.#location = location;
  }

  /** Carries out one operation; durable. Throws `StreamFailure`. */
  async apply(operation: TreeOperation): Promise<void> {
    await this.#carryOut(operation);
    const { _tag } = operation;
    if (_tag !== "Subscribe" && _tag !== "Unsubscribe" && _tag !== "ReidentifyMailbox") {
      await this.refreshList();
    }
  }

  /** Asks running sessions to look at the mailboxes again. */
  async refreshList(): Promise<void> {
    await refreshListIndex(this.#os, accountRoots(this.#location).index);
  }

  async #carryOut(operation: TreeOperation): Promise<void> {
    switch (operation._tag) {
      case "CreateMailbox":
        return await this.#create(operation);
      case "CreateDirectory":
        return this.#createDirectory(operation);
      case "DeleteMailbox":
        return await this.#delete(operation);
      case "DeleteDirectory":
        return this.#deleteDirectory(operation);
      case "RenameMailbox":
        return this.#rename(operation);
      case "ReidentifyMailbox":
        return await this.#reidentify(operation);
      case "Subscribe":
        return await this.#subscribe(operation.name, true);
      case "Unsubscribe":
        return await this.#subscribe(operation.name, false);
    }
  }

  /** Makes sure that the account's counter does not give out a UIDVALIDITY that is used. */
  raiseUidValidity(uidValidity: number): void {
    raiseUidValidity(this.#os, accountRoots(this.#location).control, uidValidity);
  }

  /** Tells what happened to a name or mailbox. */
  log(...records: readonly Omit<WritableLogRecord, "at">[]): void {
    const at = Math.floor(this.#os.now() / 1000);
    appendMailboxLog(
      this.#os,
      accountRoots(this.#location).index,
      records.map((record) => ({ ...record, at })),
    );
  }

  #isMailbox(name: MailboxName): boolean {
    const { mail } = mailboxPaths(this.#location, name);
    const isSibling = this.#location.layout === "maildir++" && name !== INBOX;
    return this.#os.files.stat(isSibling ? mail : `${mail}/cur`) !== null;
  }

  /** What has a name that is taken. */
  #whatIsAt(name: MailboxName): string {
    const { mail } = mailboxPaths(this.#location, name);
    return mayBeMailbox(this.#os, mail) ? "another mailbox" : "a directory that is no mailbox";
  }

  /** The GUID of the mailbox that has a name, or null. */
  #guidAt(name: MailboxName): MailboxGuid | null {
    if (!this.#isMailbox(name)) return null;
    return readUidlistHeader(this.#os, mailboxPaths(this.#location, name).control)?.guid ?? null;
  }

  async #create(operation: OperationOf<"CreateMailbox">): Promise<void> {
    const { name, guid, uidValidity } = operation;
    const os = this.#os;
    const location = this.#location;
    const why = nameRefusal(name, namingOf(location));
    if (why !== null) refuse("Unfit", name, why);
    if (this.#isMailbox(name)) {
      if (this.#guidAt(name) === guid) return;
      refuse("Unfit", name, `${this.#whatIsAt(name)} has this name`);
    }
    this.raiseUidValidity(uidValidity);
    const { directory } = modesOf(os, location.root);
    os.disk.mkdir(location.root, directory);
    const stage = makeStage(os, location, name);
    try {
      fillStage(os, location, { name, guid, uidValidity }, stage);
      await placeStage(os, location, name, stage);
    } finally {
      stage.discard();
    }
  }

  #createDirectory({ name }: OperationOf<"CreateDirectory">): void {
    if (this.#location.layout !== "fs") return;
    const { mail } = mailboxPaths(this.#location, name);
    this.#os.disk.mkdir(mail, modesOf(this.#os, this.#location.root).directory);
  }

  async #delete({ name, guid, uidNext }: OperationOf<"DeleteMailbox">): Promise<void> {
    if (name === INBOX) refuse("Unfit", name, "INBOX cannot be deleted");
    if (!this.#isMailbox(name)) return;
    const there = this.#guidAt(name);
    if (there === null) refuse("Changed", name, "the mailbox has lost its identity");
    // Another mailbox has this name now; the one that was meant is gone.
    if (there !== guid) return;
    const other = inTheWay(this.#os, this.#location, name);
    if (other !== null) {
      const more = other.count > 1 ? ` (and ${other.count - 1} more)` : "";
      const what = `the mailbox is not deleted, because this is no file of a mail store${more}`;
      failStream<SyncError>(
        syncError("Unsafe", "mailbox", { mailbox: name, path: other.path }, what),
      );
    }
    const stage = makeStage(this.#os, this.#location, name);
    try {
      if (uidNext === undefined) takeAway(this.#os, this.#location, name, stage);
      else await this.#takeAwayAsOf(uidNext, name, stage);
    } finally {
      stage.discard();
    }
    this.log({ type: "DeleteMailbox", guid }, {
      type: "DeleteDirectory",
      guid: mailboxNameHash(name),
    });
  }

  /** Takes a mailbox away under its locks, unless mail came to it, with or without a UID. */
  async #takeAwayAsOf(uidNext: number, name: MailboxName, stage: OwnStage): Promise<void> {
    const paths = mailboxPaths(this.#location, name);
    const { control: controlRoot } = accountRoots(this.#location);
    const box = await MaildirBox.open(this.#os, { name, paths, controlRoot });
    try {
      await box.withLocks(() => {
        const { merged } = takeSnapshot(this.#os, paths, box.index);
        const { unlisted, revenants } = merged.discord;
        if (merged.uidNext > uidNext || unlisted.length > 0 || revenants.length > 0) {
          throw new StreamFailure<SyncError>(mailCame(name));
        }
        takeAway(this.#os, this.#location, name, stage);
      });
    } finally {
      box.close();
    }
  }

  #deleteDirectory({ name }: OperationOf<"DeleteDirectory">): void {
    if (this.#location.layout !== "fs" || this.#isMailbox(name)) return;
    const removed = this.#os.disk.rmdir(mailboxPaths(this.#location, name).mail);
    if (removed) this.log({ type: "DeleteDirectory", guid: mailboxNameHash(name) });
  }

  #rename({ name, guid, newName }: OperationOf<"RenameMailbox">): void {
    const why = nameRefusal(newName, namingOf(this.#location));
    if (why !== null) refuse("Unfit", newName, why);
    if (name === INBOX || newName === INBOX) refuse("Unfit", name, "INBOX cannot be renamed");
    if (this.#guidAt(newName) === guid) return;
    if (this.#guidAt(name) !== guid) {
      refuse("Missing", name, `no mailbox of this name has the GUID ${guid}`);
    }
    if (this.#isMailbox(newName)) {
      refuse("Unfit", newName, `${this.#whatIsAt(newName)} has this name`);
    }
    const move = { from: name, to: newName };
    beginMove(this.#os, this.#location, move);
    this.#move(move);
  }

  #move(move: Move): void {
    moveMailbox(this.#os, this.#location, move);
    this.log({ type: "Rename", guid: mailboxNameHash(move.to) });
    endMove(this.#os, this.#location);
  }

  /** Ends a rename that a killed run has begun, unless somebody has put another mailbox there meanwhile. */
  endMoveLeft(): void {
    const move = moveLeft(this.#os, this.#location);
    if (move !== null && (!this.#isMailbox(move.from) || !this.#isMailbox(move.to))) {
      this.#move(move);
    } else endMove(this.#os, this.#location);
  }

  async #reidentify(operation: OperationOf<"ReidentifyMailbox">): Promise<void> {
    const { name, guid, newGuid, newUidValidity } = operation;
    const paths = mailboxPaths(this.#location, name);
    const header = this.#isMailbox(name) ? readUidlistHeader(this.#os, paths.control) : null;
    if (header?.guid === newGuid && header.uidValidity === newUidValidity) return;
    if (header?.guid !== guid && header?.guid !== newGuid) {
      refuse("Missing", name, `no mailbox of this name has the GUID ${guid}`);
    }
    this.raiseUidValidity(newUidValidity);
    const { control: controlRoot } = accountRoots(this.#location);
    const box = await MaildirBox.open(this.#os, { name, paths, controlRoot });
    try {
      await box.reidentify(newGuid, newUidValidity);
    } finally {
      box.close();
    }
  }

  async #subscribe(name: MailboxName, subscribed: boolean): Promise<void> {
    const { control } = accountRoots(this.#location);
    const naming = namingOf(this.#location);
    if (!await setSubscribed(this.#os, control, name, subscribed, naming)) return;
    this.log({
      type: subscribed ? "Subscribe" : "Unsubscribe",
      guid: mailboxNameHash(name),
    });
  }
}
