/**
 * How two Dovecots settle the names of two mailbox trees: both walk over both trees and rearrange them until they agree
 * (dsync-mailbox-tree-sync.c). Told here for whoever has to come to the same end.
 *
 * @module
 */
import { branchHash } from "../codec/guid.ts";
import {
  attach,
  compareBytes,
  detach,
  hasExistingBelow,
  isWithin,
  type NameNode,
  type NameTree,
  newNode,
  nodesBelow,
  partsOf,
} from "./name_tree.ts";

/** A branch of the local tree that got another name; children go along. */
export interface BranchRename {
  /** The name before, in parts. */
  readonly from: readonly string[];
  /** The name behind. */
  readonly to: readonly string[];
}

/** Both trees while they are brought together. */
export interface Trees {
  /** The tree of whoever does this. */
  readonly local: NameTree;
  /** The other one's. */
  readonly remote: NameTree;
  /** Told of each rename of the local tree. */
  readonly renamed: (rename: BranchRename) => void;
}

const TEMPORARY_LENGTH = 100;
const TEMPORARY_SUFFIX = "temp-".length + 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The first bytes of a name, as text. */
const cut = (name: string, bytes: number): string => {
  const encoded = encoder.encode(name);
  return encoded.length <= bytes ? name : decoder.decode(encoded.subarray(0, Math.max(bytes, 0)));
};

/** INBOX keeps its name whatever happens. */
const isFixed = (node: NameNode): boolean =>
  node.parent === null || (node.name === "INBOX" && node.parent.parent === null);

const isThere = (node: NameNode): boolean =>
  node.existence === "exists" || hasExistingBelow(node, false);

const siblingNames = (node: NameNode): ReadonlySet<string> =>
  new Set(node.parent!.children.map(({ name }) => name));

/** The length of a name without its temporary ending. */
const baseLength = (name: string): number =>
  encoder.encode(name.slice(0, name.lastIndexOf("-"))).length;

/** The walk over both trees. */
class Renames {
  readonly #trees: Trees;

  constructor(trees: Trees) {
    this.#trees = trees;
  }

