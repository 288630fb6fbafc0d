/**
 * From the words of a command line to what is to be done.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../lib/model/error.ts";

/** A sync that was asked for. */
export interface SyncCommand {
  readonly _tag: "Sync";
  /** Whether both sides are merged, or the second is made like the first. */
  readonly verb: "mirror" | "backup";
  /** Settings from `-o`, the last one of a name counts. */
  readonly settings: ReadonlyMap<string, string>;
  /** The second location. */
  readonly location2: string;
  /** -1: of a mirror only the second location is changed. */
  readonly oneWay: boolean;
  /** -R: the second location is the source of a backup, or of a one-way mirror. */
  readonly reverse: boolean;
  /** -v. */
  readonly verbose: boolean;
  /** -D. */
  readonly debug: boolean;
}

/** What the command line asks for. */
export type Command = SyncCommand | { readonly _tag: "Help" } | { readonly _tag: "Version" };

/** The text of `--help`. */
export const HELP = `usage: dsync [options] mirror LOCATION2
       dsync [options] backup LOCATION2

mirror merges two mailboxes in both directions; backup makes LOCATION2 look
exactly like the mail of mail_location.

  -o SETTING=VALUE  set a setting; mail_location names the first side, for
                    example -o mail_location=maildir:~/Maildir
  -1                mirror in one direction: only LOCATION2 is changed, and
                    keeps its own changes
  -R                backup, or mirror -1, the other way round: LOCATION2 is
                    the source
  -v                tell what is done
  -D                tell the causes of errors
  --help            show this
  --version         show the version

LOCATION2 is maildir:PATH[:OPTIONS] or mdbox:PATH[:OPTIONS] as in Dovecot.

exit status: 0 in sync; 2 some change could not be made, run again; else failed
`;

const usage = (what: string): Either<SyncError, never> =>
  E.left(syncError("Usage", "run", {}, what));

const FLAGS = ["1", "R", "v", "D", "help", "version"];

/** Parses the options up to the first word that is none. */
const parseOptions = (args: readonly string[]) => {
  const unknown: string[] = [];
  const parsed = parseArgs([...args], {
    boolean: FLAGS,
    string: ["o"],
    collect: ["o"],
    stopEarly: true,
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  });
  return { parsed, unknown, words: parsed._.map(String) };
};

/** Parses a command line; options may stand before the command word and before LOCATION2, not behind it. */
export const parseCommandLine = (args: readonly string[]): Either<SyncError, Command> => {
  const head = parseOptions(args);
  const [verb, ...rest] = head.words;
  const tail = parseOptions(rest);
  const wrong = [...head.unknown, ...tail.unknown][0];
  if (wrong !== undefined) return usage(`unknown option ${wrong}`);
  const given = (flag: string): boolean => head.parsed[flag] === true || tail.parsed[flag] === true;
  if (given("help")) return E.right({ _tag: "Help" });
  if (given("version")) return E.right({ _tag: "Version" });
  if (verb === undefined) return usage("a command is missing: mirror or backup");
  if (verb !== "mirror" && verb !== "backup") return usage(`unknown command "${verb}"`);
  const [location2, ...more] = tail.words;
  if (location2 === undefined) return usage(`${verb}: LOCATION2 is missing`);
  if (more.length > 0) return usage(`${verb}: one LOCATION2 only, found "${more[0]}" behind it`);
  if (given("1") && verb === "backup") return usage("-1 goes with mirror; a backup is one-way");
  if (given("R") && verb === "mirror" && !given("1")) {
    return usage("-R goes with backup or -1; a mirror has no direction");
  }
  const settings = new Map<string, string>();
  for (const setting of [...(head.parsed.o ?? []), ...(tail.parsed.o ?? [])]) {
    const at = setting.indexOf("=");
    if (at < 1) return usage(`-o wants SETTING=VALUE, found "${setting}"`);
    settings.set(setting.slice(0, at), setting.slice(at + 1));
  }
  return E.right({
    _tag: "Sync",
    verb,
    settings,
    location2,
    oneWay: given("1"),
    reverse: given("R"),
    verbose: given("v"),
    debug: given("D"),
  });
};
