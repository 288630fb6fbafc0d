/**
 * The mail files of one Maildir as its directories show them.
 *
 * @module
 */
import { baseName, type NameFlags, parseNameFlags } from "../../codec/maildir_name.ts";
import { type SyncError, syncError } from "../../model/error.ts";
import type { Os } from "../../port/os.ts";

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

/** All mail files of a mailbox. */
export interface Listing {
  /** By base name. */
  readonly files: ReadonlyMap<string, Ending>;
  /** What is no mail that Dovecot could show, one error for each. */
  readonly problems: readonly SyncError[];
}

/** The path of a mail file. */
export const pathOf = (mailDirectory: string, file: MailFile): string =>
  `${mailDirectory}/${file.isNew ? "new" : "cur"}/${file.name}`;

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
 * which is moved to cur/ meanwhile is not missed. Throws `StreamFailure` where a directory cannot be read.
 */
export const listMailFiles = (os: Os, directory: string): Listing => {
  const files = new Map<string, Ending>();
  const problems: SyncError[] = [];
  for (const isNew of [true, false]) {
    const endings = new Map<string, Ending>();
    os.files.visit(`${directory}/${isNew ? "new" : "cur"}`, ({ name, kind }) => {
      if (name.startsWith(".")) return;
      const what = kind === "directory" ? "a directory lies among the mails" : nameProblem(name);
      if (what !== null) {
        problems.push(problem(pathOf(directory, { name, isNew }), what));
        return;
      }
      const base = baseName(name);
      const text = name.slice(base.length);
      let ending = endings.get(text);
      if (ending === undefined) endings.set(text, ending = endingOf({ name, isNew }));
      const other = files.get(base);
      if (other === undefined) {
        files.set(base, ending);
        return;
      }
      const { kept, twin } = resolveTwins(os, directory, { name, isNew }, fileOf(base, other));
      files.set(base, endingOf(kept));
      if (twin !== null) {
        problems.push(problem(pathOf(directory, twin), "another file has the same base name"));
      }
    });
  }
  return { files, problems };
};

/** One file looked up again by its base name after it was renamed; null when it is gone. Cost: a listing. */
export const findMailFile = (os: Os, directory: string, base: string): MailFile | null => {
  for (const isNew of [false, true, false]) {
    const entries = os.files.list(`${directory}/${isNew ? "new" : "cur"}`) ?? [];
    const found = entries.find(({ name }) => baseName(name) === base);
    if (found !== undefined) return { name: found.name, isNew };
  }
  return null;
};