  /** Notes a rename if it is one of the local tree and of something that is there. */
  #note(tree: NameTree, node: NameNode, from: readonly string[]): void {
    if (tree === this.#trees.local && isThere(node)) {
      this.#trees.renamed({ from, to: partsOf(node) });
    }
  }

  #toTemporary(tree: NameTree, node: NameNode, parent: NameNode): void {
    const from = partsOf(node);
    const most = TEMPORARY_LENGTH - TEMPORARY_SUFFIX - 1;
    const length = node.isTemporary ? Math.min(most, baseLength(node.name)) : most;
    const prefix = `${cut(node.name, length)}-temp-`;
    const taken = siblingNames(node);
    let counter = 1;
    while (taken.has(prefix + counter.toString(16))) counter++;
    detach(node);
    node.name = prefix + counter.toString(16);
    node.isTemporary = true;
    node.renamedAt = 0;
    attach(node, parent);
    this.#note(tree, node, from);
  }

  /** Gives `node` the place that `like` has in the other tree; who is there moves aside. */
  #toPlaceOf(tree: NameTree, inTheWay: NameNode, node: NameNode, like: NameNode): void {
    const parent = this.#sortedGet(tree, partsOf(like.parent!));
    if (isWithin(parent, node)) {
      this.#toTemporary(tree, node, tree.root);
      return;
    }
    this.#toTemporary(tree, inTheWay, inTheWay.parent!);
    const from = partsOf(node);
    detach(node);
    node.name = like.name;
    node.isTemporary = like.isTemporary;
    node.renamedAt = like.renamedAt;
    attach(node, parent);
    this.#note(tree, node, from);
  }

  /** The node of a name, its fillers sorted in. */
  #sortedGet(tree: NameTree, parts: readonly string[]): NameNode {
    const found = tree.get(parts);
    for (let at = found; at.parent !== null && at.existence === "filler"; at = at.parent) {
      const { parent } = at;
      detach(at);
      attach(at, parent);
    }
    return found;
  }

  /** One walk; true: something was rearranged, and the walk has to begin anew. */
  walk(local: NameNode, remote: NameNode): boolean {
    for (let i = 0; i < local.children.length || i < remote.children.length; i++) {
      let mine = local.children[i];
      let theirs = remote.children[i];
      if (
        mine === undefined || (theirs !== undefined && compareBytes(mine.name, theirs.name) > 0)
      ) {
        mine = this.#fillerAt(local, i, theirs!);
      }
      if (theirs === undefined || compareBytes(theirs.name, mine.name) > 0) {
        theirs = this.#fillerAt(remote, i, mine);
      }
      if (this.#settle(mine, theirs)) return true;
      if (this.walk(mine, theirs)) return true;
    }
    return false;
  }

  #fillerAt(parent: NameNode, at: number, like: NameNode): NameNode {
    const made = newNode(like.name, parent);
    made.isTemporary = like.isTemporary;
    parent.children.splice(at, 0, made);
    return made;
  }

  #settle(mine: NameNode, theirs: NameNode): boolean {
    if (mine.guid === null && theirs.guid === null) return this.#settleDirectories(mine, theirs);
    if (mine.guid === theirs.guid) return false;
    const { local, remote } = this.#trees;
    const mineThere = mine.guid === null ? null : remote.byGuid.get(mine.guid) ?? null;
    const theirsHere = theirs.guid === null ? null : local.byGuid.get(theirs.guid) ?? null;
    const isKnown = mineThere?.existence === "exists" || theirsHere?.existence === "exists";
    // Otherwise a mailbox is made in place of a name later, or two mailboxes become one.
    return isKnown && this.#settleConflict(mine, mineThere, theirsHere, theirs);
  }

  /** Two names without mails: by the mailboxes below them it may be seen that one is the other renamed. */
  #settleDirectories(mine: NameNode, theirs: NameNode): boolean {
    const { local, remote } = this.#trees;
    const mineThere = parentOfKnown(remote, mine);
    const theirsHere = parentOfKnown(local, theirs);
    if (mineThere === null || theirsHere === null) return false;
    if (partsOf(mineThere).join("\n") === partsOf(theirsHere).join("\n")) return false;
    return this.#settleConflict(mine, mineThere, theirsHere, theirs);
  }

  /** The later rename wins; of equal times, what the two branches hold decides. */
  #localWins(
    mine: NameNode,
    mineThere: NameNode | null,
    theirsHere: NameNode | null,
    theirs: NameNode,
  ): boolean {
    const here = namedAt(mine, theirsHere);
    const there = namedAt(mineThere, theirs);
    return here !== there ? here > there : compareBranches(mine, theirs) < 0;
  }

  /**
   * `mine` and `theirs` have one name. `mineThere` is what `mine` is in the remote tree, `theirsHere` what `theirs` is in
   * the local one; null: not there.
   */
  #settleConflict(
    mine: NameNode,
    mineThere: NameNode | null,
    theirsHere: NameNode | null,
    theirs: NameNode,
  ): boolean {
    if ([mine, mineThere, theirsHere, theirs].some((node) => node !== null && isFixed(node))) {
      return false;
    }
    const { local, remote } = this.#trees;
    if (this.#localWins(mine, mineThere, theirsHere, theirs)) {
      if (theirsHere === null) {
        if (mineThere === null) return false;
        this.#toPlaceOf(remote, theirs, mineThere, mine);
        return true;
      }
      if (mineThere === theirs) return false;
      if (mineThere !== null) {
        this.#toPlaceOf(remote, theirs, mineThere, mine);
        return true;
      }
      if (isWithin(mine, theirsHere)) {
        this.#toTemporary(local, mine, theirsHere.parent!);
        return true;
      }
      if (isWithin(theirsHere, mine)) {
        this.#toTemporary(local, theirsHere, mine.parent!);
        return true;
      }
      if (mine.existence !== "exists") return false;
      this.#toTemporary(remote, theirs, theirs.parent!);
      return true;
    }
    if (mineThere === null) {
      if (theirsHere === null) return false;
      this.#toPlaceOf(local, mine, theirsHere, theirs);
      return true;
    }
    if (theirsHere === mine) return false;
    if (theirsHere !== null) {
      this.#toPlaceOf(local, mine, theirsHere, theirs);
      return true;
    }
    if (isWithin(mineThere, theirs)) {
      this.#toTemporary(remote, mineThere, theirs.parent!);
      return true;
    }
    if (isWithin(theirs, mineThere)) {
      this.#toTemporary(remote, theirs, mineThere.parent!);
      return true;
    }
    if (theirs.existence !== "exists") return false;
    this.#toTemporary(local, mine, mine.parent!);
    return true;
  }
}

/** The later time of two nodes, and one more; 0 where neither has a lasting name. */
const namedAt = (a: NameNode | null, b: NameNode | null): number => {
  let at = a !== null && !a.isTemporary ? a.renamedAt + 1 : 0;
  if (b !== null && !b.isTemporary && at <= b.renamedAt) at = b.renamedAt + 1;
  return at;
};

