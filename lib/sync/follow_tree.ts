/**
 * From what a Dovecot makes of two trees to what this end has to do with its own, so that both are equal at once.
 *
 * @module
 */
import type { Deletes } from "../codec/dsync_wire_item.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxGuid } from "../model/ids.ts";
import {
  INBOX,
  type MailboxName,
  mailboxName,
  type MailboxNode,
  type MailboxTree,
  nameKey,
  parentName,
} from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import { inboxFirst, targetNames } from "./backup_tree.ts";
import type { DovecotChange } from "./dovecot_tree.ts";
import { nameOf, type NameTree, nodesBelow } from "./name_tree.ts";
import { orderRenames, type WantedRename } from "./order_renames.ts";

/** What lies at a name: a mailbox, or a name without mails. */
interface Entry {
  readonly guid: MailboxGuid | null;
  readonly uidValidity: number;
}

/** The names of an account as they are on its disk. */
export class DiskNames {
  /** By name. */
  readonly entries = new Map<string, Entry>();
  /** Subscribed names. */
  readonly subscribed = new Set<string>();
  /** Mailboxes that became one with another: the identity that went, and the one that stays. */
  readonly merged = new Map<MailboxGuid, MailboxGuid>();

  /** Those of a tree. */
  static of(names: NameTree): DiskNames {
    const disk = new DiskNames();
    for (const node of nodesBelow(names.root)) {
      const name = nameOf(node);
      if (node.existence === "exists") disk.#put(name, node.guid, node.uidValidity);
      if (node.subscribed) disk.subscribed.add(name);
    }
    return disk;
  }

  #put(name: string, guid: MailboxGuid | null, uidValidity: number): void {
    this.entries.set(name, { guid, uidValidity });
    for (let above = parentName(name as MailboxName); above !== null; above = parentName(above)) {
      if (!this.entries.has(above)) this.entries.set(above, { guid: null, uidValidity: 0 });
    }
  }

  #hasChildren(name: string): boolean {
    for (const other of this.entries.keys()) if (other.startsWith(`${name}/`)) return true;
    return false;
  }

  /** Carries a change out as a Dovecot does; what cannot be done is passed over, as there. */
  apply(change: DovecotChange): void {
    if (change._tag === "DeleteMailbox") {
      for (const [name, { guid }] of this.entries) {
        if (guid !== change.guid) continue;
        if (this.#hasChildren(name)) this.entries.set(name, { guid: null, uidValidity: 0 });
        else this.entries.delete(name);
      }
      return;
    }
    const name: string = mailboxName(change.name.join("/"));
    const there = this.entries.get(name);
    switch (change._tag) {
      case "DeleteDirectory":
        if (there?.guid === null && !this.#hasChildren(name)) this.entries.delete(name);
        return;
      case "Rename":
        return this.#rename(name, mailboxName(change.to.join("/")));
      case "CreateMailbox": {
        const { guid, uidValidity } = change;
        if (there === undefined || there.guid === null) this.#put(name, guid, uidValidity);
        else {
          const [goes, stays] = guid > there.guid ? [there.guid, guid] : [guid, there.guid];
          if (goes !== stays) this.merged.set(goes, stays);
          this.entries.set(name, { ...there, guid: stays });
        }
        return;
      }
      case "CreateDirectory":
        if (there === undefined) this.#put(name, null, 0);
        return;
      case "Subscribe":
        this.subscribed.add(name);
        return;
      case "Unsubscribe":
        this.subscribed.delete(name);
    }
  }

  #rename(from: string, to: string): void {
    if (!this.entries.has(from) || this.entries.has(to)) return;
    const moved = [...this.entries].filter(([name]) =>
      name === from || name.startsWith(`${from}/`)
    );
    for (const [name] of moved) this.entries.delete(name);
    for (const [name, { guid, uidValidity }] of moved) {
      this.#put(to + name.slice(from.length), guid, uidValidity);
    }
  }
}

/** A mailbox that both ends have when the trees are one. */
export interface FollowedMailbox {
  /** Its name at this end. */
  readonly name: MailboxName;
  /** Its identity. */
  readonly guid: MailboxGuid;
}

/** What this end does to come to a tree. */
export interface FollowPlan {
  /** In this order. */
  readonly operations: readonly TreeOperation[];
  /** All mailboxes then, INBOX first. */
  readonly mailboxes: readonly FollowedMailbox[];
  /** What is left alone, as it is not sure that it may go. */
  readonly problems: readonly SyncError[];
}

interface Place {
  readonly name: MailboxName;
  readonly guid: MailboxGuid;
}

const placesOf = (tree: MailboxTree): readonly Place[] =>
  tree.nodes.flatMap((node) =>
    node._tag === "Mailbox" ? [{ name: node.name, guid: node.guid }] : []
  );

/**
 * Plans the way from `own` to `target`. Mailboxes that are not in `target` go only where `deletes`, told by the other
 * end, names them; others stay, with a problem. `uidValidityOf`: that of each own mailbox.
 */
