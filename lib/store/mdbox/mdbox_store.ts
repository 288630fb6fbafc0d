/**
 * The mdbox store: one account's mail in Dovecot's multi-dbox format (as of 2.3.19.1).
 *
 * - where things are: layout.ts, hierarchy.ts, staging.ts
 * - the storage that all mailboxes share: storage.ts, with map.ts, storage_reader.ts, storage_writer.ts
 * - one mailbox: mdbox_mailbox.ts, read by fetch.ts, changed by apply.ts and commit.ts
 * - the tree: tree.ts, changed by tree_change.ts and installed.ts
 * - what a crash leaves: told by journal.ts, put in order by recover.ts
 *
 * What must hold at every moment, for Dovecot beside us and for whoever comes after a kill: a mail's bytes are durable
 * before the map names them, the map names them before a mailbox does, and no refcount is ever below the number of
 * mailbox entries. Where it is above, a journal knows.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { fitName } from "../../codec/mailbox_path.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import type { MailboxIdentity, MailboxName } from "../../model/mailbox.ts";
import type { GivenIdentities } from "../../port/given_identities.ts";
import type { Os } from "../../port/os.ts";
import type { Mailbox, Store, StoreCaps } from "../../port/store.ts";
import { failStream } from "../../stream/chunks.ts";
import { movingAttributes, removeDeadDictLock } from "../account/attribute_dict_file.ts";
import { exclusiveStore } from "../account/exclusive_store.ts";
import { appendMailboxLog } from "../account/mailbox_log_file.ts";
import { orFail, thrownError } from "../account/or_fail.ts";
import { indexFiles, stampsOf } from "../account/stamp.ts";
import { removeDeadSubscriptionLock } from "../account/subscriptions_file.ts";
import { raiseUidValidity } from "../account/uid_validity_counter.ts";
import { refreshListIndex } from "../index/list_refresh.ts";
import { RecentIndexes } from "../index/recent_indexes.ts";
import { discardStaged, installNew, installOver, stageMailbox } from "./installed.ts";
import {
  fileIdOf,
  type Layout,
  layoutOf,
  MAIL_DIRECTORY,
  MAILBOX_INDEX,
  MAP_INDEX,
  type MdboxOptions,
  pathsOf,
} from "./layout.ts";
import { openMailboxIndex } from "./mailbox_index.ts";
import { type MailboxSurroundings, type OpenMailbox, openMailbox } from "./mdbox_mailbox.ts";
import { recover } from "./recover.ts";
import { SharedMails } from "./shared_mails.ts";
import { Storage } from "./storage.ts";
import { type Located, readIdentity, readTree } from "./tree.ts";
import { changeTree } from "./tree_change.ts";

export type { MdboxOptions } from "./layout.ts";

const CAPS: Omit<StoreCaps, "naming"> = {
  format: "mdbox",
  savedDates: true,
  fullGuids: false,
  emptyDirectories: true,
};

/** What `work` gives, its thrown failure as a value. */
const guarded =
  <A>(work: () => Promise<E.Either<SyncError, A>>): TaskEither<SyncError, A> => async () => {
    try {
      return await work();
    } catch (thrown) {
      return E.left(thrownError(thrown));
    }
  };

/** What a location turned out to be. */
type Root = "mdbox" | "empty" | "missing" | "foreign";

const rootOf = (os: Os, layout: Layout): Root => {
  const root = os.files.stat(layout.root);
  if (root === null) return "missing";
  const entries = root.kind === "directory" ? os.files.list(layout.root) ?? [] : null;
  // Every Maildir has it, and no mdbox.
  if (entries === null || entries.some(({ name }) => name === "cur")) return "foreign";
  const hasMailboxes = layout.mailboxes !== layout.root &&
    os.files.stat(layout.mailboxes)?.kind === "directory";
  const isMdbox = hasMailboxes ||
    [layout.storage, layout.map].some((directory) =>
      (os.files.list(directory) ?? []).some(({ name }) =>
        fileIdOf(name) !== null || name.startsWith(MAP_INDEX)
      )
    );
  if (isMdbox) return "mdbox";
  // What was begun and killed, and what lies beside mail in every format, does not make another store of it.
  const beside = /^(storage|\.dsync|dsync\.lock|subscriptions|dovecot.*)$/;
  return entries.every(({ name }) => beside.test(name)) ? "empty" : "foreign";
};

/** LAYOUT=index has directories of GUIDs where others have names; taken for names they would all be without mails. */
const hasIndexLayout = (os: Os, { mailboxes, indexMailboxes }: Layout): boolean =>
  (os.files.list(mailboxes) ?? []).some(({ name }) =>
    /^[0-9a-f]{32}$/.test(name) && [mailboxes, indexMailboxes ?? mailboxes].some((directory) =>
      os.files.stat(`${directory}/${name}/${MAILBOX_INDEX}.log`) !== null
    ) && os.files.stat(`${mailboxes}/${name}/${MAIL_DIRECTORY}`) === null
  );

