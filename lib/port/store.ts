/**
 * The port behind which every store sits: what sync may ask of one, and what each call promises.
 *
 * @module
 */
import type * as T from "fp-ts/Task.js";
import type * as TE from "fp-ts/TaskEither.js";
import type { AttributeValue, MailboxAttribute } from "../model/attribute.ts";
import type { SyncError } from "../model/error.ts";
import type { MailboxGuid, Uid } from "../model/ids.ts";
import type { LogChange } from "../model/change.ts";
import type { Mail, MailRecord } from "../model/mail.ts";
import type { MailboxName, MailboxStatus, MailboxTree } from "../model/mailbox.ts";
import type { MailOperation, Outcome, TreeOperation } from "../model/operation.ts";
import type { Chunks } from "../stream/chunks.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Task<A> = T.Task<A>;
/** @internal */
type TaskEither<E, A> = TE.TaskEither<E, A>;

/** What a format can hold; a sync compares only what both sides can. */
export interface StoreCaps {
  /** For messages: "maildir", "mdbox", "memory". */
  readonly format: string;
  /** Whether a saved date of one's choice can be kept. */
  readonly savedDates: boolean;
  /** Whether records have GUIDs in full text; else they may be in 128-bit form where the mail itself says more. */
  readonly fullGuids: boolean;
  /** How names lie on its disk, which says what names it can hold; null: any. */
  readonly naming: {
    /** As the names of formats. */
    readonly layout: "maildir++" | "fs" | "mdbox";
    /** Whether names are UTF-8 on disk. */
    readonly utf8: boolean;
    /** With "mdbox": whether mailboxes lie beside the account's own files; absent: no. */
    readonly besideFiles?: boolean;
    /** What stands in for a character that a name cannot have; "_" where it is absent. */
    readonly altChar?: string;
  } | null;
  /** Whether a \NoSelect name without children can exist. */
  readonly emptyDirectories: boolean;
}

/**
 * One account's mail in one format. Of two that write to the same mail at once the second is refused with `Busy`, from
 * the first's first write until it is closed; the mail programs of users are kept out for one batch at a time only.
 */
export interface Store {
  /** The location as given, for messages. */
  readonly location: string;
  /** What it can hold. */
  readonly caps: StoreCaps;
  /** Whether its answers have to be waited for, as it is at the other end of a pipe; absent: no. */
  readonly isFar?: boolean;
  /**
   * Reads the mailbox tree. A mailbox that cannot be read becomes a `Damaged` node and a problem; only a root that
   * is missing, foreign or unreadable fails. Mailboxes without identity yet (no dovecot-uidlist) are given one. What a
   * killed run has left half done is ended or taken back first.
   */
  readonly tree: TaskEither<SyncError, MailboxTree>;
  /** The nearest name that this store can hold; the same name where it fits. Pure. */
  readonly fitName: (name: MailboxName) => MailboxName;
  /** Carries out one change of the tree, durable when it returns. Doing what is done already succeeds. */
  readonly applyTree: (operation: TreeOperation) => TaskEither<SyncError, void>;
  /**
   * Opens a mailbox for the time of `use`. Fails with `Missing` where no mailbox has the GUID. `purpose` "compare": its
   * records will be asked for beside those of another one that is like it, for which a store that is far away can get ready.
   */
  readonly withMailbox: <A>(
    guid: MailboxGuid,
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
    purpose?: "compare",
  ) => TaskEither<SyncError, A>;
  /**
   * Fills a new mailbox out of sight, then puts it in the place of the mailbox that has that name (if any), whose
   * mails go away only then. When `use` fails nothing has changed.
   */
  readonly replaceMailbox: <A>(
    identity: {
      readonly name: MailboxName;
      readonly guid: MailboxGuid;
      readonly uidValidity: number;
    },
    use: (mailbox: Mailbox) => TaskEither<SyncError, A>,
  ) => TaskEither<SyncError, A>;
  /**
   * What tells that nothing has happened in a mailbox: opaque text for each, another one whenever anything has changed
   * that opening it would show. Of those that `tree` told last; a mailbox of which it cannot be told, as it was changed
   * just now, is left out. Absent where a store cannot know; a store that shows something else than the one below it
   * must not pass that one's on.
   */
  readonly stamps?: TaskEither<SyncError, ReadonlyMap<MailboxGuid, string>>;
  /** Lets go of all it holds; twice is fine. The store is not used after this. */
  readonly close: Task<void>;
}

