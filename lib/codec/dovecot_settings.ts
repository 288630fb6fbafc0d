/**
 * What a Dovecot configuration comes to: its settings, and its namespaces. Pure; files are read by whoever calls.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import type { SyncError } from "../model/error.ts";
import { confError, type ConfStatement, parseConf } from "./dovecot_conf.ts";

/** Settings by name. */
export type Settings = ReadonlyMap<string, string>;

/** A configuration. */
export interface DovecotConfiguration {
  /** The settings outside of sections, with those of `protocol doveadm`. */
  readonly settings: Settings;
  /** Namespaces in order, each with its settings. */
  readonly namespaces: ReadonlyMap<string, Settings>;
}

/** How the files of a configuration are had. */
export interface ConfFiles {
  /** The text of a file; null: it is not there. */
  readonly read: (path: string) => string | null;
  /** The paths that a pattern matches, sorted. */
  readonly glob: (pattern: string) => readonly string[];
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
}

interface Section {
  readonly section: string;
  readonly name: string;
}

/** The settings that a sync reads. */
export const USED: ReadonlySet<string> = new Set([
  "auth_socket_path",
  "base_dir",
  "dsync_alt_char",
  "dsync_remote_cmd",
  "lock_method",
  "mail_alt_path",
  "mail_attribute_dict",
  "mail_control_path",
  "mail_driver",
  "mail_gid",
  "mail_home",
  "mail_inbox_path",
  "mail_index_path",
  "mail_location",
  "mail_path",
  "mail_uid",
  "mailbox_directory_name",
  "mailbox_list_layout",
  "mailbox_list_utf8",
  "mdbox_rotate_size",
]);

/** Includes within includes: more are a ring. */
const MAX_DEPTH = 32;

/** Sections whose settings count for us; of all others only the braces do. */
const isForUs = ({ section, name }: Section): boolean =>
  section === "namespace" || (section === "protocol" && name === "doveadm");

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

const absolute = (path: string, file: string): string =>
  path.startsWith("/") ? path : directoryOf(file) + path;

class Reader {
  readonly settings = new Map<string, string>();
  readonly namespaces = new Map<string, Map<string, string>>();
  readonly #files: ConfFiles;
  readonly #open: Section[] = [];
  #unnamed = 0;

  constructor(files: ConfFiles) {
    this.#files = files;
  }

  read(text: string, file: string, depth: number): Either<SyncError, void> {
    const statements = parseConf(text, file);
    if (E.isLeft(statements)) return statements;
    for (const statement of statements.right) {
      const end = this.#take(statement, file, depth);
      if (E.isLeft(end)) return end;
    }
    return E.right(undefined);
  }

  /** Whether all sections are closed. */
  end(file: string): Either<SyncError, void> {
    const open = this.#open.at(-1);
    return open === undefined
      ? E.right(undefined)
      : E.left(confError(file, 0, `the section "${open.section} ${open.name}" is not closed`));
  }

  #take(statement: ConfStatement, file: string, depth: number): Either<SyncError, void> {
    switch (statement._tag) {
      case "Open": {
        const { section } = statement;
        const name = statement.name === "" ? `#${++this.#unnamed}` : statement.name;
        this.#open.push({ section, name });
        if (section === "namespace" && this.#open.length === 1 && !this.namespaces.has(name)) {
          this.namespaces.set(name, new Map());
        }
        return E.right(undefined);
      }
      case "Close":
        return this.#open.pop() === undefined
          ? E.left(confError(file, statement.line, "a } without its {"))
          : E.right(undefined);
      case "Include":
        return this.#include(statement, file, depth);
      case "Set": {
        const target = this.#target();
        if (target === null) return E.right(undefined);
        const value = this.#valueOf(statement, target, file);
        if (E.isLeft(value)) return value;
        target.set(statement.key, value.right);
        return E.right(undefined);
      }
    }
  }

  /** Where a setting at this place belongs; null: nowhere that we look at. */
  #target(): Map<string, string> | null {
    const [first, second] = this.#open;
    if (first === undefined) return this.settings;
    if (second !== undefined || !isForUs(first)) return null;
    return first.section === "namespace" ? this.namespaces.get(first.name)! : this.settings;
  }

  #valueOf(
    { key, kind, value, line }: Extract<ConfStatement, { _tag: "Set" }>,
    target: ReadonlyMap<string, string>,
    file: string,
  ): Either<SyncError, string> {
    if (kind === "plain") return E.right(value);
    if (kind === "file") {
      const text = this.#files.read(absolute(value, file));
      // Certificates and keys are no business of ours.
      return text === null && USED.has(key)
        ? E.left(confError(file, line, `the file ${value} cannot be read`))
        : E.right(text ?? "");
    }
    let unknown: string | null = null;
    const expanded = value.split(/ +/).map((word) => {
      if (!word.startsWith("$")) return word;
      if (word.startsWith("$ENV:")) return this.#files.env(word.slice(5)) ?? "";
      const known = target.get(word.slice(1)) ?? this.settings.get(word.slice(1));
      // One with a default that we do not know counts as empty: `$mail_plugins quota`.
      if (known === undefined && !/^\$[a-z_]+$/.test(word)) unknown = word;
      return known ?? "";
    }).join(" ");
    return unknown === null
      ? E.right(expanded)
      : E.left(confError(file, line, `an unknown variable: ${unknown}`));
  }

  #include(
    { pattern, optional, line }: Extract<ConfStatement, { _tag: "Include" }>,
    file: string,
    depth: number,
  ): Either<SyncError, void> {
    if (depth >= MAX_DEPTH) return E.left(confError(file, line, "files include each other"));
    const paths = this.#files.glob(absolute(pattern, file));
    if (paths.length === 0 && !optional) {
      return E.left(confError(file, line, `!include ${pattern}: there is no such file`));
    }
    for (const path of paths) {
      const text = this.#files.read(path);
      if (text === null) {
        if (optional) continue;
        return E.left(confError(file, line, `!include ${path}: the file cannot be read`));
      }
      const end = this.read(text, path, depth + 1);
      if (E.isLeft(end)) return end;
    }
    return E.right(undefined);
  }
}

