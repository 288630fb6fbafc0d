/**
 * What a Dovecot makes of two mailbox trees: the changes that it carries out on its own one (dsync-mailbox-tree-sync.c,
 * dsync-brain-mailbox-tree.c). Whoever is at the other end of its session has to come to the same tree.
 *
 * @module
 */
import type { Deletes } from "../codec/dsync_wire_item.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { makeNamesLasting, settleNames } from "./dovecot_renames.ts";
import {
  hasExistingBelow,
  type NameNode,
  type NameTree,
  nodesBelow,
  partsOf,
  sortSiblings,
} from "./name_tree.ts";
import { hashWithSeparator } from "./wire_tree.ts";

/** A change that a Dovecot makes in its own tree; names in parts. */
export type DovecotChange =
  | { readonly _tag: "DeleteMailbox"; readonly guid: MailboxGuid }
  | { readonly _tag: "DeleteDirectory"; readonly name: readonly string[] }
  /** Children go along. */
  | { readonly _tag: "Rename"; readonly name: readonly string[]; readonly to: readonly string[] }
  /** Where there is a mailbox of that name, the two become one, with the larger GUID. */
  | {
    readonly _tag: "CreateMailbox";
    readonly name: readonly string[];
    readonly guid: MailboxGuid;
    readonly uidValidity: number;
  }
  | { readonly _tag: "CreateDirectory"; readonly name: readonly string[] }
  | { readonly _tag: "Subscribe" | "Unsubscribe"; readonly name: readonly string[] };

/** One end's tree with what it deleted. */
export interface DovecotSide {
  /** Its names; they are rearranged by {@linkcode dovecotChanges}. */
  readonly names: NameTree;
  /** What it deleted. */
  readonly deletes: Deletes;
}

/** What came of two trees. */
export interface DovecotOutcome {
  /** What is changed in the local tree, in this order. */
  readonly changes: readonly DovecotChange[];
  /** Whether names were given that nobody had chosen: a Dovecot then needs a second run to have them on both sides. */
  readonly hasConflict: boolean;
  /** False: the walk over the names did not come to an end; a Dovecot fails then. */
  readonly ended: boolean;
}

/** Finds names of a tree by the hashes that the other end sends. */
const byHash = (tree: NameTree, { separator, escape }: Deletes): ReadonlyMap<string, NameNode> =>
  new Map(
    [...nodesBelow(tree.root)].map((node) => [
      hashWithSeparator(partsOf(node), separator, escape),
      node,
    ]),
  );

type Kind = "mailboxes" | "directories" | "unsubscribed";

/** Marks in the tree of whoever deleted something what is still in the other tree. */
const markDeleted = (still: NameTree, deleted: NameTree, deletes: Deletes): void => {
  const names = byHash(still, deletes);
  const mark = (kind: Kind, id: string, at: number): void => {
    const node = kind === "mailboxes" ? still.byGuid.get(id as MailboxGuid) : names.get(id);
    if (node === undefined) return;
    if (kind === "directories" && at <= node.renamedAt) return;
    if (kind === "unsubscribed" && at <= node.subscriptionAt) return;
    const gone = deleted.get(partsOf(node));
    // Somebody has made a new one of this name.
    if (gone.existence === "exists" && (gone.guid !== null || kind !== "mailboxes")) return;
    if (kind === "unsubscribed") {
      gone.subscriptionAt = at;
      gone.subscribed = false;
      return;
    }
    gone.existence = "deleted";
    if (kind !== "mailboxes") return;
    gone.guid = node.guid;
    deleted.byGuid.set(node.guid!, gone);
  };
  for (const kind of ["mailboxes", "directories", "unsubscribed"] as const) {
    for (const { id, at } of deletes[kind] ?? []) mark(kind, id, at);
  }
};

/** The merge of two trees, from the view of one of them. */
class DovecotMerge {
  readonly changes: DovecotChange[] = [];
  readonly #local: NameTree;
  readonly #remote: NameTree;

  constructor(local: NameTree, remote: NameTree) {
    this.#local = local;
    this.#remote = remote;
  }

