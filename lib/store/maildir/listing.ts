/**
 * The mail files of one Maildir as its directories show them.
 *
 * @module
 */
import { UidlistLines } from "../../codec/maildir_uidlist_lines.ts";
import { baseName, type NameFlags, parseNameFlags } from "../../codec/maildir_name.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";
import { failStream } from "../../stream/chunks.ts";

const NO_LINES = new UidlistLines();

/** A mail file. */
export interface MailFile {
  /** Its name with the flags, as it was listed. */
  readonly name: string;
  /** Whether it lies in new/ and not in cur/. */
  readonly isNew: boolean;
}

/**
 * What a mail file has behind its base name, and where it lies. Files that agree in that share one object: there are some
 * dozens of them in a directory of a hundred thousand files.
 */
export interface Ending extends NameFlags {
  /** What stands behind the base name: ":2,S", or "". */
  readonly text: string;
  /** Whether the file lies in new/ and not in cur/. */
  readonly isNew: boolean;
}

/** The file of a base name. */
export const fileOf = (base: string, { text, isNew }: Ending): MailFile => ({
  name: base + text,
  isNew,
});

/** The ending of a file. */
export const endingOf = ({ name, isNew }: MailFile): Ending => {
  const text = name.slice(baseName(name).length);
  return { text, isNew, ...parseNameFlags(text) };
};

/** The endings of files, each one object however many files have it, and a number from 1 on. */
export class Endings {
  readonly #all: Ending[] = [];
  /** Numbers by what stands behind the base name, in cur/ and in new/. */
  readonly #known = [new Map<string, number>(), new Map<string, number>()] as const;

  /** The number of the ending of a file with this base name. */
  numberOf(base: string, file: MailFile): number {
    const known = this.#known[file.isNew ? 1 : 0];
    const text = file.name.slice(base.length);
    let number = known.get(text);
    if (number === undefined) known.set(text, number = this.#all.push(endingOf(file)));
    return number;
  }

  /** The ending of a number; of 0 there is none. */
  at(number: number): Ending | undefined {
    return this.#all[number - 1];
  }

  /** The ending of a file. */
  of(file: MailFile): Ending {
    return this.#all[this.numberOf(baseName(file.name), file) - 1]!;
  }

  /** The letters that stand in them, as a bit set. */
  get letters(): number {
    return this.#all.reduce((used, { letters }) => used | letters, 0);
  }
}

/** All mail files of a mailbox, beside the lines of its dovecot-uidlist. */
export class Listing {
  /** The lines that files were looked up in. */
  readonly lines: UidlistLines;
  /** Files that no line names, by base name. */
  readonly unlisted: Map<string, Ending> = new Map();
  /** What is no mail that Dovecot could show, one error for each. */
  readonly problems: SyncError[] = [];
  /** Of each line the number of its file's ending, from 1 on; 0: no file. */
  readonly #numbers: Uint32Array;
  readonly #endings: Endings;

  /** Empty, for these lines. */
  constructor(lines: UidlistLines = NO_LINES, endings: Endings = new Endings()) {
    this.#endings = endings;
    this.lines = lines;
    this.#numbers = new Uint32Array(lines.length);
  }

  /** The ending of the file that a line names, by the line's row. */
  endingOf(row: number): Ending | undefined {
    return this.#endings.at(this.#numbers[row]!);
  }

  /** The ending of a file by its base name. */
  find(base: string): Ending | undefined {
    const row = this.lines.rowOf(base);
    return row < 0 ? this.unlisted.get(base) : this.endingOf(row);
  }

  /** The letters that stand in file names, as a bit set. */
  get usedLetters(): number {
    return this.#endings.letters;
  }

  /** Puts a file in, if there is none of its base name yet; else gives the ending of that one. */
  add(base: string, file: MailFile): Ending | undefined {
    const row = this.lines.rowOf(base);
    const other = row < 0 ? this.unlisted.get(base) : this.endingOf(row);
    if (other === undefined) this.#put(row, base, file);
    return other;
  }