/** A mail that was asked for: there, gone meanwhile (`Changed`), or unreadable (`Damaged`, with its place). */
export type Fetched =
  | { readonly _tag: "Mail"; readonly mail: Mail }
  | { readonly _tag: "Lost"; readonly uid: Uid; readonly error: SyncError };

/** The attributes of one open mailbox. */
export interface MailboxAttributes {
  /** As they are now, and those that the log knows to be gone; in no order. */
  readonly list: () => Chunks<MailboxAttribute, SyncError>;
  /** Sets and removes some, durable when it is done. */
  readonly set: (changes: readonly AttributeValue[]) => TaskEither<SyncError, void>;
}

/** A mailbox whose records are, as a rule, those of another one. */
export type Counterpart = Pick<Mailbox, "isFar" | "status" | "records">;

/** One open mailbox. What it shows is the state at opening; what it does is checked against the state at that moment. */
export interface Mailbox {
  /** Its name. */
  readonly name: MailboxName;
  /** Its numbers at opening. */
  readonly status: MailboxStatus;
  /** Whether its answers have to be waited for, as those of a store at the other end of a pipe; absent: no. */
  readonly isFar?: boolean;
  /** What could not be read at opening: damaged records, by UID. These mails are not among `records`. */
  readonly problems: readonly SyncError[];
  /**
   * Whether it may have more mails than it shows, and nobody knows at which UIDs, as where the end of its log is lost; a
   * problem without a UID says why. Nothing follows from a mail's absence then. Absent: no.
   */
  readonly isIncomplete?: boolean;
  /**
   * All mails, ascending by UID. With a mailbox that has the same ones, as a rule, what is far away need only be told of
   * where they differ: all else is taken from there, with the GUIDs in the form that they have there.
   */
  readonly records: (like?: Counterpart) => Chunks<MailRecord, SyncError>;
  /**
   * Mails that it has and does not show, as a view of a part of it, ascending by UID; absent: none. Nothing is done to
   * them, here or on the other side, and nothing follows from their not being shown. They can be fetched.
   */
  readonly hidden?: readonly MailRecord[];
  /**
   * What its index log still knows of changes, one net change for each mail, in no order. With the `moment` of an
   * earlier opening the changes of flags and keywords until then are left out, as far as they can be told apart; a
   * moment that is none of this mailbox's counts as none.
   */
  readonly changes: (since?: string) => Chunks<LogChange, SyncError>;
  /**
   * UIDs of mails that came since the `moment` of an earlier opening and that no sync brought, whether or not they are
   * there still: a user's saves, in no order, as far as the log tells. Absent where a store cannot know.
   */
  readonly saves?: (since: string) => Chunks<Uid, SyncError>;
  /**
   * Where its history stood at opening: text of printable ASCII, for {@linkcode changes} on a later day. Numbers with dots
   * between them: the first names the history, the others rise in it; a single one only rises. Of any other text it
   * cannot be told whether it is another one's past, and what was remembered at it counts only until it changes.
   */
  readonly moment: string;
  /** Whether `changes` reaches back to the mailbox's first day: then what it does not tell did not happen. */
  readonly historyComplete: boolean;
  /**
   * Reads mails, one answer for each UID, in the order asked for. The bytes of a body, stream or not, are only good until
   * the next chunk is pulled: who keeps them longer copies them. Those of the last chunk stay good.
   */
  readonly fetch: (wanted: Chunks<Uid, SyncError>) => Chunks<Fetched, SyncError>;
  /**
   * Carries out operations, in batches, each durable before its outcomes are given; one outcome for each operation,
   * in order. Saves and renumberings must ascend by (new) UID. A renumbering is atomic: after a kill the mail is at
   * one UID, never at both. Locks are held for one batch at a time.
   */
  readonly apply: (operations: Chunks<MailOperation, SyncError>) => Chunks<Outcome, SyncError>;
  /** Its attributes; absent where the store keeps none. */
  readonly attributes?: MailboxAttributes;
}
