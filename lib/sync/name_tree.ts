/**
 * A hierarchy of mailbox names that can be rearranged: what Dovecot's merge of two trees works on.
 *
 * @module
 */
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, mailboxName } from "../model/mailbox.ts";

/** Whether a name is there: it exists, it is only a filler (for children, or for a subscription), or was deleted. */
export type Existence = "exists" | "filler" | "deleted";

/** One name of a {@linkcode NameTree}. */
export interface NameNode {
  /** The last part of the name. */
  name: string;
  /** Null at the root. */
  parent: NameNode | null;
  /** In the order that {@linkcode sortSiblings} gives them, once it has been called. */
  children: NameNode[];
  /** Null: a name without mails. */
  guid: MailboxGuid | null;
  existence: Existence;
  uidValidity: number;
  uidNext: number;
  /** Seconds since 1970; 0: never, as far as is known. */
  renamedAt: number;
  subscribed: boolean;
  /** Seconds since 1970; 0: never, as far as is known. */
  subscriptionAt: number;
  /** Whether it only stands in until the mailbox has found its name. */
  isTemporary: boolean;
}

/** A filler that is not yet among its parent's children. */
export const newNode = (name: string, parent: NameNode | null): NameNode => ({
  name,
  parent,
  children: [],
  guid: null,
  existence: "filler",
  uidValidity: 0,
  uidNext: 0,
  renamedAt: 0,
  subscribed: false,
  subscriptionAt: 0,
  isTemporary: false,
});

/** Compares two texts as their UTF-8 bytes compare: by code points. */
export const compareBytes = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Halves of characters beyond the first 65,536 sort behind all others.
    const high = (unit: number): number => unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
    return high(x) - high(y);
  }
  return a.length - b.length;
};

/** A tree of names and what is known of each. */
export class NameTree {
  /** Above all names; has none itself. */
  readonly root: NameNode = newNode("", null);
  /** Mailboxes by GUID. */
  readonly byGuid = new Map<MailboxGuid, NameNode>();

  /** The node of a name; made, with fillers above it, where it is not there. A new one comes last among its siblings. */
  get(parts: readonly string[]): NameNode {
    let at = this.root;
    for (const part of parts) {
      let child = at.children.find(({ name }) => name === part);
      if (child === undefined) {
        child = newNode(part, at);
        at.children.push(child);
      }
      at = child;
    }
    return at;
  }
}

/** The parts of a node's name, from the top. */
export const partsOf = (at: NameNode): readonly string[] => {
  const parts: string[] = [];
  for (let one: NameNode | null = at; one !== null && one.parent !== null; one = one.parent) {
    parts.unshift(one.name);
  }
  return parts;
};

/** The whole name of a node. */
export const nameOf = (at: NameNode): MailboxName => mailboxName(partsOf(at).join("/"));

/** All nodes below one, parents before children. */
export const nodesBelow = function* (at: NameNode): Generator<NameNode> {
  for (const child of at.children) {
    yield child;
    yield* nodesBelow(child);
  }
};

/** Sorts siblings by name, all the way down. */
export const sortSiblings = (at: NameNode): void => {
  at.children.sort((a, b) => compareBytes(a.name, b.name));
  for (const child of at.children) sortSiblings(child);
};

/** Takes a node out of the tree. */
export const detach = (at: NameNode): void => {
  const siblings = at.parent!.children;
  siblings.splice(siblings.indexOf(at), 1);
};

/** Puts a node below a parent, behind the last sibling that is not above it. */
export const attach = (at: NameNode, parent: NameNode): void => {
  at.parent = parent;
  const place = parent.children.findIndex(({ name }) => compareBytes(name, at.name) > 0);
  parent.children.splice(place < 0 ? parent.children.length : place, 0, at);
};

/** Whether `at` is `above` or below it. */
export const isWithin = (at: NameNode, above: NameNode): boolean => {
  for (let one: NameNode | null = at; one !== null; one = one.parent) {
    if (one === above) return true;
  }
  return false;
};

/** Whether anything below exists; `mailboxesOnly`: names without mails do not count. */
export const hasExistingBelow = (at: NameNode, mailboxesOnly: boolean): boolean =>
  at.children.some((child) =>
    (child.existence === "exists" && (!mailboxesOnly || child.guid !== null)) ||
    hasExistingBelow(child, mailboxesOnly)
  );
