/**
 * Where the parts of a Maildir account lie.
 *
 * @module
 */
import { formatStorageName, type Naming } from "../../codec/mailbox_path.ts";
import { INBOX, type MailboxName } from "../../model/mailbox.ts";
import { orFail } from "../account/or_fail.ts";

/** A Maildir account, as mail_location names it. Paths are absolute or relative to the working directory. */
export interface MaildirLocation {
  /** The root directory. */
  readonly root: string;
  /** How folders lie below it. */
  readonly layout: "maildir++" | "fs";
  /** INBOX=: another directory for INBOX. */
  readonly inbox?: string;
  /** INDEX=: another root for index files. */
  readonly index?: string;
  /** CONTROL=: another root for dovecot-uidlist, dovecot-keywords and what the account shares. */
  readonly control?: string;
  /** UTF-8: names are stored as UTF-8 instead of modified UTF-7. */
  readonly utf8?: boolean;
  /** What stands in for a character that a name cannot have; "_" where it is absent. */
  readonly altChar?: string;
  /** The file with the attributes of all mailboxes (mail_attribute_dict); none are kept without it. */
  readonly attributes?: string;
}

/** The directories of one mailbox. */
export interface MailboxPaths {
  /** The one that holds cur, new and tmp. */
  readonly mail: string;
  /** The one that holds dovecot-uidlist and dovecot-keywords. */
  readonly control: string;
  /** The one that holds dovecot.index*. */
  readonly index: string;
}

/** The account-wide directories. */
export interface AccountRoots {
  /** Holds subscriptions and dovecot-uidvalidity. */
  readonly control: string;
  /** Holds dovecot.mailbox.log and dovecot.list.index. */
  readonly index: string;
}

/** The directories with mails in a mailbox. */
export const MAIL_DIRECTORIES = ["cur", "new", "tmp"] as const;

/** How names become storage names in an account. */
export const namingOf = (location: MaildirLocation): Naming => ({
  layout: location.layout,
  utf8: location.utf8 ?? false,
  ...(location.altChar === undefined ? {} : { altChar: location.altChar }),
});

/** The account-wide directories. */
export const accountRoots = (location: MaildirLocation): AccountRoots => ({
  control: location.control ?? location.root,
  index: location.index ?? location.root,
});

/** The directory of a storage name below a root of mails, control files or index files. */
const below = (location: MaildirLocation, root: string, stored: string): string =>
  location.layout === "maildir++" ? `${root}/.${stored}` : `${root}/${stored}`;

/**
 * The directories of a mailbox. INBOX is the root itself, but has a directory of its own below CONTROL= and INDEX=.
 * Throws `StreamFailure` (`Unfit`) for a name that the layout cannot hold.
 */
export const mailboxPaths = (location: MaildirLocation, name: MailboxName): MailboxPaths => {
  const stored = orFail(formatStorageName(name, namingOf(location)));
  const mail = name === INBOX
    ? location.inbox ?? location.root
    : below(location, location.root, stored);
  return {
    mail,
    control: location.control === undefined ? mail : below(location, location.control, stored),
    index: location.index === undefined ? mail : below(location, location.index, stored),
  };
};

/** A path without its last part; "." when it has only one. */
export const directoryOf = (path: string): string => {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : path.slice(0, at);
};
