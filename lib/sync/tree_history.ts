/**
 * What a mailbox log tells about the names and mailboxes of a tree.
 *
 * @module
 */
import { mailboxNameHashes } from "../codec/guid.ts";
import { syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import {
  type MailboxName,
  type MailboxNode,
  type MailboxTree,
  parentName,
} from "../model/mailbox.ts";

/** A node that is a mailbox. */
export type MailboxNodeOf = Extract<MailboxNode, { _tag: "Mailbox" }>;

/** Whether a node is a mailbox that can be opened. */
export const isMailbox = (node: MailboxNode): node is MailboxNodeOf => node._tag === "Mailbox";

/** The past of one tree; all times in seconds since 1970, 0: never as far as the log knows. */
export interface TreeHistory {
  /** When the mailbox with this GUID was deleted. */
  readonly deletedAt: (guid: MailboxGuid) => number;
  /** When the directory of this name was deleted. */
  readonly directoryDeletedAt: (name: MailboxName) => number;
  /** When this name, or a name above it, last came to be by a rename. */
  readonly renamedAt: (name: MailboxName) => number;
  /** When this name was last subscribed or unsubscribed. */
  readonly subscriptionAt: (name: MailboxName) => number;
}

/** Reads the log of a tree. Source: Dovecot 2.3 dsync-mailbox-tree-fill.c. */
export const treeHistory = (tree: MailboxTree): TreeHistory => {
  const times = new Map<string, number>();
  const note = (kind: string, guid: string, at: number): void => {
    const key = `${kind} ${guid}`;
    times.set(key, Math.max(at, times.get(key) ?? 0));
  };
  for (const { type, guid, at } of tree.log) {
    note(type === "Subscribe" || type === "Unsubscribe" ? "Subscription" : type, guid, at);
  }
  const of = (kind: string, guid: string): number => times.get(`${kind} ${guid}`) ?? 0;
  const kinds = new Set([...times.keys()].map((key) => key.slice(0, key.indexOf(" "))));
  // A hash for each name takes long where there are many, and most logs tell of few kinds.
  const ofName = (kind: string, name: MailboxName): number =>
    kinds.has(kind) ? Math.max(...mailboxNameHashes(name).map((hash) => of(kind, hash))) : 0;
  return {
    deletedAt: (guid) => of("DeleteMailbox", guid),
    directoryDeletedAt: (name) => ofName("DeleteDirectory", name),
    renamedAt: (name) => {
      let at = ofName("Rename", name);
      for (let p = parentName(name); p !== null; p = parentName(p)) {
        at = Math.max(at, ofName("Rename", p));
      }
      return at;
    },
    subscriptionAt: (name) => ofName("Subscription", name),
  };
};

/**
 * A tree in which each GUID stands once: of two mailboxes with one GUID (a directory that was copied by hand) the one
 * with the smaller name stays, the other becomes damaged, with a problem that says so.
 */
export const withUniqueGuids = (tree: MailboxTree): MailboxTree => {
  const first = new Map<MailboxGuid, MailboxName>();
  const problems = [...tree.problems];
  const nodes = tree.nodes.map((node): MailboxNode => {
    if (!isMailbox(node)) return node;
    const holder = first.get(node.guid);
    if (holder === undefined) {
      first.set(node.guid, node.name);
      return node;
    }
    problems.push(syncError(
      "Damaged",
      "mailbox",
      { mailbox: node.name },
      `it has the GUID of ${holder}; give it one of its own (doveadm mailbox update --mailbox-guid)`,
    ));
    return { _tag: "Damaged", name: node.name };
  });
  return problems.length === tree.problems.length ? tree : { ...tree, nodes, problems };
};