/** Reads a configuration whose first file is `path`. Errors: `Usage`, with file and line. */
export const readConfiguration = (
  path: string,
  files: ConfFiles,
): Either<SyncError, DovecotConfiguration> => {
  const text = files.read(path);
  if (text === null) return E.left(confError(path, 0, "the file cannot be read"));
  const reader = new Reader(files);
  const read = reader.read(text, path, 0);
  if (E.isLeft(read)) return read;
  const end = reader.end(path);
  if (E.isLeft(end)) return end;
  return E.right({ settings: reader.settings, namespaces: reader.namespaces });
};

/**
 * The prefix of the names in the namespace that has the INBOX, its parts parted and ended by "/": "INBOX." becomes
 * "INBOX/". Empty: none.
 */
export const mailPrefixOf = ({ namespaces }: DovecotConfiguration): string => {
  const own = [...namespaces.values()].find((one) => isYes(one.get("inbox")));
  const prefix = own?.get("prefix") ?? "";
  if (prefix === "") return "";
  const separator = own?.get("separator") || (prefix.endsWith(".") ? "." : "/");
  return `${prefix.split(separator).filter((part) => part !== "").join("/")}/`;
};

/** Each key of a 2.4 location and the one that 2.3 writes into mail_location. */
const KEYS: readonly (readonly [string, string])[] = [
  ["mailbox_list_layout", "LAYOUT"],
  ["mail_inbox_path", "INBOX"],
  ["mail_index_path", "INDEX"],
  ["mail_control_path", "CONTROL"],
  ["mail_alt_path", "ALT"],
  ["mailbox_directory_name", "MAILBOXDIR"],
];

const isYes = (value: string | undefined): boolean => /^(yes|y|1|true)$/i.test(value ?? "");

/** The options of a location that 2.4 has as settings. */
const optionsOf = (driver: string, settings: Settings): readonly string[] => {
  const options = KEYS.flatMap(([key, name]) => {
    const value = settings.get(key);
    if (value === undefined || value === "") return [];
    if (name === "MAILBOXDIR" && driver !== "mdbox") return [];
    return [`${name}=${value}`];
  });
  return isYes(settings.get("mailbox_list_utf8")) ? [...options, "UTF-8"] : options;
};

/**
 * A location of 2.4, `driver:path`, with the settings that go with it, as 2.3 spells it. Settings that move no mail
 * change nothing.
 */
export const locationWith = (text: string, settings: Settings): string =>
  [text, ...optionsOf(text.slice(0, text.indexOf(":")), settings)].join(":");

/** The location that 2.4's settings name (mail_driver, mail_path and others); null: there are none. */
const modernLocation = (settings: Settings): string | null => {
  const driver = settings.get("mail_driver");
  const path = settings.get("mail_path");
  if (driver === undefined || path === undefined) return null;
  return locationWith(`${driver}:${path}`, settings);
};

/**
 * Where the mail of a configuration is, variables not put in: the location of the namespace that has the INBOX, else
 * that of all. Null: it does not say.
 */
export const mailLocationOf = (
  { settings, namespaces }: DovecotConfiguration,
): string | null => {
  for (const own of namespaces.values()) {
    if (!isYes(own.get("inbox"))) continue;
    const found = own.get("location") || modernLocation(new Map([...settings, ...own]));
    if (found) return found;
  }
  return settings.get("mail_location") || modernLocation(settings);
};
