/**
 * The second side of a sync as it is written on a command line: a mail location, or a program to be run, here or over ssh
 * (Dovecot's doveadm-dsync.c; dsync_remote_cmd).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

/** What the words of LOCATION2 mean. */
export type Destination =
  /** A mail location. */
  | { readonly _tag: "Location"; readonly text: string }
  /**
   * A program that is a dsync server; its words go to it as they are, through no shell. `name` is what it is called in
   * messages; with `firstLine` it is told a line before all else.
   */
  | {
    readonly _tag: "Program";
    readonly argv: readonly string[];
    readonly name: string;
    readonly firstLine: string | null;
  };

/** What a host's command is made with. */
export interface RemoteCommand {
  /** dsync_remote_cmd: words with `%{login}`, `%{host}`, `%u` or `%{user}`. */
  readonly template: string;
  /** The user that is synced, for hosts named without one; null: it is left to the other end. */
  readonly user: string | null;
}

/** Runs our own server at the other end; for a Dovecot: `ssh -l%{login} %{host} doveadm dsync-server -u%u`. */
export const DEFAULT_REMOTE_COMMAND = "ssh -l%{login} %{host} dsync -u%u server";

const usage = (what: string): Either<SyncError, never> =>
  E.left(syncError("Usage", "run", {}, what));

const SERVER_WORDS: ReadonlySet<string> = new Set(["server", "dsync-server"]);

const isDoveadm = (word: string): boolean => /(^|\/)doveadm$/.test(word);

/** The words of a server: what makes it one is appended where it is missing. */
const serverArgv = (words: readonly string[]): readonly string[] =>
  SERVER_WORDS.has(words.at(-1)!)
    ? words
    : [...words, words.some(isDoveadm) ? "dsync-server" : "server"];

const VARIABLE = /%(?:\{(login|host|user)\}|(u))/g;

/**
 * The words of a remote command. A word whose variables are all empty, and that has more in it than these, falls away: so
 * does "-l%{login}" where there is no login.
 */
const expand = (
  template: string,
  values: Readonly<Record<"login" | "host" | "user", string>>,
): readonly string[] =>
  template.split(" ").filter((word) => word !== "").flatMap((word) => {
    let used = 0;
    let filled = 0;
    const text = word.replace(VARIABLE, (_, long: keyof typeof values | undefined) => {
      const value = values[long ?? "user"];
      used++;
      if (value !== "") filled++;
      return value;
    });
    return used > 0 && filled === 0 && word.replace(VARIABLE, "") !== "" ? [] : [text];
  });

const remote = (
  login: string,
  host: string,
  user: string,
  { template }: RemoteCommand,
  firstLine: string | null,
): Either<SyncError, Destination> => {
  if (host === "") return usage("the host is missing");
  for (const [what, value] of [["host", host], ["login", login], ["user", user]] as const) {
    // ssh would take it for an option.
    if (value.startsWith("-")) return usage(`no ${what} can begin with "-": ${value}`);
    // deno-lint-ignore no-control-regex -- what must not be in it
    if (/[\x00-\x20\x7f]/.test(value)) return usage(`no ${what} can have spaces: ${value}`);
  }
  return E.right({
    _tag: "Program",
    argv: expand(template, { login, host, user }),
    name: host,
    firstLine,
  });
};

/** `remote:[login@]host`: the login is what stands before the last "@". */
const withLogin = (
  text: string,
  command: RemoteCommand,
  firstLine: boolean,
): Either<SyncError, Destination> => {
  const at = text.lastIndexOf("@");
  const login = at < 0 ? "" : text.slice(0, at);
  const user = command.user ?? "";
  return remote(login, text.slice(at + 1), user, command, firstLine ? user : null);
};

/**
 * Parses the words behind the command word. `Usage`: they mean nothing; `Unsupported`: they mean something that is not
 * there.
 */
export const parseDestination = (
  words: readonly string[],
  command: RemoteCommand,
): Either<SyncError, Destination> => {
  const [first] = words;
  if (first === undefined || first === "") return usage("LOCATION2 is missing");
  if (words.length > 1) {
    return E.right({
      _tag: "Program",
      argv: serverArgv(words),
      name: words[0]!.split("/").at(-1)!,
      firstLine: null,
    });
  }
  const [, scheme, rest = ""] = /^([A-Za-z0-9]+):(.*)$/s.exec(first) ?? [];
  if (scheme === "remote") return withLogin(rest, command, false);
  if (scheme === "remoteprefix") return withLogin(rest, command, true);
  if (scheme === "tcp" || scheme === "tcps") {
    return E.left(
      syncError("Unsupported", "run", {}, `${scheme}: is not there; use ssh: [user@]host`),
    );
  }
  if (scheme !== undefined) return E.right({ _tag: "Location", text: first });
  if (/[ /]/.test(first)) {
    return parseDestination(serverArgv(first.split(" ").filter((word) => word !== "")), command);
  }
  const at = first.lastIndexOf("@");
  if (at === 0) return usage(`user@host wants both, found "${first}"`);
  const user = at < 0 ? command.user ?? "" : first.slice(0, at);
  return remote("", first.slice(at + 1), user, command, null);
};
