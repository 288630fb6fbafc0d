/**
 * What users do to their mail between two runs, written as another program would write it: in a Maildir by file names,
 * in an mdbox by log records that bear no mark of a sync.
 *
 * @module
 */
import { guid128 } from "../../lib/codec/guid.ts";
import { expungeMails, updateFlags, updateKeywords } from "../../lib/codec/index_build.ts";
import { DONE, type LogRecord } from "../../lib/codec/index_record.ts";
import { letterOf } from "../../lib/codec/maildir_keywords.ts";
import { parseNameFlags, withNameFlags } from "../../lib/codec/maildir_name.ts";
import type { Flags } from "../../lib/model/flags.ts";
import { mailboxName } from "../../lib/model/mailbox.ts";
import type { MailboxGuid } from "../../lib/model/ids.ts";
import type { TreeOperation } from "../../lib/model/operation.ts";
import type { Side } from "../../lib/model/report.ts";
import type { Os } from "../../lib/port/os.ts";
import { openIndex } from "../../lib/store/index/index_file.ts";
import { mailboxPaths } from "../../lib/store/maildir/layout.ts";
import { fileOf, listMailFiles, pathOf } from "../../lib/store/maildir/listing.ts";
import { readKeywordLetters, readUidlist } from "../../lib/store/maildir/uidlist_file.ts";
import { layoutOf, MAILBOX_INDEX, pathsOf } from "../../lib/store/mdbox/layout.ts";
import { mapUidOf } from "../../lib/store/mdbox/mailbox_index.ts";
import { StorageMap } from "../../lib/store/mdbox/map.ts";
import { orFail } from "../../lib/store/account/or_fail.ts";
import { type BoxSpec, fill, identityOf } from "./account.ts";
import { type Format, must, withSide } from "./sides.ts";
import { drain, fromArray } from "../../lib/stream/chunks.ts";
import { type MailSpec, saveOf } from "../../lib/testing/mails.ts";

/** What becomes of one mail's flags. */
export interface FlagWish {
  /** To be set. */
  readonly add?: number;
  /** To be cleared. */
  readonly remove?: number;
  /** To be set; in a Maildir a keyword that has a letter already. */
  readonly addKeyword?: string;
  /** To be cleared. */
  readonly removeKeyword?: string;
}

/** Somebody with one side of a scenario before them. */
export class User {
  readonly #os: Os;
  readonly #home: string;
  readonly #side: Side;
  readonly #format: Format;

  /** For one side of a home. */
  constructor(os: Os, home: string, side: Side, format: Format) {
    this.#os = os;
    this.#home = home;
    this.#side = side;
    this.#format = format;
  }

  get #root(): string {
    return `${this.#home}/${this.#side}`;
  }

  /** Makes a mailbox with mails. */
  async create(box: BoxSpec): Promise<void> {
    await withSide(
      this.#os,
      this.#home,
      this.#side,
      this.#format,
      (store) => fill(store, [box], []),
    );
  }

  /** Changes the tree or the subscriptions. */
  async tree(...operations: readonly TreeOperation[]): Promise<void> {
    await withSide(this.#os, this.#home, this.#side, this.#format, async (store) => {
      for (const operation of operations) await must(store.applyTree(operation));
    });
  }

  /** Puts mails into a mailbox, each at its UID. */
  async save(guid: MailboxGuid, mails: readonly MailSpec[]): Promise<void> {
    await withSide(
      this.#os,
      this.#home,
      this.#side,
      this.#format,
      (store) =>
        must(
          store.withMailbox(guid, (mailbox) =>
            drain(mailbox.apply(fromArray(mails.map(saveOf))), (outcomes) => {
              for (const outcome of outcomes) {
                if (outcome._tag === "Refused") {
                  throw new Error(outcome.error.what);
                }
              }
            })),
        ),
    );
  }

  /** Changes the flags of a mail. */
  async flag(name: string, uid: number, wish: FlagWish): Promise<void> {
    if (this.#format !== "mdbox") return this.#rename(name, uid, wish);
    await this.#log(name, () => {
      const { add = 0, remove = 0, addKeyword, removeKeyword } = wish;
      return [
        ...((add | remove) === 0 ? [] : [updateFlags([{ uid, add, remove }])]),
        ...(addKeyword === undefined ? [] : updateKeywords("add", new Map([[addKeyword, [uid]]]))),
        ...(removeKeyword === undefined
          ? []
          : updateKeywords("remove", new Map([[removeKeyword, [uid]]]))),
      ];
    });
  }

  /** Expunges a mail. */
  async expunge(name: string, uid: number, guid: string): Promise<void> {
    if (this.#format !== "mdbox") return this.#unlink(name, uid);
    const index = this.#openIndex(name);
    const mapUid = mapUidOf(index.view, index.view.rowOf(uid));
    index.close();
    await this.#log(name, () => [expungeMails(Uint32Array.of(uid), guid128(guid))]);
    const map = StorageMap.open(this.#os, layoutOf({ root: this.#root, create: false }))!;
    await map.withLock((locked) => locked.release(new Map([[mapUid, 1]])));
    map.close();
  }

  #openIndex(name: string) {
    const layout = layoutOf({ root: this.#root, create: false });
    const paths = orFail(pathsOf(layout, mailboxName(name)));
    return openIndex(this.#os, paths.index, MAILBOX_INDEX)!;
  }

  async #log(name: string, records: () => readonly LogRecord[]): Promise<void> {
    const index = this.#openIndex(name);
    await index.withLock((writer) => writer.append(records(), DONE));
    index.close();
  }

  #mailFile(name: string, uid: number) {
    const layout = this.#format === "fs" ? "fs" : "maildir++";
    const paths = mailboxPaths({ root: this.#root, layout }, mailboxName(name));
    const { entries } = readUidlist(this.#os, paths.control)!;
    const base = entries.nameAt(entries.rowOfUid(uid));
    const ending = listMailFiles(this.#os, paths.mail).find(base)!;
    return { paths, file: fileOf(base, ending) };
  }

  #rename(name: string, uid: number, wish: FlagWish): void {
    const { paths, file } = this.#mailFile(name, uid);
    const letters = readKeywordLetters(this.#os, paths.control);
    const bit = (keyword?: string) => keyword === undefined ? 0 : 1 << letterOf(letters, keyword);
    const { flags, letters: set } = parseNameFlags(file.name);
    const named = withNameFlags(file.name, {
      flags: ((flags & ~(wish.remove ?? 0)) | (wish.add ?? 0)) as Flags,
      letters: (set & ~bit(wish.removeKeyword)) | bit(wish.addKeyword),
    });
    const to = pathOf(paths.mail, { name: named, isNew: false });
    this.#os.disk.rename(pathOf(paths.mail, file), to);
  }

  #unlink(name: string, uid: number): void {
    const { paths, file } = this.#mailFile(name, uid);
    this.#os.disk.unlink(pathOf(paths.mail, file));
  }
}

/** A rename of a mailbox of {@linkcode identityOf}. */
export const renameOf = (box: Pick<BoxSpec, "name" | "n">, newName: string): TreeOperation => {
  const { name, guid } = identityOf(box);
  return { _tag: "RenameMailbox", name, guid, newName: mailboxName(newName) };
};

/** The deletion of a mailbox of {@linkcode identityOf}. */
export const deletionOf = (box: Pick<BoxSpec, "name" | "n">): TreeOperation => {
  const { name, guid } = identityOf(box);
  return { _tag: "DeleteMailbox", name, guid };
};
