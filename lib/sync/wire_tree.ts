/**
 * A mailbox tree as the dsync protocol tells of it: the items `N` and `D` out of a store's tree, and back.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { NAME } from "../codec/dsync_wire_form.ts";
import type { Deletes, Gone, TreeNode } from "../codec/dsync_wire_item.ts";
import { mailboxNameHash, mailboxNameHashes } from "../codec/guid.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import {
  type MailboxLogRecord,
  type MailboxName,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
} from "../model/mailbox.ts";
import { targetNames } from "./backup_tree.ts";
import { type NameNode, nameOf, NameTree, nodesBelow, partsOf } from "./name_tree.ts";

/** The numbers of a mailbox that its node tells. */
export interface NodeNumbers {
  /** UIDVALIDITY. */
  readonly uidValidity: number;
  /** UIDNEXT. */
  readonly uidNext: number;
}

/** What one end tells of its tree. */
export interface ToldTree {
  /** Parents before children. */
  readonly nodes: readonly TreeNode[];
  /** What is there no more. */
  readonly deletes: Deletes;
}

/** The separator of names in the hashes that we send. */
const SEPARATOR = "/";
/** What a Dovecot without one of its own sends, so that it knows the answer for one of its kind. */
const ESCAPE = "%";
/** The same where names are separated by that one. */
const OTHER_ESCAPE = "~";

/** Whether the protocol can tell a name: it has no place for control characters. */
export const isTellable = (name: MailboxName): boolean => NAME.parse(name) !== undefined;

const partsOfName = (name: MailboxName): readonly string[] => name.split("/");

const hasChildren = (tree: MailboxTree, name: MailboxName): boolean =>
  tree.nodes.some((other) => nameKey(other.name).startsWith(`${nameKey(name)}/`));

const nodesByHash = (names: NameTree): ReadonlyMap<string, NameNode> =>
  new Map(
    [...nodesBelow(names.root)].flatMap((at) =>
      mailboxNameHashes(nameOf(at)).map((hash): readonly [string, NameNode] => [hash, at])
    ),
  );

/** The names of a tree, fillers for missing parents and for subscriptions among them. */
export const nameTree = (
  tree: MailboxTree,
  numbers: ReadonlyMap<MailboxGuid, NodeNumbers>,
): NameTree => {
  const names = new NameTree();
  for (const node of tree.nodes) {
    // A mailbox that cannot be read is not told of: the other end must not take its mails for expunged.
    if (node._tag === "Damaged") continue;
    const at = names.get(partsOfName(node.name));
    if (node._tag === "Directory") {
      // One that has children is there without being told of.
      if (!hasChildren(tree, node.name)) at.existence = "exists";
      continue;
    }
    at.existence = "exists";
    at.guid = node.guid;
    at.uidValidity = numbers.get(node.guid)?.uidValidity ?? 0;
    at.uidNext = numbers.get(node.guid)?.uidNext ?? 0;
    names.byGuid.set(node.guid, at);
  }
  for (const name of tree.subscriptions) names.get(partsOfName(name)).subscribed = true;
  const byHash = nodesByHash(names);
  for (const { type, guid, at } of tree.log) {
    const node = byHash.get(guid);
    if (node === undefined) continue;
    if (type === "Rename" || type === "CreateDirectory") node.renamedAt = at;
    if (type === "Subscribe" || type === "Unsubscribe") node.subscriptionAt = at;
  }
  return names;
};

/**
 * What the log of a tree tells of things that are there no more. `all`: every mailbox of the account, also those that
 * take no part. Source: Dovecot 2.3 dsync-mailbox-tree-fill.c.
 */
const deletesOf = (
  log: readonly MailboxLogRecord[],
  names: NameTree,
  all: MailboxTree,
): Deletes => {
  const there = new Set(all.nodes.flatMap((node) => node._tag === "Mailbox" ? [node.guid] : []));
  const byHash = nodesByHash(names);
  const known = new Set(all.nodes.flatMap(({ name }) => mailboxNameHashes(name)));
  const gone = (
    type: MailboxLogRecord["type"],
    isGone: (id: string) => boolean,
  ): readonly Gone[] =>
    log.filter((record) => record.type === type && isGone(record.guid))
      .map(({ guid, at }) => ({ id: guid, at }));
  return {
    _tag: "Deletes",
    separator: SEPARATOR,
    escape: ESCAPE,
    mailboxes: gone("DeleteMailbox", (id) => !there.has(id as MailboxGuid)),
    directories: gone("DeleteDirectory", (id) => !known.has(id)),
    unsubscribed: gone("Unsubscribe", (id) => !byHash.has(id) && !known.has(id)),
  };
};

