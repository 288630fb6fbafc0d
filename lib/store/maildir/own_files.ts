/**
 * Which files and directories are a Maildir's own. A location that is mistyped can name a home, where other programs keep
 * theirs in directories that begin with a dot.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { attempt } from "../account/or_fail.ts";
import { MAIL_DIRECTORIES } from "./layout.ts";

/**
 * Dovecot's, also of its first versions, Courier's and ours; mbsync's state; the full text indexes that Dovecot's plugins
 * keep; what NFS has left.
 */
const OF_A_MAILBOX = new RegExp(
  `^(?:${
    [
      ...MAIL_DIRECTORIES,
      String.raw`\.?dovecot.*`,
      String.raw`\.?dsync[-.].*`,
      String.raw`\.?temp\..*`,
      "maildirfolder",
      "maildirsize",
      "maildirquota",
      "quotawarn",
      "courier.*",
      String.raw`\.customflags`,
      String.raw`\.imap\.index.*`,
      String.raw`\.uidvalidity`,
      String.raw`\.mbsyncstate.*`,
      String.raw`\.isyncuidmap\.db.*`,
      "fts-flatcurve",
      "xapian-indexes",
      "lucene-indexes",
      String.raw`\.nfs.*`,
      String.raw`\.?subscriptions(?:\..*)?`,
    ].join("|")
  })$`,
  "s",
);

/**
 * Besides them at the root: Courier's, Sieve scripts, the index of notmuch, whose users have no INBOX there, and what
 * file systems and the Finder have at theirs.
 */
const OF_A_ROOT =
  /^(?:maildirfilter.*|maildirshared|shared-maildirs|sieve|\.notmuch|lost\+found|\.snapshot|\.DS_Store)$/;

/** Any of them makes a directory a mailbox, whatever else lies in it. */
const MARKS: readonly string[] = [
  "cur",
  "new",
  "dovecot-uidlist",
  "dovecot.index.log",
  "maildirfolder",
];

/** Whether an entry of a mailbox's directory belongs to a mail store. */
export const isOfMailbox = (name: string): boolean => OF_A_MAILBOX.test(name);

/** Whether an entry of an account's root belongs to a mail store; mailboxes aside. */
export const isOfRoot = (name: string): boolean => isOfMailbox(name) || OF_A_ROOT.test(name);

/** The entries of a directory that belong to no mail store. Throws `StreamFailure` where it cannot be read. */
export const strangersIn = (os: Os, directory: string): readonly string[] =>
  (os.files.list(directory) ?? []).map(({ name }) => name).filter((name) => !isOfMailbox(name));

/**
 * Whether a directory of Maildir++ may be a mailbox. As Dovecot has it, one without cur/ is an empty one, but not where
 * it holds what is no mail: that is another program's. One that cannot be read may be a mailbox.
 */
export const mayBeMailbox = (os: Os, directory: string): boolean =>
  attempt(
    () => {
      if (os.files.stat(`${directory}/cur`)?.kind === "directory") return true;
      const names = (os.files.list(directory) ?? []).map(({ name }) => name);
      return names.every(isOfMailbox) || MARKS.some((mark) => names.includes(mark));
    },
    () => true,
  );
