/**
 * Merging the flags and keywords of one mail that both sides have.
 *
 * @module
 */
import {
  ALL_FLAGS,
  type Flags,
  type Keywords,
  keywords,
  keywordsWithout,
  NO_FLAGS,
  NO_KEYWORDS,
  sameKeywords,
} from "../model/flags.ts";
import type { LogChange } from "../model/change.ts";
import type { MailRecord } from "../model/mail.ts";

/** Which end of a sync a side is; ties are broken in favour of the master. */
export type Role = "master" | "slave";

/** A change of flags that a log tells of. */
export type FlagsChange = Extract<LogChange, { _tag: "FlagsChanged" }>;

/** What one side has and what its users did to it. */
export interface FlagView {
  /** The mail as it is. */
  readonly record: MailRecord;
  /** What its log knows of; null: nothing. */
  readonly change: FlagsChange | null;
}

interface Sets<A> {
  readonly final: A;
  readonly add: A;
  readonly remove: A;
}

interface SetAlgebra<A> {
  readonly union: (a: A, b: A) => A;
  readonly minus: (a: A, b: A) => A;
  readonly both: (a: A, b: A) => A;
  readonly equal: (a: A, b: A) => boolean;
}

const FLAG_SETS: SetAlgebra<Flags> = {
  union: (a, b) => (a | b) as Flags,
  minus: (a, b) => (a & ~b) as Flags,
  both: (a, b) => (a & b) as Flags,
  equal: (a, b) => a === b,
};

const KEYWORD_SETS: SetAlgebra<Keywords> = {
  union: (a, b) => b.length === 0 ? a : keywords([...a, ...b]),
  minus: (a, b) => b.length === 0 ? a : keywordsWithout(a, b),
  both: (a, b) => b.length === 0 ? b : keywordsWithout(a, keywordsWithout(a, b)),
  equal: sameKeywords,
};

/**
 * The merge of one kind of set, from the view of `mine`. Additions and removals that only one side knows of both count;
 * where one side added what the other removed, `theirsWin` decides, and where they differ in what no log knows,
 * `preferTheirs`.
 */
const mergeSets = <A>(
  sets: SetAlgebra<A>,
  mine: Sets<A>,
  theirs: Sets<A>,
  preferTheirs: boolean,
  theirsWin: boolean,
): A => {
  const added = sets.both(mine.add, theirs.remove);
  const removed = sets.both(mine.remove, theirs.add);
  const [myAdd, theirRemove] = theirsWin
    ? [sets.minus(mine.add, added), theirs.remove]
    : [mine.add, sets.minus(theirs.remove, added)];
  const [myRemove, theirAdd] = theirsWin
    ? [sets.minus(mine.remove, removed), theirs.add]
    : [mine.remove, sets.minus(theirs.add, removed)];
  const different = sets.union(
    sets.minus(mine.final, theirs.final),
    sets.minus(theirs.final, mine.final),
  );
  const add = sets.both(sets.union(myAdd, theirAdd), different);
  const remove = sets.both(sets.union(myRemove, theirRemove), different);
  const myWant = sets.minus(sets.union(mine.final, add), remove);
  const theirWant = sets.minus(sets.union(theirs.final, add), remove);
  return preferTheirs && !sets.equal(myWant, theirWant) ? theirWant : myWant;
};

/**
 * Whether the log tells of every flag as changed. Dovecot writes all flags anew for an IMAP STORE FLAGS and for a Maildir
 * file that has another name; where the log does not know what they were before, most of that is no change. A change
 * of a single flag on the other side is one.
 */
export const isWholesale = ({ add, remove }: FlagsChange): boolean => (add | remove) === ALL_FLAGS;

/**
 * What settles contrary changes of one flag. "single flags": where one side wrote all flags anew, what the other did to
 * single ones stands; else the higher MODSEQ. "MODSEQ": always the higher MODSEQ, as a Dovecot at the other end does it.
 */
export type FlagRule = "single flags" | "MODSEQ";

/** What a merge of one mail comes to, for either side. */
export interface MergedFlags {
  /** The flags that both sides shall have. */
  readonly flags: Flags;
  /** The keywords that both sides shall have. */
  readonly keywords: Keywords;
}

/**
 * Merges the flags and keywords of one mail. The side with the higher MODSEQ is preferred where the two contradict each
 * other; equal MODSEQs: the master; flags by the {@linkcode FlagRule}. Both ends of a wire come to the same result, each
 * from its own view: `mergeFlags(a, b, "master")` equals `mergeFlags(b, a, "slave")`.
 *
 * Keywords that differ only in case are one keyword; the spelling of `mine` stays (Dovecot compares them by case and
 * never comes to an end, each run raising the MODSEQs). Source: Dovecot 2.3 dsync-mailbox-import.c, merge_flags().
 */
export const mergeFlags = (
  mine: FlagView,
  theirs: FlagView,
  role: Role,
  rule: FlagRule = "single flags",
): MergedFlags => {
  const a = mine.record;
  const b = theirs.record;
  if (a.flags === b.flags && sameKeywords(a.keywords, b.keywords)) {
    return { flags: a.flags, keywords: a.keywords };
  }
  const preferTheirs = a.modSeq < b.modSeq || (a.modSeq === b.modSeq && role === "slave");
  const flagsOf = ({ record, change }: FlagView): Sets<Flags> => ({
    final: record.flags,
    add: change?.add ?? NO_FLAGS,
    remove: change?.remove ?? NO_FLAGS,
  });
  const keywordsOf = ({ record, change }: FlagView): Sets<Keywords> => ({
    final: record.keywords,
    add: change?.addKeywords ?? NO_KEYWORDS,
    remove: change?.removeKeywords ?? NO_KEYWORDS,
  });
  const wholesale = ({ change }: FlagView): boolean => change !== null && isWholesale(change);
  const theirsWin = rule === "MODSEQ" || wholesale(mine) === wholesale(theirs)
    ? preferTheirs
    : wholesale(mine);
  return {
    flags: mergeSets(FLAG_SETS, flagsOf(mine), flagsOf(theirs), preferTheirs, theirsWin),
    keywords: mergeSets(
      KEYWORD_SETS,
      keywordsOf(mine),
      keywordsOf(theirs),
      preferTheirs,
      preferTheirs,
    ),
  };
};