  /** Puts a file in the place of the one of its base name. */
  replace(base: string, file: MailFile): void {
    this.#put(this.lines.rowOf(base), base, file);
  }

  #put(row: number, base: string, file: MailFile): void {
    const number = this.#endings.numberOf(base, file);
    if (row < 0) this.unlisted.set(base, this.#endings.at(number)!);
    else this.#numbers[row] = number;
  }

  /** An empty listing of the same lines, for {@linkcode with}. */
  again(): Listing {
    return new Listing(this.lines, this.#endings);
  }

  /** The files of this listing with those of one that was made {@linkcode again}: that has the last word, and the problems. */
  with(later: Listing): Listing {
    const both = this.again();
    for (const { unlisted } of [this, later]) {
      for (const [base, ending] of unlisted) both.unlisted.set(base, ending);
    }
    for (let row = 0; row < this.#numbers.length; row++) {
      both.#numbers[row] = later.#numbers[row] || this.#numbers[row]!;
    }
    both.problems.push(...later.problems);
    return both;
  }
}

/** The path of a mail file. */
export const pathOf = (mailDirectory: string, file: MailFile): string =>
  `${mailDirectory}/${file.isNew ? "new" : "cur"}/${file.name}`;

/** What is wrong with a mailbox without a cur/ whose dovecot-uidlist has lines: an empty one would expunge its mails. */
export const LOST_MAILS = "the directory is missing, and dovecot-uidlist has mails that lay there";

const problem = (path: string, what: string): SyncError =>
  syncError("Damaged", "message", { path }, what);

/** Why a file cannot have a line in dovecot-uidlist, or null. */
const nameProblem = (name: string): string | null =>
  name.startsWith(":")
    ? "the file name has nothing before the colon"
    : name.includes("\n") || name.includes("\r")
    ? "the file name has a line end in it"
    : null;

/** Two files of one base name; a file that was renamed between two reads of a directory is seen twice too. */
const resolveTwins = (os: Os, directory: string, a: MailFile, b: MailFile) => {
  const infoA = os.files.stat(pathOf(directory, a));
  const infoB = os.files.stat(pathOf(directory, b));
  if (infoA === null) return { kept: b, twin: null };
  const same = infoB === null || (infoA.ino === infoB.ino && infoA.dev === infoB.dev);
  return { kept: a, twin: same ? null : b };
};

/**
 * Lists cur/ and new/. A missing directory counts as empty: Dovecot makes it again. new/ is read first, so that a file
 * which is moved to cur/ meanwhile is not missed. The files go into `listing`. Throws `StreamFailure` where a directory
 * cannot be read, and where there is no cur/ for the mails that lines tell of.
 */
export const listMailFiles = (
  os: Os,
  directory: string,
  listing: Listing = new Listing(),
): Listing => {
  const { problems } = listing;
  for (const isNew of [true, false]) {
    const path = `${directory}/${isNew ? "new" : "cur"}`;
    const isThere = os.files.visit(path, ({ name, kind }) => {
      if (name.startsWith(".")) return;
      const what = kind === "directory" ? "a directory lies among the mails" : nameProblem(name);
      if (what !== null) {
        problems.push(problem(pathOf(directory, { name, isNew }), what));
        return;
      }
      const base = baseName(name);
      const file: MailFile = { name, isNew };
      const other = listing.add(base, file);
      if (other === undefined) return;
      const { kept, twin } = resolveTwins(os, directory, file, fileOf(base, other));
      if (kept === file) listing.replace(base, file);
      if (twin !== null) {
        problems.push(problem(pathOf(directory, twin), "another file has the same base name"));
      }
    });
    if (!isThere && !isNew && listing.lines.length > 0) {
      failStream<SyncError>(syncError("Damaged", "mailbox", { path }, LOST_MAILS));
    }
  }
  return listing;
};