export const followTree = (
  own: MailboxTree,
  target: DiskNames,
  deletes: Deletes,
  fit: (name: MailboxName) => MailboxName,
  emptyDirectories: boolean,
  uidValidityOf: (guid: MailboxGuid) => number,
): FollowPlan => {
  const wanted = [...target.entries].flatMap(([name, { guid, uidValidity }]) =>
    guid === null ? [] : [{ name: mailboxName(name), guid, uidValidity }]
  );
  const nodes = wanted.map(({ name, guid }): MailboxNode => ({ _tag: "Mailbox", name, guid }));
  const targets = targetNames(nodes, fit);
  const wantedGuids = new Map(
    wanted.map((box) => [box.guid, { ...box, name: targets.get(box.name) ?? box.name }]),
  );
  const wantedNames = new Map([...wantedGuids.values()].map((box) => [nameKey(box.name), box]));
  const deleted = new Set((deletes.mailboxes ?? []).map(({ id }) => id));
  const problems: SyncError[] = [];
  const gone: TreeOperation[] = [];
  const renames: WantedRename[] = [];
  const identities: TreeOperation[] = [];
  const present = new Set<MailboxGuid>();
  const staying: FollowedMailbox[] = [];
  for (const { name, guid } of placesOf(own)) {
    const to = wantedGuids.get(guid);
    if (to !== undefined) {
      present.add(guid);
      if (nameKey(to.name) !== nameKey(name)) renames.push({ name, guid, target: to.name });
      continue;
    }
    const successor = wantedGuids.get(target.merged.get(guid) ?? guid);
    if (successor !== undefined && !present.has(successor.guid)) {
      present.add(successor.guid);
      if (nameKey(successor.name) !== nameKey(name)) {
        renames.push({ name, guid, target: successor.name });
      }
      identities.push({
        _tag: "ReidentifyMailbox",
        name: successor.name,
        guid,
        newGuid: successor.guid,
        newUidValidity: uidValidityOf(guid),
      });
      continue;
    }
    if (deleted.has(guid) && name !== INBOX) gone.push({ _tag: "DeleteMailbox", name, guid });
    else {
      staying.push({ name, guid });
      const what = "the other end seems not to have it, but did not say that it was deleted";
      problems.push(syncError("Changed", "mailbox", { mailbox: name }, what));
    }
  }
  const created = [...wantedGuids.values()].filter(({ guid }) => !present.has(guid))
    .map(({ name, guid, uidValidity }): TreeOperation => ({
      _tag: "CreateMailbox",
      name,
      guid,
      uidValidity: Math.max(1, uidValidity),
    }));
  return {
    operations: [
      // Children first: what is left of a parent that still has some would stay as a directory.
      ...gone.reverse(),
      ...orderRenames(renames),
      ...identities,
      ...created,
      ...directoryOperations(own, target, wantedNames, fit, emptyDirectories),
      ...subscriptionOperations(own, target, fit),
    ],
    mailboxes: inboxFirst(
      [...wantedGuids.values(), ...staying].map(({ name, guid }) => ({ name, guid })),
    ),
    problems,
  };
};

/** Names without mails: those that shall be there, and those that were there and shall not. */
const directoryOperations = (
  own: MailboxTree,
  target: DiskNames,
  mailboxes: ReadonlyMap<string, unknown>,
  fit: (name: MailboxName) => MailboxName,
  emptyDirectories: boolean,
): readonly TreeOperation[] => {
  const wanted = new Map<string, MailboxName>();
  for (const [name, { guid }] of target.entries) {
    if (guid === null) wanted.set(nameKey(fit(mailboxName(name))), fit(mailboxName(name)));
  }
  const holdsMailbox = (key: string): boolean =>
    [...mailboxes.keys()].some((other) => other === key || other.startsWith(`${key}/`));
  const present = new Map(
    own.nodes.filter(({ _tag }) => _tag !== "Damaged").map(({ name }) => [nameKey(name), name]),
  );
  const operations: TreeOperation[] = [];
  if (emptyDirectories) {
    for (const [key, name] of wanted) {
      if (!present.has(key) && !holdsMailbox(key)) {
        operations.push({ _tag: "CreateDirectory", name });
      }
    }
  }
  for (const [key, name] of [...present].reverse()) {
    if (name !== INBOX && !holdsMailbox(key) && !wanted.has(key)) {
      operations.push({ _tag: "DeleteDirectory", name });
    }
  }
  return operations;
};

const subscriptionOperations = (
  own: MailboxTree,
  target: DiskNames,
  fit: (name: MailboxName) => MailboxName,
): readonly TreeOperation[] => {
  const wanted = new Map(
    [...target.subscribed].map((name) => fit(mailboxName(name))).map((
      name,
    ) => [nameKey(name), name]),
  );
  const present = new Map(own.subscriptions.map((name) => [nameKey(name), name]));
  return [
    ...[...wanted].filter(([key]) => !present.has(key))
      .map(([, name]): TreeOperation => ({ _tag: "Subscribe", name })),
    ...[...present].filter(([key]) => !wanted.has(key))
      .map(([, name]): TreeOperation => ({ _tag: "Unsubscribe", name })),
  ];
};
