/**
 * Puts a staged mailbox in its place, and takes a mailbox away.
 *
 * With Maildir++ a mailbox is one directory, which is exchanged for another in one step. INBOX, LAYOUT=fs and parts in
 * other places need several steps: each says by itself whether it has been done, so that they can be carried on with
 * after a kill.
 *
 * @module
 */
import { INBOX, type MailboxName } from "../../model/mailbox.ts";
import type { DirEntry, Os } from "../../port/os.ts";
import { modesOf } from "../account/modes.ts";
import { attempt } from "../account/or_fail.ts";
import { openIndex } from "../index/index_file.ts";
import { INDEX_BASE } from "./box.ts";
import {
  directoryOf,
  MAIL_DIRECTORIES,
  type MailboxPaths,
  mailboxPaths,
  type MaildirLocation,
} from "./layout.ts";
import { isOfMailbox, strangersIn } from "./own_files.ts";
import { type OwnStage, removeStage, type Stage } from "./staging.ts";
import { lockUidlist } from "./uidlist_file.ts";

/** Files of a mailbox in its control directory. */
const CONTROL_FILES = ["dovecot-uidlist", "dovecot-keywords"] as const;
/** Files of an index; the log, which alone makes one, last. */
const INDEX_FILES = [
  INDEX_BASE,
  `${INDEX_BASE}.backup`,
  `${INDEX_BASE}.cache`,
  `${INDEX_BASE}.log.2`,
  `${INDEX_BASE}.log`,
] as const;
/** Directories whose content is replaced; tmp/ holds what others are just writing. */
const REPLACED = ["new", "cur"] as const;
/** Lies in a directory while it belongs to a new mailbox and has not been put in place. Dovecot ignores dot files. */
const MARK = ".dsync-new";

/** Whether a mailbox is one directory with nothing else in it. */
const isOneDirectory = (location: MaildirLocation, name: MailboxName): boolean =>
  location.layout === "maildir++" && name !== INBOX && location.control === undefined &&
  location.index === undefined;

/** Whether a path exists. */
export const isThere = (os: Os, path: string): boolean => os.files.stat(path) !== null;

/** Runs `use` with both locks of a mailbox, as far as it exists. */
const withLocksOf = async (
  os: Os,
  paths: MailboxPaths,
  use: () => void,
): Promise<void> => {
  if (!isThere(os, paths.control)) return use();
  const held = await lockUidlist(os, paths.control);
  try {
    const index = attempt(() => openIndex(os, paths.index, INDEX_BASE), () => null);
    if (index === null) use();
    else {
      try {
        await index.withLock(use);
      } finally {
        index.close();
      }
    }
  } finally {
    held.release();
  }
};

/**
 * Puts the mailbox of a stage in the place of the one that has this name, if any, whose mails go away only then.
 * Durable. Throws `StreamFailure`; whatever has been done then, the next writer completes.
 */
export const placeStage = async (
  os: Os,
  location: MaildirLocation,
  name: MailboxName,
  stage: OwnStage,
): Promise<void> => {
  const target = mailboxPaths(location, name);
  // What is no mail store's stays in its place.
  if (isOneDirectory(location, name) && strangersIn(os, target.mail).length === 0) {
    await withLocksOf(os, target, () => {
      if (isThere(os, target.mail)) os.disk.exchange(stage.box.mail, target.mail);
      else os.disk.rename(stage.box.mail, target.mail);
      os.disk.syncDir(location.root);
    });
    return;
  }
  for (const one of REPLACED) os.disk.create(`${stage.box.mail}/${one}/${MARK}`, []);
  for (const part of new Set(Object.values(stage.box))) os.disk.syncDir(part);
  stage.declareReady(name);
  await completeStage(os, location, name, stage);
};

/** Carries on with putting a stage in place that was declared ready. */
export const completeStage = async (
  os: Os,
  location: MaildirLocation,
  name: MailboxName,
  stage: Stage,
): Promise<void> => {
  const target = mailboxPaths(location, name);
  const { directory } = modesOf(os, location.root);
  for (const part of [target.control, target.index, target.mail]) os.disk.mkdir(part, directory);
  await withLocksOf(os, target, () => {
    const begun = !isThere(os, `${stage.box.mail}/new/${MARK}`);
    if (!begun) dropOldFiles(os, target, stage.box);
    for (const one of ["tmp", ...REPLACED]) os.disk.mkdir(`${target.mail}/${one}`, directory);
    for (const one of REPLACED) {
      const from = `${stage.box.mail}/${one}`;
      if (isThere(os, `${from}/${MARK}`)) os.disk.exchange(from, `${target.mail}/${one}`);
    }
    for (const file of CONTROL_FILES) moveIfThere(os, stage.box.control, target.control, file);
    for (const file of INDEX_FILES) moveIfThere(os, stage.box.index, target.index, file);
    moveIfThere(os, stage.box.mail, target.mail, "maildirfolder");
    for (const one of REPLACED) os.disk.unlink(`${target.mail}/${one}/${MARK}`);
    for (const part of new Set(Object.values(target))) os.disk.syncDir(part);
  });
  removeStage(os, stage);
};

/** Removes files of the old mailbox that the new one does not have. */
const dropOldFiles = (os: Os, target: MailboxPaths, box: MailboxPaths): void => {
  for (const file of INDEX_FILES) {
    if (!isThere(os, `${box.index}/${file}`)) os.disk.unlink(`${target.index}/${file}`);
  }
  for (const file of CONTROL_FILES) {
    if (!isThere(os, `${box.control}/${file}`)) os.disk.unlink(`${target.control}/${file}`);
  }
};

