/**
 * Errors as values: what could not be done, where, and how far the damage reaches.
 *
 * @module
 */

/** How much of a run an error ends: one message, one mailbox, one store, or all of it. */
export type ErrorScope = "message" | "mailbox" | "store" | "run";

/** The kinds of errors; each needs another answer from the user. */
export type ErrorTag =
  /** Bytes that break their format. */
  | "Damaged"
  /** Something that must exist does not. */
  | "Missing"
  /** The operating system refused: permissions, read-only file system. */
  | "Denied"
  /** A lock could not be had in time. */
  | "Busy"
  /** Someone changed the mailbox while it was being synced; another run settles it. */
  | "Changed"
  /** The destination cannot hold it: a name, a size, a character. */
  | "Unfit"
  /** Legal, but not supported here. */
  | "Unsupported"
  /** Refused because mail could be lost. */
  | "Unsafe"
  /** Any other failure of the operating system. */
  | "Io"
  /** The user's command or configuration is wrong. */
  | "Usage";

/** Where an error happened; every field that is known. */
export interface Place {
  /** A file or directory. */
  readonly path?: string;
  /** A mailbox name. */
  readonly mailbox?: string;
  /** A message. */
  readonly uid?: number;
  /** A byte offset in `path`. */
  readonly offset?: number;
}

/** An error. Text for people is made of it once, at the command line. */
export interface SyncError {
  /** The kind. */
  readonly _tag: ErrorTag;
  /** What it ends. */
  readonly scope: ErrorScope;
  /** The place. */
  readonly where: Place;
  /** What was expected and what was found, or what could not be done: one clause, no place in it. */
  readonly what: string;
  /** What lies beneath, for `-D`. */
  readonly cause?: unknown;
}

/** Makes a {@linkcode SyncError}. */
export const syncError = (
  _tag: ErrorTag,
  scope: ErrorScope,
  where: Place,
  what: string,
  cause?: unknown,
): SyncError =>
  cause === undefined ? { _tag, scope, where, what } : { _tag, scope, where, what, cause };

/** An error with more of its place filled in; fields that it knows already stay. */
export const withPlace = (error: SyncError, where: Place): SyncError => ({
  ...error,
  where: { ...where, ...error.where },
});
