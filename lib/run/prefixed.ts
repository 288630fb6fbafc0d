/**
 * A store whose mailboxes have a namespace's prefix in their names, as a Dovecot tells and hears them: on disk they have
 * none. INBOX stays INBOX.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { TaskEither } from "fp-ts/TaskEither.js";
import { type SyncError, syncError } from "../model/error.ts";
import { INBOX, type MailboxName, mailboxName, nameKey } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { overlaid } from "../port/overlaid.ts";
import type { Mailbox, Store } from "../port/store.ts";

/** The name of a mailbox without the prefix; null: it is outside of the namespace. */
const withoutPrefix = (name: MailboxName, prefix: string): MailboxName | null => {
  if (nameKey(name) === INBOX) return INBOX;
  return name.startsWith(prefix) && name.length > prefix.length
    ? mailboxName(name.slice(prefix.length))
    : null;
};

const withPrefix = (name: MailboxName, prefix: string): MailboxName =>
  nameKey(name) === INBOX ? INBOX : mailboxName(`${prefix}${name}`);

const outside = (name: MailboxName, prefix: string): SyncError =>
  syncError("Unfit", "mailbox", { mailbox: name }, `it is outside of the namespace "${prefix}"`);

const renamed = (operation: TreeOperation, prefix: string): E.Either<SyncError, TreeOperation> => {
  const name = withoutPrefix(operation.name, prefix);
  if (name === null) return E.left(outside(operation.name, prefix));
  if (operation._tag !== "RenameMailbox") return E.right({ ...operation, name });
  const newName = withoutPrefix(operation.newName, prefix);
  return newName === null
    ? E.left(outside(operation.newName, prefix))
    : E.right({ ...operation, name, newName });
};

/** Whether an operation only concerns the parents of the prefix, which are there without being made. */
const isOfPrefix = ({ _tag, name }: TreeOperation, prefix: string): boolean =>
  (_tag === "CreateDirectory" || _tag === "DeleteDirectory") && prefix.startsWith(`${name}/`);

/**
 * The same store with `prefix` ("INBOX/", parts parted and ended by "/") before every name but INBOX. Mailboxes outside of
 * it cannot be made here (`Unfit`). The log of the tree stays as it is: a Dovecot hashes names with their prefix.
 */
export const prefixed = (store: Store, prefix: string): Store => {
  if (prefix === "") return store;
  const named = <A>(use: (mailbox: Mailbox) => TaskEither<SyncError, A>) => (mailbox: Mailbox) =>
    use(overlaid(mailbox, { name: withPrefix(mailbox.name, prefix) }));
  return {
    ...store,
    tree: async () => {
      const tree = await store.tree();
      if (E.isLeft(tree)) return tree;
      return E.right({
        ...tree.right,
        nodes: tree.right.nodes.map((node) => ({ ...node, name: withPrefix(node.name, prefix) })),
        subscriptions: tree.right.subscriptions.map((name) => withPrefix(name, prefix)),
      });
    },
    fitName: (name) => {
      const bare = withoutPrefix(name, prefix);
      return bare === null ? name : withPrefix(store.fitName(bare), prefix);
    },
    applyTree: (operation) => async () => {
      if (isOfPrefix(operation, prefix)) return E.right(undefined);
      const bare = renamed(operation, prefix);
      return E.isLeft(bare) ? bare : await store.applyTree(bare.right)();
    },
    withMailbox: (guid, use) => store.withMailbox(guid, named(use)),
    replaceMailbox: (identity, use) => async () => {
      const name = withoutPrefix(identity.name, prefix);
      return name === null
        ? E.left(outside(identity.name, prefix))
        : await store.replaceMailbox({ ...identity, name }, named(use))();
    },
  };
};