const moveIfThere = (os: Os, from: string, to: string, file: string): void => {
  // A symlink counts whether or not it leads to anything.
  if (os.files.lstat(`${from}/${file}`) !== null) {
    os.disk.rename(`${from}/${file}`, `${to}/${file}`);
  }
};

/** Whether child mailboxes lie in a directory; only with LAYOUT=fs they do. */
export const hasChildren = (os: Os, location: MaildirLocation, path: string): boolean =>
  location.layout === "fs" &&
  (os.files.list(path) ?? []).some(({ name, kind }) =>
    kind !== "file" && kind !== "other" &&
    !(MAIL_DIRECTORIES as readonly string[]).includes(name)
  );

/** A file or directory of a mailbox, and the part of it that holds it. */
export type Entry = readonly [part: keyof MailboxPaths, name: string];

/** What belongs to a mailbox; cur/ first, for with LAYOUT=fs it makes the mailbox. */
const ENTRIES: readonly Entry[] = [
  ...["cur", "new", "tmp"].map((name): Entry => ["mail", name]),
  ...CONTROL_FILES.map((name): Entry => ["control", name]),
  ...INDEX_FILES.map((name): Entry => ["index", name]),
];

/** The directory that a part shares with others, by the name that {@linkcode separate} gives it. */
const separatePart = (paths: MailboxPaths, part: keyof MailboxPaths): keyof MailboxPaths =>
  paths[part] === paths.mail ? "mail" : part;

/** What belongs to a mailbox in one of its directories; cur/ first. */
export const entriesIn = (paths: MailboxPaths, part: keyof MailboxPaths): readonly Entry[] =>
  ENTRIES.filter(([one]) => separatePart(paths, one) === part);

/**
 * Whatever else lies in one of a mailbox's directories and is no child mailbox, as dovecot-acl. A lock file is its
 * owner's, who takes it away again.
 */
export const otherFilesIn = (
  os: Os,
  paths: MailboxPaths,
  part: keyof MailboxPaths,
): readonly Entry[] => {
  const own = new Set(entriesIn(paths, part).map(([, name]) => name));
  const isFile = ({ name, kind }: DirEntry): boolean => {
    const is = kind === "symlink" ? os.files.stat(`${paths[part]}/${name}`)?.kind : kind;
    return is === "file" || is === "other";
  };
  return (os.files.list(paths[part]) ?? [])
    .filter((one) => !own.has(one.name) && !one.name.endsWith(".lock") && isFile(one))
    .map(({ name }): Entry => [part, name]);
};

/** Moves a mailbox's own entries and leaves child mailboxes where they are. */
const moveEntries = (
  os: Os,
  from: MailboxPaths,
  to: MailboxPaths,
  entries: readonly Entry[],
): void => {
  for (const [part, entry] of entries) moveIfThere(os, from[part], to[part], entry);
};

/** The separate directories of a mailbox: the one with mails last. */
export const separate = (paths: MailboxPaths): readonly (keyof MailboxPaths)[] => {
  const parts: (keyof MailboxPaths)[] = [];
  if (paths.index !== paths.mail) parts.push("index");
  if (paths.control !== paths.mail) parts.push("control");
  return [...parts, "mail"];
};

/** What would go with a mailbox although it is no mail store's: the first path, and how many there are. */
export const inTheWay = (
  os: Os,
  location: MaildirLocation,
  name: MailboxName,
): { readonly path: string; readonly count: number } | null => {
  const paths = mailboxPaths(location, name);
  const found = separate(paths).map((part) => paths[part])
    // Beside child mailboxes the directory stays, and only the mailbox's own files go.
    .filter((directory) => !hasChildren(os, location, directory))
    .flatMap((directory) => strangersIn(os, directory).map((one) => `${directory}/${one}`));
  return found.length === 0 ? null : { path: found[0]!, count: found.length };
};

/**
 * Takes a mailbox away with its mails; child mailboxes stay. It is out of sight in one step, by a rename into `stage`,
 * which the caller then discards. Nothing may be {@linkcode inTheWay}.
 */
export const takeAway = (
  os: Os,
  location: MaildirLocation,
  name: MailboxName,
  stage: OwnStage,
): void => {
  const paths = mailboxPaths(location, name);
  // The mails first: without them the rest is no mailbox.
  for (const part of [...separate(paths)].reverse()) {
    if (!isThere(os, paths[part])) continue;
    if (hasChildren(os, location, paths[part])) {
      moveEntries(os, paths, stage.box, entriesIn(paths, part));
      const others = otherFilesIn(os, paths, part).filter(([, name]) => isOfMailbox(name));
      moveEntries(os, paths, stage.box, others);
    } else os.disk.rename(paths[part], `${stage.box[part]}/taken`);
    os.disk.syncDir(directoryOf(paths[part]));
  }
  removeEmptyParents(os, location, paths);
};

/** LAYOUT=fs: parents that are no directories of their own any more stay, as \NoSelect; those of CONTROL, INDEX go. */
const removeEmptyParents = (os: Os, location: MaildirLocation, paths: MailboxPaths): void => {
  for (const [part, root] of [["control", location.control], ["index", location.index]] as const) {
    if (root === undefined || location.layout !== "fs") continue;
    let path = directoryOf(paths[part]);
    while (path.startsWith(`${root}/`) && os.disk.rmdir(path)) path = directoryOf(path);
  }
};