/**
 * Deletes in the terms of the end that hears them: names that it has, hashed with its separator. A Dovecot 2.3 that is
 * told of another separator than its own does not come to an end and takes all memory (dsync-mailbox-tree.c,
 * convert_name_to_remote_sep()).
 */
export const deletesFor = (deletes: Deletes, hearer: ToldTree): Deletes => {
  const { separator, escape } = hearer.deletes;
  const translated = (gone: readonly Gone[] | null): readonly Gone[] => {
    const times = new Map((gone ?? []).map(({ id, at }) => [id, at]));
    return hearer.nodes.flatMap(({ name }): readonly Gone[] => {
      const at = mailboxNameHashes(name.join("/")).map((hash) => times.get(hash))
        .find((time) => time !== undefined);
      return at === undefined ? [] : [{ id: hashWithSeparator(name, separator, escape), at }];
    });
  };
  return {
    ...deletes,
    separator,
    escape: escape ?? ESCAPE,
    directories: translated(deletes.directories),
    unsubscribed: translated(deletes.unsubscribed),
  };
};

const EXISTENCE = { exists: "y", filler: "n", deleted: "d" } as const;

const orNull = (value: number): number | null => value === 0 ? null : value;

/**
 * Whether the other end seems to hold no names without mails: a Dovecot with Maildir++ tells parents as fillers. Told of
 * one, it would make a mailbox of it.
 */
const holdsNoDirectories = ({ nodes }: ToldTree): boolean => {
  const names = nodes.map(({ name }) => `${name.join("/")}/`);
  return nodes.some(({ name, existence }) =>
    existence === "n" &&
    names.some((other) => other.startsWith(`${name.join("/")}/`) && other !== `${name.join("/")}/`)
  );
};

/**
 * What this end tells of its tree; `all`: the whole of it, where only a part is told; `heard`: the other end's tree, where
 * it is known already.
 */
export const treeToTell = (
  tree: MailboxTree,
  names: NameTree,
  all: MailboxTree,
  heard: ToldTree | null,
): ToldTree => {
  const withoutDirectories = heard !== null && holdsNoDirectories(heard);
  const isTold = (at: NameNode): boolean =>
    !withoutDirectories || at.guid !== null || at.existence !== "exists" || at.subscribed;
  return {
    nodes: [...nodesBelow(names.root)].filter(isTold).map((at): TreeNode => ({
      _tag: "TreeNode",
      name: partsOf(at),
      existence: EXISTENCE[at.existence],
      guid: at.guid,
      uidValidity: orNull(at.uidValidity),
      uidNext: orNull(at.uidNext),
      renamedAt: orNull(at.renamedAt),
      subscribed: at.subscribed,
      subscriptionAt: orNull(at.subscriptionAt),
    })),
    deletes: deletesOf(tree.log, names, all),
  };
};

/** What the other end told of its tree, under names that this end can have. */
export interface HeardTree {
  /** Its names. */
  readonly names: NameTree;
  /** What is there no more. */
  readonly deletes: Deletes;
}

const damaged = (what: string): Either<SyncError, never> =>
  E.left(syncError("Damaged", "run", {}, what));

/** A part of a name as one part of ours: a "/" inside of it would make two. */
const plainPart = (part: string): string => part.replaceAll("/", "_");

/**
 * Reads a tree that the other end told. Names come under the nearest name that `fit` gives, each under one of its own, so
 * that none leaves the mail root and no two become one. `Damaged`: a GUID or a name stands twice.
 */