/**
 * Opens an mdbox. Refused, with nothing made: `Missing` where there is none and `create` is false, `Unsafe` where there
 * is something else, `Unsupported` with LAYOUT=index.
 */
export const openMdbox = (os: Os, options: MdboxOptions): TaskEither<SyncError, Store> =>
  guarded(() => {
    const layout = layoutOf(options);
    const where = { path: layout.root };
    const root = rootOf(os, layout);
    if (root === "foreign") {
      failStream(syncError("Unsafe", "store", where, "what is there is no mdbox"));
    }
    if (root === "mdbox" && hasIndexLayout(os, layout)) {
      failStream(
        syncError("Unsupported", "store", where, "mailboxes are laid out by LAYOUT=index"),
      );
    }
    if (root !== "mdbox" && !options.create) {
      const what = root === "missing" ? "there is no mdbox" : "the directory is no mdbox";
      failStream(syncError("Missing", "store", where, what));
    }
    const store = new MdboxStore(os, layout, options);
    return Promise.resolve(E.right(exclusiveStore(os, layout.root, store, store.recover)));
  });

const locationText = ({ root, index, control, alt, mailboxDir, utf8 }: MdboxOptions): string =>
  [
    `mdbox:${root}`,
    ...(index === undefined ? [] : [`INDEX=${index}`]),
    ...(control === undefined ? [] : [`CONTROL=${control}`]),
    ...(alt === undefined ? [] : [`ALT=${alt}`]),
    ...(mailboxDir === undefined ? [] : [`MAILBOXDIR=${mailboxDir}`]),
    ...(utf8 ? ["UTF-8"] : []),
  ].join(":");

class MdboxStore implements Store {
  readonly location: string;
  readonly caps: StoreCaps;
  readonly applyTree: Store["applyTree"];
  readonly #storage: Storage;
  readonly #around: MailboxSurroundings;
  readonly #identities: GivenIdentities | undefined;
  readonly #recent = new RecentIndexes();
  /** Where mailboxes were seen last; looked at again before it is relied upon. */
  readonly #seen = new Map<MailboxGuid, Located>();