  #forget(tree: NameTree, node: NameNode): void {
    if (tree === this.#local && node.existence !== "deleted") {
      this.changes.push({ _tag: "DeleteMailbox", guid: node.guid! });
    }
    tree.byGuid.delete(node.guid!);
    node.existence = "deleted";
    node.guid = null;
    node.uidValidity = 0;
  }

  /** A mailbox that one side deleted goes on both. */
  #deleteMarked(tree: NameTree): void {
    const other = tree === this.#local ? this.#remote : this.#local;
    sortSiblings(tree.root);
    for (const node of [...nodesBelow(tree.root)]) {
      if (node.existence !== "deleted" || node.guid === null) continue;
      const there = other.byGuid.get(node.guid);
      if (there !== undefined) this.#forget(other, there);
      this.#forget(tree, node);
    }
  }

  /** A name is as new as the newest above it. */
  #inheritTimes(node: NameNode, at: number): void {
    node.renamedAt = Math.max(node.renamedAt, at);
    for (const child of node.children) this.#inheritTimes(child, node.renamedAt);
  }

  /** Mailboxes that the other tree lacks; those of one name with two identities are one from now on. */
  #create(tree: NameTree): void {
    const other = tree === this.#local ? this.#remote : this.#local;
    for (const node of [...nodesBelow(tree.root)]) {
      if (node.guid === null) continue;
      const name = partsOf(node);
      const there = other.byGuid.get(node.guid) ?? other.get(name);
      if (there.guid === node.guid) continue;
      if (other === this.#local) {
        const { guid, uidValidity } = node;
        this.changes.push({ _tag: "CreateMailbox", name, guid, uidValidity });
      }
      if (there.guid !== null) continue;
      there.existence = "exists";
      there.guid = node.guid;
      there.uidValidity = node.uidValidity;
    }
    sortSiblings(other.root);
  }

  #settleSubscription(local: NameNode, remote: NameNode): void {
    const later = local.subscriptionAt - remote.subscriptionAt;
    if (later > 0 || (later === 0 && local.subscribed)) {
      remote.subscribed = local.subscribed;
      return;
    }
    local.subscribed = remote.subscribed;
    const name = partsOf(local);
    this.changes.push({ _tag: local.subscribed ? "Subscribe" : "Unsubscribe", name });
  }

  /** Names without mails, and subscriptions. */
  #settleDirectories(localParent: NameNode, remoteParent: NameNode): void {
    const theirs = new Map(remoteParent.children.map((node) => [node.name, node]));
    for (const local of localParent.children) {
      const remote = theirs.get(local.name);
      if (remote === undefined) continue;
      if (local.existence === "exists" && remote.existence === "filler") {
        remote.existence = "exists";
      }
      if (remote.existence === "exists" && local.existence === "filler") {
        local.existence = "exists";
        this.changes.push({ _tag: "CreateDirectory", name: partsOf(local) });
      }
      this.#settleDirectories(local, remote);
      if (local.subscribed !== remote.subscribed) this.#settleSubscription(local, remote);
      if (
        local.existence === "deleted" && !hasExistingBelow(local, false) &&
        remote.existence === "exists"
      ) remote.existence = "filler";
      if (
        remote.existence === "deleted" && !hasExistingBelow(remote, false) &&
        local.existence === "exists"
      ) {
        local.existence = "filler";
        this.changes.push({ _tag: "DeleteDirectory", name: partsOf(local) });
      }
    }
  }

  run(): DovecotOutcome {
    let hasConflict = false;
    for (let round = 0;; round++) {
      this.#deleteMarked(this.#remote);
      this.#deleteMarked(this.#local);
      this.#inheritTimes(this.#local.root, 0);
      this.#inheritTimes(this.#remote.root, 0);
      const count = [...nodesBelow(this.#local.root), ...nodesBelow(this.#remote.root)].length;
      const ended = settleNames({
        local: this.#local,
        remote: this.#remote,
        renamed: ({ from, to }) => this.changes.push({ _tag: "Rename", name: from, to }),
      });
      if (!ended) return { changes: this.changes, hasConflict: true, ended: false };
      const here = makeNamesLasting(this.#local);
      for (const node of here.removed) {
        this.changes.push({ _tag: "DeleteDirectory", name: partsOf(node) });
      }
      const there = makeNamesLasting(this.#remote);
      this.#create(this.#remote);
      this.#create(this.#local);
      const renamed = here.renamed || there.renamed;
      hasConflict ||= renamed;
      if (!renamed || round > count * 3) break;
    }
    this.#settleDirectories(this.#local.root, this.#remote.root);
    return { changes: this.changes, hasConflict, ended: true };
  }
}

/**
 * The changes that a Dovecot with the tree `local` makes when its peer has the tree `remote`: two-way, or as the
 * destination of -1. Both trees are rearranged on the way. Cost: up to cubic in the number of names in conflict.
 */
export const dovecotChanges = (local: DovecotSide, remote: DovecotSide): DovecotOutcome => {
  markDeleted(local.names, remote.names, remote.deletes);
  markDeleted(remote.names, local.names, local.deletes);
  return new DovecotMerge(local.names, remote.names).run();
};
