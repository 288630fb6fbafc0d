/**
 * A store that can be written to without anything being written: the changes are kept in memory, over a store that is
 * only read.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { pipe } from "fp-ts/function.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../../model/error.ts";
import type { MailboxGuid } from "../../model/ids.ts";
import { type MailboxName, type MailboxTree, nameKey } from "../../model/mailbox.ts";
import { mailCame, type TreeOperation } from "../../model/operation.ts";
import type { Mailbox, Store } from "../../port/store.ts";
import { newMailbox } from "../memory/memory_store.ts";
import { changedTree } from "./changed_tree.ts";
import { loadMailbox, Shadow, shadowed } from "./shadow_mailbox.ts";

const missing = (guid: MailboxGuid): SyncError =>
  syncError("Missing", "mailbox", {}, `no mailbox has the GUID ${guid}`);

class ShadowStore {
  readonly #base: Store;
  /** Mailboxes that were written to, by GUID; null: it has gone. */
  readonly #known = new Map<MailboxGuid, Shadow | null>();
  #below: Promise<Either<SyncError, MailboxTree>> | null = null;
  /** What was done to the tree, in order. */
  readonly #changes: TreeOperation[] = [];

  constructor(base: Store) {
    this.#base = base;
  }

  readonly tree: TaskEither<SyncError, MailboxTree> = async () => {
    const below = await (this.#below ??= this.#base.tree());
    return E.map((tree: MailboxTree) => changedTree(tree, this.#changes))(below);
  };

  withMailbox<A>(
    guid: MailboxGuid,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> {
    return async () => {
      const known = this.#known.get(guid);
      if (known === null) return E.left(missing(guid));
      const keep = (shadow: Shadow): void => void this.#known.set(guid, shadow);
      if (known === undefined) {
        return await this.#base.withMailbox(
          guid,
          (mailbox) => use(shadowed(mailbox, null, keep)),
        )();
      }
      return known.below === null
        ? await use(shadowed(null, known, keep))()
        : await this.#base.withMailbox(
          known.below,
          (mailbox) => use(shadowed(mailbox, known, keep)),
        )();
    };
  }

  /** A mailbox as it is now, to be changed as a whole. */
  #load(guid: MailboxGuid): TaskEither<SyncError, Shadow> {
    const known = this.#known.get(guid);
    if (known === null) return TE.left(missing(guid));
    return known === undefined
      ? this.#base.withMailbox(guid, (mailbox) => loadMailbox(mailbox))
      : TE.right(known);
  }

  #change(
    guid: MailboxGuid,
    newGuid: MailboxGuid,
    change: (box: Shadow["box"]) => void,
  ): TaskEither<SyncError, void> {
    return pipe(
      this.#load(guid),
      TE.map((shadow) => {
        change(shadow.box);
        this.#known.set(guid, null);
        this.#known.set(newGuid, shadow);
      }),
    );
  }

  applyTree(operation: TreeOperation): TaskEither<SyncError, void> {
    return pipe(
      this.#carryOut(operation),
      TE.map(() => void this.#changes.push(operation)),
    );
  }

  /** The UIDNEXT of a mailbox, where it counts; 0: it does not, or the mailbox is gone. */
  #uidNext({ guid, uidNext }: { readonly guid: MailboxGuid; readonly uidNext?: number }) {
    return uidNext === undefined ? TE.right<SyncError, number>(0) : pipe(
      this.withMailbox(guid, ({ status }) => TE.right(status.uidNext)),
      TE.orElse((error) => error._tag === "Missing" ? TE.right(0) : TE.left(error)),
    );
  }

  #carryOut(operation: TreeOperation): TaskEither<SyncError, void> {
    switch (operation._tag) {
      case "CreateMailbox": {
        const { name, guid, uidValidity } = operation;
        this.#known.set(guid, new Shadow(null, newMailbox(name, guid, uidValidity)));
        return TE.right(undefined);
      }
      case "DeleteMailbox":
        return pipe(
          this.#uidNext(operation),
          TE.chain((uidNext) => {
            if (uidNext > (operation.uidNext ?? Infinity)) return TE.left(mailCame(operation.name));
            this.#known.set(operation.guid, null);
            return TE.right(undefined);
          }),
        );
      case "RenameMailbox":
        return this.#change(operation.guid, operation.guid, (box) => box.name = operation.newName);
      case "ReidentifyMailbox":
        return this.#change(operation.guid, operation.newGuid, (box) => {
          box.guid = operation.newGuid;
          box.uidValidity = operation.newUidValidity;
        });
      case "CreateDirectory":
      case "DeleteDirectory":
      case "Subscribe":
      case "Unsubscribe":
        return TE.right(undefined);
    }
  }

  /** The GUIDs of the mailboxes that have a name now. */
  async #named(name: MailboxName): Promise<readonly MailboxGuid[]> {
    const tree = await this.tree();
    const nodes = E.isLeft(tree) ? [] : tree.right.nodes;
    const there = new Map<MailboxGuid, MailboxName>();
    for (const node of nodes) if (node._tag === "Mailbox") there.set(node.guid, node.name);
    for (const [guid, shadow] of this.#known) {
      if (shadow === null) there.delete(guid);
      else there.set(guid, shadow.box.name);
    }
    return [...there].filter(([, has]) => nameKey(has) === nameKey(name)).map(([guid]) => guid);
  }

  replaceMailbox<A>(
    { name, guid, uidValidity }: {
      readonly name: MailboxName;
      readonly guid: MailboxGuid;
      readonly uidValidity: number;
    },
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ): TaskEither<SyncError, A> {
    return async () => {
      const shadow = new Shadow(null, newMailbox(name, guid, uidValidity));
      const end = await use(shadowed(null, shadow, () => {}))();
      if (E.isLeft(end)) return end;
      for (const old of await this.#named(name)) this.#known.set(old, null);
      this.#known.set(guid, shadow);
      this.#changes.push({ _tag: "CreateMailbox", name, guid, uidValidity });
      return end;
    };
  }
}

/**
 * A store that shows `base`, and takes every change without writing it: a run over it goes on as if it had been made.
 * The log of the tree stays as it was. A mail that was saved in it has no content. Memory: the records of mailboxes that
 * are changed.
 */
export const shadowStore = (base: Store): Store => {
  const shadow = new ShadowStore(base);
  return {
    location: base.location,
    caps: base.caps,
    fitName: base.fitName,
    tree: shadow.tree,
    applyTree: (operation) => shadow.applyTree(operation),
    withMailbox: (guid, use) => shadow.withMailbox(guid, use),
    replaceMailbox: (identity, use) => shadow.replaceMailbox(identity, use),
    close: base.close,
  };
};
