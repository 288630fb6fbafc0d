/**
 * Files that are not where a look has shown them: mail clients rename them, and take no locks.
 *
 * @module
 */
import type { NameFlags } from "../../codec/maildir_name.ts";
import type { UidlistLines } from "../../codec/maildir_uidlist_lines.ts";
import type { Flags } from "../../model/flags.ts";
import type { Os } from "../../port/os.ts";
import { type Ending, Listing, listMailFiles } from "./listing.ts";

/** Where files are that somebody renames while a batch is carried out. */
export class MovedFiles {
  readonly #os: Os;
  readonly #directory: string;
  readonly #lines: UidlistLines;
  #listing: Listing | null = null;

  /** For a mailbox whose lines are these. */
  constructor(os: Os, directory: string, lines: UidlistLines) {
    this.#os = os;
    this.#directory = directory;
    this.#lines = lines;
  }

  /**
   * The ending of a file by its base name; undefined: it is gone. Costs two listings at first, as one can miss what is just
   * renamed, and again where what was found is there no more (`isStale`), but none for each mail that is gone.
   */
  find(base: string, isStale: boolean): Ending | undefined {
    if (this.#listing === null || isStale) {
      const first = listMailFiles(this.#os, this.#directory, new Listing(this.#lines));
      this.#listing = first.with(listMailFiles(this.#os, this.#directory, first.again()));
    }
    return this.#listing.find(base);
  }
}

/** `theirs` where somebody has changed a bit since it was `seen`, and we do not want to; else `ours`. */
const merged = (ours: number, touched: number, seen: number, theirs: number): number => {
  const kept = (seen ^ theirs) & ~touched;
  return (ours & ~kept) | (theirs & kept);
};

/**
 * What a file's name shall say that says something else now than when it was seen: what others have set or cleared
 * meanwhile stays, but for the flags and letters that are `touched`, which become those that are `wanted`.
 */
export const keepingTheirs = (
  wanted: NameFlags,
  touched: NameFlags,
  seen: NameFlags,
  found: NameFlags,
): NameFlags => ({
  flags: merged(wanted.flags, touched.flags, seen.flags, found.flags) as Flags,
  letters: merged(wanted.letters, touched.letters, seen.letters, found.letters),
});
