/**
 * Which mailbox has which name, as a run goes on: what is changed through it is followed.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as TE from "fp-ts/TaskEither.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import type { SyncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, type MailboxTree, nameKey } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { Store } from "../port/store.ts";

/** A store's tree, and what has become of it since it was read. */
export interface RememberedTree extends Pick<Store, "tree" | "applyTree" | "replaceMailbox"> {
  /** The mailbox that has a name now; null: none has. Reads the tree where nobody has yet. */
  readonly mailboxNamed: (name: MailboxName) => TaskEither<SyncError, MailboxGuid | null>;
}

type Names = Map<string, MailboxGuid>;

const namesIn = ({ nodes }: MailboxTree): Names =>
  new Map(
    nodes.flatMap((node) => node._tag === "Mailbox" ? [[nameKey(node.name), node.guid]] : []),
  );

const leave = (names: Names, name: MailboxName, guid: MailboxGuid): void => {
  if (names.get(nameKey(name)) === guid) names.delete(nameKey(name));
};

const follow = (names: Names, operation: TreeOperation): void => {
  switch (operation._tag) {
    case "CreateMailbox":
      return void names.set(nameKey(operation.name), operation.guid);
    case "DeleteMailbox":
      return leave(names, operation.name, operation.guid);
    case "RenameMailbox":
      leave(names, operation.name, operation.guid);
      return void names.set(nameKey(operation.newName), operation.guid);
    case "ReidentifyMailbox":
      return void names.set(nameKey(operation.name), operation.newGuid);
    case "CreateDirectory":
    case "DeleteDirectory":
    case "Subscribe":
    case "Unsubscribe":
      return;
  }
};

/** The tree of a store, and the calls that change it, to be used in place of the store's own. */
export const rememberedTree = (store: Store): RememberedTree => {
  let names: Names | null = null;
  const tree = TE.map((read: MailboxTree) => {
    names = namesIn(read);
    return read;
  })(store.tree);
  return {
    tree,
    applyTree: (operation) =>
      TE.map(() => {
        if (names !== null) follow(names, operation);
      })(store.applyTree(operation)),
    replaceMailbox: (identity, use) => async () => {
      const end = await store.replaceMailbox(identity, use)();
      if (E.isRight(end)) names?.set(nameKey(identity.name), identity.guid);
      return end;
    },
    mailboxNamed: (name) => async () => {
      if (names === null) {
        const read = await tree();
        if (E.isLeft(read)) return read;
      }
      return E.right(names!.get(nameKey(name)) ?? null);
    },
  };
};
