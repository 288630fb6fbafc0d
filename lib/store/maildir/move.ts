/**
 * A mailbox moves to another name.
 *
 * Where it is one directory that is one rename. With LAYOUT=fs beside child mailboxes, or with parts in other places, it
 * takes several, and halfway the mails lie without their dovecot-uidlist: whoever opened them would give them another
 * identity. So a note of the move, `dsync-moving` in the control directory, is durable before the first of them, and
 * whoever finds it after a kill ends the move.
 *
 * @module
 */
import { nameRefusal } from "../../codec/mailbox_path.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { attempt, errnoOf } from "../account/or_fail.ts";
import {
  accountRoots,
  directoryOf,
  type MailboxPaths,
  mailboxPaths,
  type MaildirLocation,
  namingOf,
} from "./layout.ts";
import { entriesIn, type Entry, hasChildren, isThere, otherFilesIn, separate } from "./place.ts";

/** A mailbox's way. */
export interface Move {
  /** The name that it leaves. */
  readonly from: MailboxName;
  /** The name that it gets. */
  readonly to: MailboxName;
}

const NOTE = "dsync-moving";
const MAX_NOTE = 1 << 16;

const noteOf = (location: MaildirLocation): string => `${accountRoots(location).control}/${NOTE}`;

/** Whether one rename does it. */
const isOneStep = (os: Os, location: MaildirLocation, { from, to }: Move): boolean => {
  const paths = mailboxPaths(location, from);
  return separate(paths).length === 1 && !hasChildren(os, location, paths.mail) &&
    !isThere(os, mailboxPaths(location, to).mail);
};

/** Notes a move that takes several steps; durable. */
export const beginMove = (os: Os, location: MaildirLocation, move: Move): void => {
  if (isOneStep(os, location, move)) return;
  const note = noteOf(location);
  const text = new TextEncoder().encode(`${JSON.stringify(move)}\n`);
  if (isThere(os, note)) os.disk.unlink(note);
  os.disk.create(note, [text], { mode: modesOf(os, location.root).file });
  os.disk.syncDir(directoryOf(note));
};

/** The move is done. */
export const endMove = (os: Os, location: MaildirLocation): void => {
  const note = noteOf(location);
  if (isThere(os, note)) os.disk.unlink(note);
};

/** The move that a killed run has begun, or null. A note that was cut off was never acted on. */
export const moveLeft = (os: Os, location: MaildirLocation): Move | null => {
  const bytes = os.files.readFile(noteOf(location), MAX_NOTE);
  const text = new TextDecoder().decode(bytes ?? undefined);
  if (!text.endsWith("\n")) return null;
  try {
    const { from, to } = JSON.parse(text) as Record<string, unknown>;
    const isName = (name: unknown): name is MailboxName =>
      typeof name === "string" && nameRefusal(name as MailboxName, namingOf(location)) === null;
    return isName(from) && isName(to) ? { from, to } : null;
  } catch {
    return null;
  }
};

/** Gives a file another name, if that is free; else it stays. */
const moveIfFree = (os: Os, source: string, target: string): void =>
  attempt(() => os.disk.renameNew(source, target), (error) => {
    if (errnoOf(error) !== "EEXIST") throw new StreamFailure(error);
  });

/** What lies in one directory goes to another that is there already; a file whose name is taken there stays. */
const pourOver = (os: Os, from: string, to: string): void => {
  for (const { name } of os.files.list(from) ?? []) {
    moveIfFree(os, `${from}/${name}`, `${to}/${name}`);
  }
  os.disk.syncDir(to);
  os.disk.rmdir(from);
};

/**
 * Moves one entry of a mailbox. What is there already was moved before; what lies in the old place since then was made by
 * somebody who found the mails without it, but for mails that came there.
 */
const moveEntry = (os: Os, from: MailboxPaths, to: MailboxPaths, [part, name]: Entry): void => {
  const [source, target] = [`${from[part]}/${name}`, `${to[part]}/${name}`];
  if (!isThere(os, source)) return;
  if (!isThere(os, target)) os.disk.rename(source, target);
  else if (part === "mail") pourOver(os, source, target);
  else os.disk.unlink(source);
};

/** Moves a mailbox to another name, that is free; child mailboxes stay. Durable. Doing it again ends what was begun. */
export const moveMailbox = (os: Os, location: MaildirLocation, move: Move): void => {
  const from = mailboxPaths(location, move.from);
  const to = mailboxPaths(location, move.to);
  const { directory } = modesOf(os, location.root);
  for (const part of separate(from)) {
    if (!isThere(os, from[part])) continue;
    os.disk.mkdir(directoryOf(to[part]), directory);
    if (!hasChildren(os, location, from[part]) && !isThere(os, to[part])) {
      os.disk.rename(from[part], to[part]);
    } else {
      os.disk.mkdir(to[part], directory);
      for (const [, name] of otherFilesIn(os, from, part)) {
        moveIfFree(os, `${from[part]}/${name}`, `${to[part]}/${name}`);
      }
      // cur/ last: until then the mailbox is where it was.
      for (const entry of entriesIn(from, part).toReversed()) moveEntry(os, from, to, entry);
      // Where the children have moved before, nothing is left of the name.
      os.disk.rmdir(from[part]);
    }
    for (const path of [to[part], directoryOf(to[part]), directoryOf(from[part])]) {
      if (isThere(os, path)) os.disk.syncDir(path);
    }
  }
};
