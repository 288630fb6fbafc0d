/**
 * What a doctor finds, and how it is mended.
 *
 * @module
 */
import type { Location } from "../../lib/codec/location.ts";

/** What mends a complaint. */
export type Mend =
  /** A command for the shell. */
  | { readonly _tag: "Run"; readonly command: string }
  /** Another first or second side. */
  | { readonly _tag: "Use"; readonly side: "LOCATION1" | "LOCATION2"; readonly location: string }
  /** Options for dsync. */
  | { readonly _tag: "Give"; readonly options: readonly string[] }
  /** Something that no command line can do. */
  | { readonly _tag: "Do"; readonly what: string };

/** One thing that would make a sync fail, or come to another end than its user expects. */
export interface Complaint {
  /** The place: a path, a mailbox, a program. */
  readonly where: string;
  /** What is wrong with it. */
  readonly what: string;
  /** What mends it. */
  readonly mend: Mend;
}

/** One side that is examined. */
export interface Patient {
  /** Which one it is. */
  readonly side: "LOCATION1" | "LOCATION2";
  /** The location as it was given. */
  readonly text: string;
  /** The same, parsed. */
  readonly location: Location;
  /** Whether it may be missing, as a sync would make it. */
  readonly mayBeMissing: boolean;
}

/** A word for the shell. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A command for the shell, word by word. */
export const run = (...words: readonly string[]): Mend => ({
  _tag: "Run",
  command: words.map(quoted).join(" "),
});

/** Another location for a side. */
export const use = ({ side }: Patient, location: string): Mend => ({ _tag: "Use", side, location });

/** More of a kind are only counted. */
const MOST = 20;

/** The first complaints of a kind, the last of them with how many more there are. */
export const firstOf = (complaints: readonly Complaint[]): readonly Complaint[] => {
  const more = complaints.length - MOST;
  if (more <= 0) return complaints;
  return complaints.slice(0, MOST).map((one, i) =>
    i < MOST - 1 ? one : { ...one, what: `${one.what} (and ${more} more)` }
  );
};
