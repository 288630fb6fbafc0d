/**
 * A Maildir account behind the store port.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { fitName } from "../../codec/mailbox_path.ts";
import { type SyncError, syncError, withPlace } from "../../model/error.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import {
  INBOX,
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
} from "../../model/mailbox.ts";
import type { Os } from "../../port/os.ts";
import type { Mailbox, Store, StoreCaps } from "../../port/store.ts";
import { failStream } from "../../stream/chunks.ts";
import { movingAttributes, removeDeadDictLock } from "../account/attribute_dict_file.ts";
import { exclusiveStore } from "../account/exclusive_store.ts";
import type { GivenIdentities } from "../../port/given_identities.ts";
import { readMailboxLog } from "../account/mailbox_log_file.ts";
import { attempt, thrownError } from "../account/or_fail.ts";
import { indexFiles, stampsOf } from "../account/stamp.ts";
import { readSubscriptions, removeDeadSubscriptionLock } from "../account/subscriptions_file.ts";
import { removeDeadDraft } from "../index/index_create.ts";
import { openIndex } from "../index/index_file.ts";
import { subscribedNames } from "../../codec/subscriptions.ts";
import { afterIndex, INDEX_BASE, MaildirBox } from "./box.ts";
import { inMailbox } from "./in_mailbox.ts";
import { makeMailDirectories } from "./mail_directories.ts";
import type { Look } from "./look.ts";
import { hasIncoming, removeIncoming } from "./incoming.ts";
import { accountRoots, mailboxPaths, type MaildirLocation, namingOf } from "./layout.ts";
import { openMailbox } from "./maildir_mailbox.ts";
import { findMailboxes, type FoundMailboxes, rootError, rootKind } from "./mailbox_tree.ts";
import { completeStage, placeStage } from "./place.ts";
import { touchedPaths } from "./snapshot.ts";
import { makeStage, removeStage, withLeftStages } from "./staging.ts";
import { fillStage, type Identity, TreeChanger } from "./tree_changes.ts";
import { twinError } from "./twin.ts";
import { readUidlistHeader, removeDeadLock } from "./uidlist_file.ts";

/** Which Maildir to open, and whether it may be made. */
export interface MaildirOptions extends MaildirLocation {
  /** Whether a Maildir that is not there is made, at the first write. */
  readonly create: boolean;
  /** Which identities mailboxes get that have none; absent: new ones. */
  readonly identities?: GivenIdentities;
}

/** Adapters throw inside; this is the edge where that becomes a value. Defects are thrown on. */
const asTask = <A>(use: () => A | Promise<A>): TaskEither<SyncError, A> => async () => {
  try {
    return E.right(await use());
  } catch (thrown) {
    return E.left(thrownError(thrown));
  }
};

/** An `Either` that the user of a mailbox gave back, on its way out of brackets that throw. */
const unwrap = async <A>(task: TaskEither<SyncError, A>): Promise<A> => {
  const end = await task();
  return E.isLeft(end) ? failStream(end.left) : end.right;
};

class MaildirStore {
  readonly #os: Os;
  readonly #location: MaildirLocation;
  readonly #changer: TreeChanger;
  readonly #identities: GivenIdentities | undefined;
  /** Where each mailbox was last seen. */
  #names = new Map<MailboxGuid, MailboxName>();
  #tidied = false;
  /** The mailbox that was opened last. */
  #last: { readonly name: MailboxName; readonly look: Look } | null = null;

  constructor(os: Os, location: MaildirLocation, identities?: GivenIdentities) {
    this.#os = os;
    this.#identities = identities;
    this.#location = location;
    this.#changer = new TreeChanger(os, location);
  }

