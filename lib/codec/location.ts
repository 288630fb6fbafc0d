/**
 * Locations as Dovecot's `mail_location` spells them: `maildir:~/Maildir:LAYOUT=fs:INDEX=/var/idx`.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

/** A Maildir. Paths are absolute; a path that is absent is at its usual place. */
export interface MaildirLocation {
  /** The format. */
  readonly format: "maildir";
  /** The root directory. */
  readonly root: string;
  /** How names become directories. */
  readonly layout: "maildir++" | "fs";
  /** INBOX=: another directory for INBOX. */
  readonly inbox?: string;
  /** INDEX=: where dovecot.index* lie. */
  readonly index?: string;
  /** CONTROL=: where dovecot-uidlist, dovecot-keywords, subscriptions lie. */
  readonly control?: string;
  /** UTF-8: names on disk are UTF-8 instead of modified UTF-7. */
  readonly utf8: boolean;
}

/** An mdbox. Paths are absolute; a path that is absent is at its usual place. */
export interface MdboxLocation {
  /** The format. */
  readonly format: "mdbox";
  /** The root directory. */
  readonly root: string;
  /** INDEX=: where mailbox indexes and the map lie. */
  readonly index?: string;
  /** CONTROL=: where subscriptions lie. */
  readonly control?: string;
  /** ALT=: a second place to look for m.N files. */
  readonly alt?: string;
  /** MAILBOXDIR=: the directory of mailboxes below the root (usually "mailboxes"), "/" the root itself. */
  readonly mailboxDir?: string;
  /** UTF-8: names on disk are UTF-8 instead of modified UTF-7. */
  readonly utf8: boolean;
}

/** A place of mail in files. */
export type Location = MaildirLocation | MdboxLocation;

/** Keys that only change caches or what IMAP clients are shown: a sync need not know them. */
const HARMLESS = new Set([
  "VOLATILEDIR",
  "LISTINDEX",
  "ITERINDEX",
  "NO-NOSELECT",
  "BROKENCHAR",
  "INDEXCACHE",
  // Files are looked for there in any case.
  "ALTNOCHECK",
]);

const KNOWN: Readonly<Record<Location["format"], readonly string[]>> = {
  maildir: ["LAYOUT", "INBOX", "INDEX", "CONTROL", "UTF-8"],
  mdbox: ["LAYOUT", "INDEX", "CONTROL", "ALT", "MAILBOXDIR", "UTF-8"],
};

const usage = (text: string, what: string): Either<SyncError, never> =>
  E.left(syncError("Usage", "run", { path: text }, what));

const expandHome = (path: string, home: string | null): string => {
  if (home === null) return path;
  if (path === "~" || path === "%h") return home;
  if (path.startsWith("~/")) return `${home}/${path.slice(2)}`;
  return path.startsWith("%h/") ? `${home}/${path.slice(3)}` : path;
};

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;

/**
 * Parses a location. `home` stands for a leading `~` or `%h`, null: for none; a relative path is an error (`Usage`).
 * Options that would move mail and are not supported here are errors (`Usage`, `Unsupported`), never passed over.
 *
 * @example
 * ```ts
 * import { parseLocation } from "@dsync/dsync/model";
 * import * as E from "fp-ts/Either.js";
 *
 * const found = parseLocation("maildir:~/Maildir:LAYOUT=fs", "/home/eve");
 * if (E.isLeft(found) || found.right.root !== "/home/eve/Maildir") throw new Error("the home is put in");
 * ```
 */
export const parseLocation = (text: string, home: string | null): Either<SyncError, Location> => {
  if (home === null && /(:|=)(~|%h)/.test(text)) {
    return usage(text, "HOME is not set, so ~ has no meaning");
  }
  const [format, path, ...options] = text.split(":");
  if (format !== "maildir" && format !== "mdbox") {
    return usage(text, 'a location begins with "maildir:" or "mdbox:"');
  }
  if (path === undefined || path === "") {
    return usage(text, `a path is missing behind "${format}:"`);
  }
  const place = (value: string): string => withoutTrailingSlash(expandHome(value, home));
  const given = new Map<string, string>();
  for (const option of options) {
    const at = option.indexOf("=");
    const key = at < 0 ? option : option.slice(0, at);
    if (HARMLESS.has(key)) continue;
    if (!KNOWN[format].includes(key)) return usage(text, `unknown option "${option}"`);
    if ((at < 0) !== (key === "UTF-8")) return usage(text, `a malformed option "${option}"`);
    given.set(key, option.slice(at + 1));
  }
  const pathOf = (key: string): string | null => {
    const value = given.get(key);
    return value === undefined || value === "" ? null : place(value);
  };
  // Without a directory Dovecot keeps it in memory, too.
  const hasNoIndex = given.get("INDEX") === "";
  if (hasNoIndex || [...given.values()].some((value) => value.toUpperCase() === "MEMORY")) {
    return E.left(
      syncError("Unsupported", "run", { path: text }, "an index in memory holds nothing to sync"),
    );
  }
  const relative = [place(path), ...["INBOX", "INDEX", "CONTROL", "ALT"].map(pathOf)].find((
    found,
  ) => found !== null && !found.startsWith("/"));
  if (relative !== undefined) {
    return usage(text, `the path "${relative}" must be absolute or begin with "~/"`);
  }
  const layout = given.get("LAYOUT")?.toLowerCase() ?? (format === "maildir" ? "maildir++" : "fs");
  if (layout !== "fs" && (format === "mdbox" || layout !== "maildir++")) {
    const what = `LAYOUT=${given.get("LAYOUT")} is not supported`;
    return E.left(syncError("Unsupported", "run", { path: text }, what));
  }
  const at = <K extends string>(name: K, key: string): { readonly [P in K]?: string } => {
    // An empty value is none at all, as for Dovecot.
    const value = key === "MAILBOXDIR" ? given.get(key) || null : pathOf(key);
    return value === null ? {} : { [name]: value } as { readonly [P in K]?: string };
  };
  const shared = {
    root: place(path),
    ...at("index", "INDEX"),
    ...at("control", "CONTROL"),
    utf8: given.has("UTF-8"),
  };
  return E.right(
    format === "maildir"
      ? { format, ...shared, layout, ...at("inbox", "INBOX") }
      : { format, ...shared, ...at("alt", "ALT"), ...at("mailboxDir", "MAILBOXDIR") },
  );
};
