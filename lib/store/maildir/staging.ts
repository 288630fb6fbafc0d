/**
 * Mailboxes that are made out of sight and then put in their place.
 *
 * A stage is a directory `dsync-stage.<id>` where no client looks for mailboxes. It holds `owner`, which is locked while
 * its maker lives, the mailbox in `box/`, and at last `ready`: from then on it is completed, not thrown away, whoever
 * comes across it.
 *
 * @module
 */
import { formatHex } from "../../codec/guid.ts";
import { INBOX, type MailboxName } from "../../model/mailbox.ts";
import type { Fd, Held, Os } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { modesOf } from "../account/modes.ts";
import { attempt } from "../account/or_fail.ts";
import { accountRoots, directoryOf, type MailboxPaths, type MaildirLocation } from "./layout.ts";

const PREFIX = "dsync-stage.";
const OWNER = "owner";
const READY = "ready";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The parent directories of a stage, one for each file system that a mailbox may lie on. */
interface StageRoots {
  readonly mail: string;
  readonly control: string | null;
  readonly index: string | null;
}

/**
 * Maildir++ takes only names with a dot for mailboxes; with LAYOUT=fs every directory is one, but for what lies in the
 * INBOX's tmp/, where Dovecot leaves directories alone.
 */
const stageRoots = (location: MaildirLocation, name: MailboxName): StageRoots => {
  const { control, index, inbox, root, layout } = location;
  const besideInbox = name === INBOX && inbox !== undefined;
  return {
    mail: besideInbox ? `${inbox}/tmp` : layout === "fs" ? `${root}/tmp` : root,
    control: control ?? null,
    index: index ?? null,
  };
};

/** A stage on disk. */
export interface Stage {
  /** Its directories, one for each root. */
  readonly directories: readonly string[];
  /** Where the parts of its mailbox lie. */
  readonly box: MailboxPaths;
}

const stageOf = (roots: StageRoots, id: string): Stage => {
  const at = (root: string) => `${root}/${PREFIX}${id}`;
  const mail = at(roots.mail);
  const control = roots.control === null ? mail : at(roots.control);
  const index = roots.index === null ? mail : at(roots.index);
  return {
    directories: [...new Set([mail, control, index])],
    box: { mail: `${mail}/box`, control: `${control}/box`, index: `${index}/box` },
  };
};

/** A stage that this process works on. */
export interface OwnStage extends Stage {
  /** Removes it, whatever is in it, and lets go. */
  readonly discard: () => void;
  /** Declares it complete: it will take the place of the mailbox of that name. Durable. */
  readonly declareReady: (name: MailboxName) => void;
}

/** Makes an empty stage for a mailbox. */
export const makeStage = (os: Os, location: MaildirLocation, name: MailboxName): OwnStage => {
  const stage = stageOf(stageRoots(location, name), formatHex(os.random(8)));
  const { directory, file } = modesOf(os, location.root);
  // Nothing of it counts before it is declared ready, or is renamed.
  for (const one of stage.directories) os.disk.mkdir(one, directory, false);
  const path = `${stage.directories[0]}/${OWNER}`;
  const fd = os.disk.openNew(path, file);
  const held = os.locks.tryFlock(fd, path);
  for (const part of ["mail", "control", "index"] as const) {
    os.disk.mkdir(stage.box[part], directory, false);
  }
  const release = () => {
    held?.release();
    os.files.close(fd);
  };
  return {
    ...stage,
    discard: () => {
      removeStage(os, stage);
      release();
    },
    declareReady: (target) => {
      // The line end says that the name is whole.
      const name = encoder.encode(`${target}\n`);
      os.disk.create(`${stage.directories[0]}/${READY}`, [name], { mode: file });
      for (const one of stage.directories) {
        os.disk.syncDir(one);
        os.disk.syncDir(directoryOf(one));
      }
    },
  };
};

/**
 * Removes a stage: what says that it is ready first, so that no half of it is ever put in place, and the owner file
 * last, so that a stage without one is empty.
 */
export const removeStage = (os: Os, stage: Stage): void => {
  const [first] = stage.directories;
  os.disk.unlink(`${first}/${READY}`);
  for (const part of new Set(Object.values(stage.box))) os.disk.removeTree(part);
  os.disk.unlink(`${first}/${OWNER}`);
  for (const directory of [...stage.directories].reverse()) os.disk.rmdir(directory);
};

/** A stage that somebody left behind; null in `readyFor`: it was not complete. */
export interface LeftStage extends Stage {
  /** The mailbox whose place it shall take. */
  readonly readyFor: MailboxName | null;
}

/** The lock of a stage's maker, or null while he lives. A stage without an owner file was begun when its maker died. */
const takeOver = (
  os: Os,
  directory: string,
): { readonly fd: Fd | null; readonly held: Held | null } | null => {
  const path = `${directory}/${OWNER}`;
  const fd = attempt(() => os.files.open(path, "r+"), (error) => {
    if (error._tag === "Missing") return null;
    throw new StreamFailure(error);
  });
  if (fd === null) return { fd, held: null };
  const held = os.locks.tryFlock(fd, path);
  if (held !== null) return { fd, held };
  os.files.close(fd);
  return null;
};

/** The mailbox that a stage was declared ready for; null: it was not, or the declaration was cut off. */
const readReady = (os: Os, directory: string): MailboxName | null => {
  const ready = os.files.readFile(`${directory}/${READY}`, 1 << 16);
  const text = ready === null ? "" : decoder.decode(ready);
  return text.endsWith("\n") ? text.slice(0, -1) as MailboxName : null;
};

/** Gives each stage that a killed run has left behind to `use`, which completes or removes it. */
export const withLeftStages = async (
  os: Os,
  location: MaildirLocation,
  use: (stage: LeftStage) => Promise<void>,
): Promise<void> => {
  const somewhere = stageRoots(location, "" as MailboxName);
  const inbox = stageRoots(location, INBOX);
  const roots = somewhere.mail === inbox.mail ? [somewhere] : [somewhere, inbox];
  const seen = new Set<string>();
  const places = [
    ...roots.map((one) => one.mail),
    accountRoots(location).control,
    accountRoots(location).index,
  ];
  for (const place of new Set(places)) {
    for (const { name: entry } of os.files.list(place) ?? []) {
      if (!entry.startsWith(PREFIX) || seen.has(entry)) continue;
      seen.add(entry);
      const id = entry.slice(PREFIX.length);
      const home = roots.find(({ mail }) => os.files.stat(`${mail}/${entry}`) !== null);
      const stage = stageOf(home ?? somewhere, id);
      const owner = takeOver(os, stage.directories[0]!);
      if (owner === null) continue;
      try {
        await use({ ...stage, readyFor: readReady(os, stage.directories[0]!) });
      } finally {
        owner.held?.release();
        if (owner.fd !== null) os.files.close(owner.fd);
      }
    }
  }
};