export const readToldTree = (
  { nodes, deletes }: ToldTree,
  fit: (name: MailboxName) => MailboxName,
): Either<SyncError, HeardTree> => {
  const told = nodes.map((node) => ({
    node,
    name: mailboxName(node.name.map(plainPart).join("/")),
  }));
  const original = new Set<string>();
  for (const { node } of told) {
    const key = node.name.join("\n");
    if (original.has(key)) {
      return damaged(`the other end told the name ${node.name.join("/")} twice`);
    }
    original.add(key);
  }
  const targets = targetNames(
    told.map(({ node, name }): MailboxNode =>
      node.guid === null ? { _tag: "Directory", name } : { _tag: "Mailbox", name, guid: node.guid }
    ),
    fit,
  );
  const names = new NameTree();
  const used = new Set<string>();
  for (const { node, name } of told) {
    let target = targets.get(name) ?? name;
    // Two names that only differ in what this end cannot have.
    while (used.has(nameKey(target))) target = fit(mailboxName(`${target}-${node.guid ?? "2"}`));
    used.add(nameKey(target));
    const at = names.get(partsOfName(target));
    if (node.guid !== null && names.byGuid.has(node.guid)) {
      return damaged(`the other end told the GUID ${node.guid} twice`);
    }
    fill(at, node);
    if (node.guid !== null) names.byGuid.set(node.guid, at);
  }
  return E.right({ names, deletes });
};

const fill = (at: NameNode, node: TreeNode): void => {
  at.guid = node.guid;
  at.existence = node.existence === "y" ? "exists" : node.existence === "d" ? "deleted" : "filler";
  at.uidValidity = node.uidValidity ?? 0;
  at.uidNext = node.uidNext ?? 0;
  at.renamedAt = node.renamedAt ?? 0;
  at.subscribed = node.subscribed;
  at.subscriptionAt = node.subscriptionAt ?? 0;
};

/** The names of a tree as it was told by this end. */
export const toldNames = (nodes: readonly TreeNode[]): NameTree => {
  const names = new NameTree();
  for (const node of nodes) {
    const at = names.get(node.name);
    fill(at, node);
    if (node.guid !== null) names.byGuid.set(node.guid, at);
  }
  return names;
};

/** A character as an escape of it: two lower-case hex digits of its code. */
const escaped = (character: string, escape: string): string =>
  escape + character.charCodeAt(0).toString(16).padStart(2, "0");

/**
 * Nodes as a Dovecot reads their names. One that has no escape character takes one for as long as it syncs: names that it
 * tells are plain, but what it is told it takes for escaped, so that "a%41b" would become "aAb" there. One that has a
 * character of its own escapes what it is told. Source: Dovecot 2.3 doveadm-dsync.c, dsync-brain-mailbox-tree.c.
 */
export const nodesFor = (nodes: readonly TreeNode[], hearer: ToldTree): readonly TreeNode[] => {
  const { separator, escape } = hearer.deletes;
  const borrowed = separator === ESCAPE ? OTHER_ESCAPE : ESCAPE;
  if (escape !== borrowed) return nodes;
  const written = (part: string): string => part.replaceAll(borrowed, escaped(borrowed, borrowed));
  return nodes.map((node) => ({ ...node, name: node.name.map(written) }));
};

/** The hash of a name as an end with this separator makes it: that and the escape character are escaped in its parts. */
export const hashWithSeparator = (
  parts: readonly string[],
  separator: string,
  escape: string | null,
): string => {
  const written = escape === null || escape === ""
    ? parts
    : parts.map((part) =>
      [...part].map((one) => one === separator || one === escape ? escaped(one, escape) : one).join(
        "",
      )
    );
  return mailboxNameHash(written.join(separator));
};

/**
 * A told tree as one of a store, for what is decided here alone: a backup's destination. Times and deletes become records
 * of its log.
 */
export const mailboxTreeOf = ({ names, deletes }: HeardTree): MailboxTree => {
  const nodes: MailboxNode[] = [];
  const subscriptions: MailboxName[] = [];
  const log: MailboxLogRecord[] = [];
  for (const at of nodesBelow(names.root)) {
    const name = nameOf(at);
    const hash = mailboxNameHash(name);
    if (at.existence === "exists") {
      nodes.push(
        at.guid === null ? { _tag: "Directory", name } : { _tag: "Mailbox", name, guid: at.guid },
      );
    }
    if (at.subscribed) subscriptions.push(name);
    if (at.renamedAt > 0) log.push({ type: "Rename", guid: hash, at: at.renamedAt });
    if (at.subscriptionAt > 0) {
      const type = at.subscribed ? "Subscribe" : "Unsubscribe";
      log.push({ type, guid: hash, at: at.subscriptionAt });
    }
  }
  for (const { id, at } of deletes.mailboxes ?? []) {
    log.push({ type: "DeleteMailbox", guid: id, at });
  }
  nodes.sort((a, b) => nameKey(a.name) < nameKey(b.name) ? -1 : 1);
  return { nodes, subscriptions, log, problems: [] };
};