/** The first mailbox below `directory` that the other tree has, depth first: its parent there. */
const parentOfKnown = (other: NameTree, directory: NameNode): NameNode | null => {
  for (const node of directory.children) {
    const found = node.guid === null
      ? parentOfKnown(other, node)
      : other.byGuid.get(node.guid)?.parent ?? null;
    if (found !== null) return found;
  }
  return null;
};

const NO_GUID = "0".repeat(32);

/** Siblings from a node on. */
const from = (node: NameNode): readonly NameNode[] => {
  const siblings = node.parent?.children ?? [node];
  return siblings.slice(siblings.indexOf(node));
};

type Compare = (a: NameNode, b: NameNode) => number;

const byGuid: Compare = (a, b) => {
  if ((a.existence === "exists") !== (b.existence === "exists")) {
    return a.existence === "exists" ? -1 : 1;
  }
  const [x, y] = [a.guid ?? NO_GUID, b.guid ?? NO_GUID];
  return x < y ? -1 : x > y ? 1 : 0;
};

const byName: Compare = (a, b) => compareBytes(a.name, b.name);

/** Compares runs of siblings, children before the next sibling; the longer run comes first. */
const compareRuns = (
  a: readonly NameNode[],
  b: readonly NameNode[],
  compare: Compare,
): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i]!, b[i]!) ||
      compareRuns(a[i]!.children, b[i]!.children, compare);
    if (order !== 0) return order;
  }
  return a.length === b.length ? 0 : a.length > b.length ? -1 : 1;
};

/** Compares two branches, and what stands behind them among their siblings. */
const compareBranches = (mine: NameNode, theirs: NameNode): number =>
  compareRuns(from(mine), from(theirs), byGuid) || compareRuns(from(mine), from(theirs), byName);

/** The first existing node below, depth first, as a hash. */
const hashOfFirstChild = (node: NameNode): string | null => {
  for (const child of node.children) {
    if (child.existence === "exists") return branchHash(child.guid ?? NO_GUID, child.name);
    const below = hashOfFirstChild(child);
    if (below !== null) return below;
  }
  return null;
};

/** Raises the last of some hexadecimal digits; f is passed over. */
const raised = (name: string): string => {
  for (let i = name.length - 1; i >= 0; i--) {
    const digit = name[i]!;
    if (digit === "f") continue;
    const next = digit === "9" ? "a" : String.fromCharCode(digit.charCodeAt(0) + 1);
    return name.slice(0, i) + next + name.slice(i + 1);
  }
  return name;
};

/** Gives a node with a temporary name the one that both ends can find out: with its GUID, or a hash of what is below. */
const toLasting = (node: NameNode): void => {
  const suffix = node.guid ?? hashOfFirstChild(node) ?? NO_GUID;
  const before = node.name.slice(0, node.name.lastIndexOf("-") + 1);
  let name = cut(before, TEMPORARY_LENGTH - suffix.length - 1) + suffix;
  const taken = siblingNames(node);
  while (taken.has(name)) name = raised(name);
  const parent = node.parent!;
  detach(node);
  node.name = name;
  node.isTemporary = false;
  attach(node, parent);
};

/** What became of the temporary names of one tree. */
export interface Lasting {
  /** Directories that went, as nothing is below them; children first. */
  readonly removed: readonly NameNode[];
  /** Whether a mailbox got a name that nobody gave it. */
  readonly renamed: boolean;
}

/** Gives lasting names to all nodes that have temporary ones; those without a mailbox below go. */
export const makeNamesLasting = (tree: NameTree): Lasting => {
  const removed: NameNode[] = [];
  let renamed = false;
  for (let again = true; again;) {
    again = false;
    for (const node of [...nodesBelow(tree.root)].reverse()) {
      if (!node.isTemporary) continue;
      if (node.guid === null && !hasExistingBelow(node, true)) {
        for (const below of [...nodesBelow(node)].reverse().concat(node)) {
          if (below.existence !== "filler") removed.push(below);
          below.existence = "filler";
          below.isTemporary = false;
        }
      } else {
        toLasting(node);
        renamed = true;
      }
      again = true;
      break;
    }
  }
  return { removed, renamed };
};

/**
 * Rearranges both trees, siblings sorted, until every mailbox that both have has one name in both; gives false where
 * that does not come to an end. Some nodes are left with temporary names.
 */
export const settleNames = (trees: Trees): boolean => {
  const count = [...nodesBelow(trees.local.root), ...nodesBelow(trees.remote.root)].length;
  const renames = new Renames(trees);
  for (let n = 0; n <= count * 3; n++) {
    if (!renames.walk(trees.local.root, trees.remote.root)) return true;
  }
  return false;
};