  constructor(os: Os, layout: Layout, options: MdboxOptions) {
    this.location = locationText(options);
    this.caps = { ...CAPS, naming: layout.naming };
    this.#storage = new Storage(os, layout, options.create);
    this.#identities = options.identities;
    this.#around = {
      storage: this.#storage,
      shared: new SharedMails(this.#storage),
      ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
    };
    this.applyTree = movingAttributes(
      os,
      options.attributes,
      (operation) =>
        guarded(async () => {
          await changeTree(this.#storage, this.#locate, operation);
          if (operation._tag === "CreateMailbox") this.#see(operation);
          return E.right(undefined);
        }),
    );
  }

  /** Puts in order what writers left that are dead. */
  readonly recover = async (): Promise<void> => {
    const { map } = this.#storage;
    if (map !== null) await recover(this.#storage, map);
    await removeDeadSubscriptionLock(this.#storage.os, this.#storage.layout.control);
    const { attributes } = this.#around;
    if (attributes !== undefined) await removeDeadDictLock(this.#storage.os, attributes);
    // What the killed run did to the tree, it may not have told.
    await refreshListIndex(this.#storage.os, this.#storage.layout.accountIndex);
  };

  readonly tree: Store["tree"] = guarded(async () => {
    const { mailboxes, tree } = await readTree(this.#storage, this.#identities);
    this.#seeAll(mailboxes);
    return E.right(tree);
  });

  readonly stamps: NonNullable<Store["stamps"]> = guarded(() => {
    const { os, layout } = this.#storage;
    const { attributes } = this.#around;
    // Where the map is another one, the mails of a mailbox may be gone.
    const map = os.files.stat(`${layout.map}/${MAP_INDEX}.log`);
    const touched = [...this.#seen].map(([guid, { paths }]) =>
      [guid, [
        ...indexFiles(paths.index, MAILBOX_INDEX),
        ...(attributes === undefined ? [] : [attributes]),
      ]] as const
    );
    const stamps = [...stampsOf(os, touched)].map(([guid, stamp]) =>
      [guid, `${map?.dev}:${map?.ino} ${stamp}`] as const
    );
    return Promise.resolve(E.right(new Map(stamps)));
  });

  readonly fitName = (name: MailboxName): MailboxName => fitName(name, this.#storage.layout.naming);

  readonly withMailbox: Store["withMailbox"] = (guid, use) =>
    guarded(async () => {
      const open = this.#openSeen(guid) ?? await this.#openLocated(guid);
      if (open === null) {
        const what = `no mailbox has the GUID ${guid}`;
        return E.left(syncError("Missing", "mailbox", {}, what));
      }
      return await this.#use(open, use);
    });

  readonly replaceMailbox: Store["replaceMailbox"] = ({ name, ...identity }, use) =>
    guarded(() => this.#replace(name, identity, use));

  readonly close: Store["close"] = () => {
    this.#recent.close();
    this.#storage.close();
    return Promise.resolve();
  };

  #seeAll(mailboxes: ReadonlyMap<MailboxGuid, Located>): void {
    this.#seen.clear();
    for (const [guid, located] of mailboxes) this.#seen.set(guid, located);
  }

  /** A mailbox that was just made is found without looking through all of them. */
  #see(
    { name, guid, uidValidity }: {
      readonly name: MailboxName;
      readonly guid: MailboxGuid;
      readonly uidValidity: number;
    },
  ): void {
    const paths = pathsOf(this.#storage.layout, name);
    if (E.isRight(paths)) {
      this.#seen.set(guid, { name, paths: paths.right, identity: { guid, uidValidity } });
    }
  }

  readonly #locate = async (guid: MailboxGuid): Promise<Located | null> => {
    const seen = this.#seen.get(guid);
    if (seen !== undefined && this.#isStillAt(seen)) return seen;
    this.#seeAll((await readTree(this.#storage, this.#identities)).mailboxes);
    return this.#seen.get(guid) ?? null;
  };

  /** The mailbox where it was seen last; null where it is not there any more. */
  #openSeen(guid: MailboxGuid): OpenMailbox | null {
    const seen = this.#seen.get(guid);
    const there = seen !== undefined && this.#storage.os.files.stat(seen.paths.mails) !== null;
    const open = there ? this.#open(seen.name, seen.paths) : null;
    if (open === null || open.mailbox.status.guid === guid) return open;
    open.close();
    return null;
  }

  async #openLocated(guid: MailboxGuid): Promise<OpenMailbox | null> {
    const located = await this.#locate(guid);
    return located === null ? null : this.#open(located.name, located.paths);
  }

  #isStillAt({ paths, identity }: Located): boolean {
    try {
      return this.#storage.os.files.stat(paths.mails) !== null &&
        readIdentity(this.#storage, paths)?.guid === identity.guid;
    } catch (thrown) {
      // What is wrong is found again by whoever opens it.
      thrownError(thrown);
      return true;
    }
  }

  #open(
    name: MailboxName,
    paths: Located["paths"],
    around: MailboxSurroundings = { ...this.#around, recent: this.#recent },
  ): OpenMailbox | null {
    try {
      return openMailbox(around, name, paths);
    } catch (thrown) {
      const error = thrownError(thrown);
      return failStream({ ...error, scope: "mailbox", where: { mailbox: name, ...error.where } });
    }
  }

  async #use<A>(
    open: OpenMailbox,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): Promise<E.Either<SyncError, A>> {
    try {
      const result = await use(open.mailbox)();
      if (E.isRight(result)) await open.finish();
      return result;
    } finally {
      open.close();
    }
  }

  async #replace<A>(
    name: MailboxName,
    identity: MailboxIdentity,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): Promise<E.Either<SyncError, A>> {
    const storage = this.#storage;
    const { os, layout } = storage;
    const paths = orFail(pathsOf(layout, name), { mailbox: name });
    raiseUidValidity(os, layout.control, identity.uidValidity);
    const old = os.files.stat(paths.mails) === null ? null : openMailboxIndex(os, paths.index);
    try {
      const staged = await stageMailbox(storage, identity, old);
      const discard = async () => {
        if (os.files.stat(staged) !== null) await discardStaged(storage, staged);
      };
      try {
        // Its index will lie elsewhere, and is not kept.
        const open = this.#open(name, { ...paths, index: staged }, this.#around)!;
        const result = await this.#use(open, use);
        if (E.isLeft(result)) {
          await discard();
          return result;
        }
        if (old === null) installNew(storage, staged, paths);
        else await this.#installOver(staged, paths, old, identity);
        await refreshListIndex(storage.os, storage.layout.accountIndex);
        return result;
      } catch (thrown) {
        // What cannot be cleaned up now is left to whoever recovers; the first failure is the one to tell.
        await discard().catch(thrownError);
        throw thrown;
      }
    } finally {
      old?.close();
    }
  }

  async #installOver(
    staged: string,
    paths: Located["paths"],
    old: NonNullable<ReturnType<typeof openMailboxIndex>>,
    { guid }: MailboxIdentity,
  ): Promise<void> {
    const storage = this.#storage;
    const before = readIdentity(storage, paths);
    await installOver(storage, staged, paths, old);
    if (before === null || before.guid === guid) return;
    const at = Math.floor(storage.os.now() / 1000);
    appendMailboxLog(storage.os, storage.layout.accountIndex, [
      { type: "DeleteMailbox", guid: before.guid, at },
    ]);
  }
}