  #boxOptions(name: MailboxName) {
    const { control: controlRoot } = accountRoots(this.#location);
    return { name, paths: mailboxPaths(this.#location, name), controlRoot };
  }

  /** The GUID of a mailbox; one without identity is given one. */
  async #identify(name: MailboxName): Promise<MailboxGuid> {
    return await inMailbox(name, async () => {
      const options = this.#boxOptions(name);
      const known = readUidlistHeader(this.#os, options.paths.control)?.guid;
      if (known) return known;
      const identity = this.#identities?.of(name) ?? null;
      const box = await MaildirBox.open(this.#os, { ...options, identity });
      try {
        const { guid, uidValidity } = box.uidlist;
        this.#identities?.note(name, { guid: guid!, uidValidity });
        return guid!;
      } finally {
        box.close();
      }
    });
  }

  /** INBOX always exists: a Maildir of folders alone is given one, as Dovecot does it. */
  #ensureInbox({ mailboxes, damaged }: FoundMailboxes): readonly MailboxName[] {
    if (mailboxes.length === 0 || mailboxes.includes(INBOX) || damaged.includes(INBOX)) {
      return mailboxes;
    }
    return attempt(
      () => {
        makeMailDirectories(this.#os, mailboxPaths(this.#location, INBOX).mail);
        return [INBOX, ...mailboxes];
      },
      // What may only be read goes without.
      () => mailboxes,
    );
  }

  async tree(): Promise<MailboxTree> {
    const kind = rootKind(this.#os, this.#location);
    if (kind === "foreign") failStream(rootError(this.#os, this.#location, kind));
    const found = findMailboxes(this.#os, this.#location);
    const problems = [...found.problems];
    const nodes: MailboxNode[] = [
      ...found.directories.map((name) => ({ _tag: "Directory" as const, name })),
      ...found.damaged.map((name) => ({ _tag: "Damaged" as const, name })),
    ];
    const names = new Map<MailboxGuid, MailboxName>();
    for (const name of this.#ensureInbox(found)) {
      try {
        const guid = await this.#identify(name);
        const twin = names.get(guid);
        if (twin !== undefined) failStream(twinError(name, twin));
        names.set(guid, name);
        nodes.push({ _tag: "Mailbox", name, guid });
      } catch (thrown) {
        problems.push(withPlace(thrownError(thrown), { mailbox: name }));
        nodes.push({ _tag: "Damaged", name });
      }
    }
    this.#names = names;
    const { control, index } = accountRoots(this.#location);
    const keyed = nodes.map((node) => [nameKey(node.name), node] as const);
    return {
      nodes: keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, node]) => node),
      subscriptions: subscribedNames(
        readSubscriptions(this.#os, control),
        namingOf(this.#location),
      ),
      log: readMailboxLog(this.#os, index),
      problems,
    };
  }

  /** The name of the mailbox that has a GUID. */
  async #find(guid: MailboxGuid): Promise<MailboxName> {
    const isStill = (name: MailboxName): boolean =>
      attempt(
        () => {
          const { control } = mailboxPaths(this.#location, name);
          return readUidlistHeader(this.#os, control)?.guid === guid;
        },
        () => false,
      );
    const known = this.#names.get(guid);
    if (known !== undefined && isStill(known)) return known;
    await this.tree();
    return this.#names.get(guid) ??
      failStream<SyncError>(
        syncError(
          "Missing",
          "mailbox",
          { path: this.#location.root },
          `no mailbox has the GUID ${guid}`,
        ),
      );
  }

  /** The stamps of the mailboxes that `tree` told. */
  stamps(): ReadonlyMap<MailboxGuid, string> {
    const { attributes } = this.#location;
    const touched = [...this.#names].map(([guid, name]) => {
      const paths = mailboxPaths(this.#location, name);
      return [guid, [
        ...touchedPaths(paths),
        ...indexFiles(paths.index, INDEX_BASE),
        ...(attributes === undefined ? [] : [attributes]),
      ]] as const;
    });
    return stampsOf(this.#os, touched);
  }

  async withMailbox<A>(
    guid: MailboxGuid,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): Promise<A> {
    const name = await this.#find(guid);
    // A run opens a mailbox some times in a row, and as a rule nothing has happened between.
    const last = this.#last?.name === name ? this.#last.look : null;
    const box = await MaildirBox.open(this.#os, { ...this.#boxOptions(name), lastLook: last });
    this.#last = { name, look: box.firstLook };
    try {
      return await unwrap(use(openMailbox(box, this.#location.attributes)));
    } finally {
      box.close();
    }
  }

  /** Completes or removes what killed runs have left, once. */
  async tidy(): Promise<void> {
    if (this.#tidied) return;
    this.#tidied = true;
    this.#changer.endMoveLeft();
    await withLeftStages(this.#os, this.#location, async (stage) => {
      if (stage.readyFor === null) removeStage(this.#os, stage);
      else await completeStage(this.#os, this.#location, stage.readyFor, stage);
    });
  }

  /** Puts in order what a killed run has left anywhere. Costs a reading of each tmp/. */
  async recover(): Promise<void> {
    await this.tidy();
    if (rootKind(this.#os, this.#location) !== "maildir") return;
    for (const name of findMailboxes(this.#os, this.#location).mailboxes) {
      // What cannot be put in order here is told by whoever opens the mailbox.
      await this.#recoverMailbox(name).catch(thrownError);
    }
    await removeDeadSubscriptionLock(this.#os, accountRoots(this.#location).control);
    const { attributes } = this.#location;
    if (attributes !== undefined) await removeDeadDictLock(this.#os, attributes);
    // What the killed run did to the tree, it may not have told.
    await this.#changer.refreshList();
  }

  async #recoverMailbox(name: MailboxName): Promise<void> {
    const { mail, control, index } = mailboxPaths(this.#location, name);
    await removeDeadLock(this.#os, control);
    removeDeadDraft(this.#os, index, INDEX_BASE);
    if (!hasIncoming(this.#os, mail)) return;
    // Opening it takes those mails in that were on their way; what remains has never been saved.
    (await MaildirBox.open(this.#os, this.#boxOptions(name))).close();
    removeIncoming(this.#os, mail);
  }

  async applyTree(operation: Parameters<TreeChanger["apply"]>[0]): Promise<void> {
    await this.tidy();
    await inMailbox(operation.name, () => this.#changer.apply(operation));
    // One that was just made is found without looking through all of them.
    if (operation._tag === "CreateMailbox") this.#names.set(operation.guid, operation.name);
  }

  /** Id and sequence by which a new index can follow the one that is there. */
  #indexAfter(name: MailboxName) {
    const index = attempt(
      () => openIndex(this.#os, mailboxPaths(this.#location, name).index, INDEX_BASE),
      () => null,
    );
    if (index === null) return null;
    index.close();
    return afterIndex(index);
  }

  async replaceMailbox<A>(
    identity: Identity,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): Promise<A> {
    await this.tidy();
    const { name } = identity;
    this.#changer.raiseUidValidity(identity.uidValidity);
    const before = attempt(
      () => readUidlistHeader(this.#os, mailboxPaths(this.#location, name).control)?.guid,
      () => undefined,
    );
    const stage = makeStage(this.#os, this.#location, name);
    try {
      fillStage(this.#os, this.#location, identity, stage);
      const indexAfter = this.#indexAfter(name);
      const box = await MaildirBox.open(this.#os, {
        ...this.#boxOptions(name),
        paths: stage.box,
        ...(indexAfter === null ? {} : { indexAfter }),
      });
      let end: A;
      try {
        end = await unwrap(use(openMailbox(box, this.#location.attributes)));
        await box.complete(indexAfter !== null);
      } finally {
        box.close();
      }
      await placeStage(this.#os, this.#location, name, stage);
      if (before && before !== identity.guid) {
        this.#changer.log({ type: "DeleteMailbox", guid: before });
      }
      return end;
    } finally {
      stage.discard();
    }
  }
}

const locationText = ({ root, layout, inbox, index, control, utf8 }: MaildirLocation): string =>
  [
    `maildir:${root}`,
    ...(layout === "fs" ? ["LAYOUT=fs"] : []),
    ...(inbox === undefined ? [] : [`INBOX=${inbox}`]),
    ...(index === undefined ? [] : [`INDEX=${index}`]),
    ...(control === undefined ? [] : [`CONTROL=${control}`]),
    ...(utf8 ? ["UTF-8"] : []),
  ].join(":");

const withoutSlash = (path: string): string => path.replace(/(?<=.)\/+$/, "");

const normalised = (location: MaildirLocation): MaildirLocation => ({
  root: withoutSlash(location.root),
  layout: location.layout,
  utf8: location.utf8 ?? false,
  ...(location.inbox === undefined ? {} : { inbox: withoutSlash(location.inbox) }),
  ...(location.index === undefined ? {} : { index: withoutSlash(location.index) }),
  ...(location.control === undefined ? {} : { control: withoutSlash(location.control) }),
  ...(location.attributes === undefined ? {} : { attributes: location.attributes }),
  ...(location.altChar === undefined ? {} : { altChar: location.altChar }),
});

/**
 * Opens a Maildir account. Nothing is written by that. Errors: `Missing` where `create` is false and there is no
 * Maildir, `Unsafe` where there is something else.
 */
export const openMaildir = (os: Os, options: MaildirOptions): TaskEither<SyncError, Store> =>
  asTask(() => {
    const location = normalised(options);
    const kind = rootKind(os, location);
    if (kind === "foreign" || (kind !== "maildir" && !options.create)) {
      failStream(rootError(os, location, kind));
    }
    const store = new MaildirStore(os, location, options.identities);
    const naming = namingOf(location);
    const caps: StoreCaps = {
      format: "maildir",
      savedDates: false,
      fullGuids: true,
      naming,
      emptyDirectories: location.layout === "fs",
    };
    return exclusiveStore(os, location.root, {
      location: locationText(options),
      caps,
      tree: asTask(() => store.tree()),
      stamps: asTask(() => store.stamps()),
      fitName: (name) => fitName(name, naming),
      applyTree: movingAttributes(
        os,
        location.attributes,
        (operation) => asTask(() => store.applyTree(operation)),
      ),
      withMailbox: (guid, use) => asTask(() => store.withMailbox(guid, use)),
      replaceMailbox: (identity, use) => asTask(() => store.replaceMailbox(identity, use)),
      close: () => Promise.resolve(),
    }, () => store.recover());
  });
