/**
 * Where an mdbox keeps what: pure arithmetic on paths.
 *
 * ```
 * ROOT/storage/m.1, m.2, ...                the mails        (ALT/storage/m.N: moved to the alternative storage)
 * ROOT/storage/dovecot.map.index*           the map          (INDEX/storage with INDEX=)
 * ROOT/mailboxes/NAME/dbox-Mails/           a mailbox exists when this directory does
 *      dovecot.index*                       its index        (INDEX/mailboxes/NAME with INDEX=, no dbox-Mails there)
 * ROOT/.dsync/                              mailboxes on their way in or out; no LIST looks here
 * ```
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { MAX_RECORD_SIZE } from "../../codec/mdbox_file.ts";
import { formatStorageName, type Naming } from "../../codec/mailbox_path.ts";
import type { SyncError } from "../../model/error.ts";
import type { MailboxName } from "../../model/mailbox.ts";
import type { GivenIdentities } from "../../port/given_identities.ts";

/** What a location says of an mdbox. Paths are absolute or relative to the working directory, without a last "/". */
export interface MdboxOptions {
  /** The root directory. */
  readonly root: string;
  /** INDEX=: where the map and the mailbox indexes are instead. */
  readonly index?: string;
  /** CONTROL=: where subscriptions and the UIDVALIDITY counter are instead. */
  readonly control?: string;
  /** ALT=: where Dovecot may have moved files m.N to; read only. */
  readonly alt?: string;
  /** MAILBOXDIR=: the directory of the mailboxes in the root, "/" the root itself; "mailboxes" when not given. */
  readonly mailboxDir?: string;
  /** UTF-8: names are stored in UTF-8, not in modified UTF-7. */
  readonly utf8?: boolean;
  /**
   * mdbox_rotate_size: no m.N grows beyond it, unless by a single mail; 10 MiB when not given. What is above 4 GiB counts
   * as that: the map holds offsets as u32.
   */
  readonly rotateSize?: number;
  /** What stands in for a character that a name cannot have; "_" where it is absent. */
  readonly altChar?: string;
  /** The file with the attributes of all mailboxes (mail_attribute_dict); none are kept without it. */
  readonly attributes?: string;
  /** Whether a store that is not there is made at the first write; else it is refused. */
  readonly create: boolean;
  /** Which identities mailboxes get that have none; absent: new ones. */
  readonly identities?: GivenIdentities;
}

/** The directory that makes a mailbox. */
export const MAIL_DIRECTORY = "dbox-Mails";
/** Base name of the map's files. */
export const MAP_INDEX = "dovecot.map.index";
/** Base name of a mailbox index's files. */
export const MAILBOX_INDEX = "dovecot.index";
/** mdbox_rotate_size's default. */
export const ROTATE_SIZE = 10 * 1024 * 1024;
/** What begins the name of a file that is not in use yet: Dovecot removes such files when they are 36 hours old. */
export const TEMP_PREFIX = ".temp.";

/** Where the parts of one mdbox are. */
export interface Layout {
  /** The root. */
  readonly root: string;
  /** The directory of the m.N. */
  readonly storage: string;
  /** The same in the alternative storage; null without one. */
  readonly altStorage: string | null;
  /** The directory of the map index. */
  readonly map: string;
  /** The directory of the mailboxes. */
  readonly mailboxes: string;
  /** The directory of the mailbox indexes where it is another one (INDEX=), else null. */
  readonly indexMailboxes: string | null;
  /** Where the account's control files are. */
  readonly control: string;
  /** Where the account's index files are (list index, mailbox log). */
  readonly accountIndex: string;
  /** Mailboxes on their way in or out. On the file system of the mailbox indexes. */
  readonly staging: string;
  /** How names are stored. */
  readonly naming: Naming;
  /** No m.N grows beyond it, unless by a single mail. */
  readonly rotateSize: number;
}

/** The places of an mdbox. */
export const layoutOf = (options: MdboxOptions): Layout => {
  const { root, index, alt } = options;
  const mailboxDir = (options.mailboxDir || "mailboxes").replace(/^\/+|\/+$/g, "");
  const mailboxesIn = (base: string) => mailboxDir === "" ? base : `${base}/${mailboxDir}`;
  const indexRoot = index ?? root;
  return {
    root,
    storage: `${root}/storage`,
    altStorage: alt === undefined ? null : `${alt}/storage`,
    map: `${indexRoot}/storage`,
    mailboxes: mailboxesIn(root),
    indexMailboxes: index === undefined ? null : mailboxesIn(index),
    control: options.control ?? root,
    accountIndex: indexRoot,
    staging: `${indexRoot}/.dsync`,
    naming: {
      layout: "mdbox",
      utf8: options.utf8 ?? false,
      ...(mailboxDir === "" ? { besideFiles: true } : {}),
      ...(options.altChar === undefined ? {} : { altChar: options.altChar }),
    },
    rotateSize: Math.min(options.rotateSize ?? ROTATE_SIZE, MAX_RECORD_SIZE),
  };
};

/** The paths of one mailbox. */
export interface MailboxPaths {
  /** Its name as stored: what the B line of a record holds. */
  readonly stored: string;
  /** Its directory in the hierarchy, which also holds its children. */
  readonly directory: string;
  /** The directory whose being there makes the mailbox. */
  readonly mails: string;
  /** Where its index files are. */
  readonly index: string;
}

/** The paths of the mailbox that is stored under a name. */
export const pathsOfStored = (layout: Layout, stored: string): MailboxPaths => {
  const directory = `${layout.mailboxes}/${stored}`;
  const mails = `${directory}/${MAIL_DIRECTORY}`;
  const index = layout.indexMailboxes === null ? mails : `${layout.indexMailboxes}/${stored}`;
  return { stored, directory, mails, index };
};

/** The paths of a mailbox. Errors: `Unfit` where no mdbox can hold the name. */
export const pathsOf = (
  layout: Layout,
  name: MailboxName,
): E.Either<SyncError, MailboxPaths> =>
  E.map((stored: string) => pathsOfStored(layout, stored))(
    formatStorageName(name, layout.naming),
  );

/** The path of m.N in the primary storage. */
export const storageFile = (layout: Layout, fileId: number): string =>
  `${layout.storage}/m.${fileId}`;

/** The path of m.N in the alternative storage; null without one. */
export const altFile = (layout: Layout, fileId: number): string | null =>
  layout.altStorage === null ? null : `${layout.altStorage}/m.${fileId}`;

/** The N of a file name `m.N`, or null where it is none. */
export const fileIdOf = (fileName: string): number | null => {
  if (!/^m\.[1-9][0-9]{0,9}$/.test(fileName)) return null;
  const id = Number(fileName.slice(2));
  return id <= 0xffffffff ? id : null;
};

/** The highest N of the files m.N in a directory with these entries; 0: there is none. */
export const highestFileIdIn = (entries: readonly { readonly name: string }[]): number =>
  entries.reduce((highest, { name }) => Math.max(highest, fileIdOf(name) ?? 0), 0);
