/**
 * From the words of a command line to what is to be done.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { isGuid128 } from "../lib/codec/guid.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";
import { type MailboxGuid, mailboxGuid } from "../lib/model/ids.ts";
import type { DeleteLimit } from "../lib/run/brake.ts";
import type { NameSelection } from "../lib/sync/select_names.ts";
import type { MailFilter } from "../lib/sync/wire_mailbox.ts";
import { getopt, type Given } from "./getopt.ts";
import { parseDeleteLimit, parseMoment, parseSeconds, parseSize } from "./option_values.ts";

/** What every command has. */
export interface CommonOptions {
  /** Settings from `-o`, the last one of a name counts. */
  readonly settings: ReadonlyMap<string, string>;
  /** -c: the configuration; null: Dovecot's own, if there is one. */
  readonly config: string | null;
  /** -u: the user; null: whoever runs this. */
  readonly user: string | null;
  /** -v. */
  readonly verbose: boolean;
  /** -D. */
  readonly debug: boolean;
  /** -T: how long the other end may be silent, milliseconds. */
  readonly timeoutMs: number;
  /** -r: where all that is said is written to; null: nowhere. */
  readonly rawLog: string | null;
  /** --json: events and the report as a line each, instead of text. */
  readonly json: boolean;
  /** --bwlimit: bytes of mails a second; null: as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /** --iops: mails saved or changed a second; null: as fast as it goes. */
  readonly operationsPerSecond: number | null;
}

/** A sync that was asked for. */
export interface SyncCommand extends CommonOptions {
  readonly _tag: "Sync";
  /** Whether both sides are merged, or the second is made like the first. */
  readonly verb: "mirror" | "backup";
  /** The words of the second side. */
  readonly destination: readonly string[];
  /** -p: settings of the second side alone, as 2.4 has them; a location only. */
  readonly destinationSettings: ReadonlyMap<string, string>;
  /** -1: of a mirror only the second side is changed. */
  readonly oneWay: boolean;
  /** -R: the second side is the source of a backup, or of a one-way mirror. */
  readonly reverse: boolean;
  /** -f: everything is compared, whatever the numbers say. */
  readonly full: boolean;
  /** -s: what the sides had in common; "": nothing is known; null: not asked for. */
  readonly state: string | null;
  /** -m, -g and -x. */
  readonly names: NameSelection;
  /** False with -m '' or -g '': mailboxes and subscriptions only. */
  readonly mails: boolean;
  /** -t, -e, -I and -O. */
  readonly filter: MailFilter;
  /** -a: the virtual mailbox that has all mails. */
  readonly virtualAll: string | null;
  /** -n: prefixes of namespaces; null: not given. */
  readonly namespaces: readonly string[] | null;
  /** -N. */
  readonly allNamespaces: boolean;
  /** -l, seconds; null: no lock. */
  readonly lockTimeout: number | null;
  /** -P: the other end purges its storage. */
  readonly purge: boolean;
  /** --max-delete; null: not given. */
  readonly maxDelete: DeleteLimit | null;
}

/** The far end of a pipe. */
export interface ServerCommand extends CommonOptions {
  readonly _tag: "Server";
}

/** What is in a store. */
export interface StatusCommand extends CommonOptions {
  readonly _tag: "Status";
  /** The store; null: that of mail_location. */
  readonly location: string | null;
}

/** A comparison of two sides. */
export interface CheckCommand extends CommonOptions {
  readonly _tag: "Check";
  /** The first side; null: that of mail_location. */
  readonly first: string | null;
  /** The words of the second side. */
  readonly destination: readonly string[];
  /** -p, as for a sync. */
  readonly destinationSettings: ReadonlyMap<string, string>;
  /** --bytes: mails are read and compared, too. */
  readonly bytes: boolean;
  /** -m and -x. */
  readonly names: NameSelection;
}

/** What the command line asks for. */
export type Command =
  | SyncCommand
  | ServerCommand
  | StatusCommand
  | CheckCommand
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" };

/** The options of one letter. */
export const LETTERS = { plain: "1DfNPRUv", valued: "aCcegIlmnoprstTuxO" };
/** The options of a word. */
export const LONG = {
  plain: ["help", "version", "json", "bytes"],
  valued: ["bwlimit", "iops", "max-delete"],
};
const TIMEOUT_S = 600;

const VERBS: Readonly<Record<string, "mirror" | "backup" | "server" | "status" | "check">> = {
  status: "status",
  check: "check",
  mirror: "mirror",
  sync: "mirror",
  backup: "backup",
  server: "server",
  "dsync-server": "server",
};

class WrongOption extends Error {}

const wrong = (what: string): never => {
  throw new WrongOption(what);
};

/** The options of both places where they may stand: before the command word, and before LOCATION2. */
class Options {
  readonly #given: readonly Given[];

  constructor(...given: readonly Given[]) {
    this.#given = given;
  }

  has(letter: string): boolean {
    return this.#given.some(({ plain }) => plain.has(letter));
  }

  all(letter: string): readonly string[] {
    return this.#given.flatMap(({ values }) => values.get(letter) ?? []);
  }

  last(letter: string): string | null {
    return this.all(letter).at(-1) ?? null;
  }

  /** The last value, parsed; null where there is none. */
  parsed<A>(letter: string, parse: (text: string) => A | null, wanted: string): A | null {
    const text = this.last(letter);
    return text === null ? null : parse(text) ??
      wrong(`${letter.length > 1 ? "--" : "-"}${letter} wants ${wanted}, found "${text}"`);
  }
}

const settingsOf = (options: Options, letter: "o" | "p"): ReadonlyMap<string, string> => {
  const settings = new Map<string, string>();
  for (const setting of options.all(letter)) {
    const at = setting.indexOf("=");
    if (at < 1) wrong(`-${letter} wants SETTING=VALUE, found "${setting}"`);
    settings.set(setting.slice(0, at), setting.slice(at + 1));
  }
  return settings;
};

const commonOf = (options: Options): CommonOptions => ({
  settings: settingsOf(options, "o"),
  config: options.last("c"),
  user: options.last("u"),
  verbose: options.has("v"),
  debug: options.has("D"),
  timeoutMs: 1000 * (options.parsed("T", parseSeconds, "seconds") ?? TIMEOUT_S),
  rawLog: options.last("r"),
  json: options.has("json"),
  bytesPerSecond: options.parsed("bwlimit", parseSize, "bytes a second, such as 500k"),
  operationsPerSecond: options.parsed("iops", parseSeconds, "a number above 0"),
});

const guidOf = (text: string): MailboxGuid | null => isGuid128(text) ? mailboxGuid(text) : null;

/** -m or -g with a value: which one; -g '' and -m '' mean that no mail is synced. */
const namesOf = (options: Options): NameSelection => {
  const only = options.last("m");
  const guid = options.last("g");
  return {
    only: only === "" ? null : only,
    onlyGuid: guid === null || guid === ""
      ? null
      : guidOf(guid) ?? wrong(`-g wants the 32 digits of a mailbox GUID, found "${guid}"`),
    excluded: options.all("x"),
  };
};

const filterOf = (options: Options, now: number): MailFilter => {
  const moment = (text: string): number | null => parseMoment(text, now);
  const time = "a time: seconds since 1970, YYYY-MM-DD, or an age such as 2weeks";
  return {
    since: options.parsed("t", moment, time),
    until: options.parsed("e", moment, time),
    maxSize: options.parsed("I", parseSize, "a size above 0, such as 10M"),
    flag: options.parsed("O", (text) => /^-?[^-\s]\S*$/.test(text) ? text : null, "a flag"),
  };
};

/** Whether the words of LOCATION2 are a location, and no program or host. */
export const isLocation = (words: readonly string[]): words is readonly [string] =>
  words.length === 1 && /^[a-z0-9]+:/.test(words[0]!);

const destinationSettingsOf = (
  options: Options,
  destination: readonly string[],
): ReadonlyMap<string, string> => {
  const settings = settingsOf(options, "p");
  if (settings.size > 0 && !isLocation(destination)) {
    wrong("-p goes with a folder as LOCATION2; a program goes by the settings of its own end");
  }
  for (const name of ["mail_location", "mail_driver", "mail_path"]) {
    if (settings.has(name)) wrong(`-p ${name}: that is what LOCATION2 says`);
  }
  return settings;
};

const syncOf = (
  verb: "mirror" | "backup",
  options: Options,
  destination: readonly string[],
  now: number,
): SyncCommand => {
  if (destination.length === 0) wrong(`${verb}: LOCATION2 is missing`);
  if (options.has("1") && verb === "backup") wrong("-1 goes with mirror; a backup is one-way");
  if (options.has("R") && verb === "mirror" && !options.has("1")) {
    wrong("-R goes with backup or -1; a mirror has no direction");
  }
  if (options.all("max-delete").length > 0 && verb === "mirror") {
    wrong("--max-delete goes with backup");
  }
  if (options.all("n").length > 0 && options.has("N")) wrong("-n and -N exclude each other");
  const common = commonOf(options);
  const altChar = options.last("C");
  if (altChar !== null && !/^[ -.0-~]$/.test(altChar)) {
    wrong(`-C wants one character, found "${altChar}"`);
  }
  return {
    _tag: "Sync",
    ...common,
    settings: altChar === null
      ? common.settings
      : new Map([...common.settings, ["dsync_alt_char", altChar]]),
    verb,
    destination,
    destinationSettings: destinationSettingsOf(options, destination),
    oneWay: options.has("1"),
    reverse: options.has("R"),
    full: options.has("f"),
    state: options.last("s"),
    names: namesOf(options),
    mails: options.last("m") !== "" && options.last("g") !== "",
    filter: filterOf(options, now),
    virtualAll: options.last("a"),
    namespaces: options.all("n").length === 0 ? null : options.all("n"),
    allNamespaces: options.has("N"),
    lockTimeout: options.parsed("l", parseSeconds, "seconds"),
    purge: options.has("P"),
    maxDelete: options.parsed("max-delete", parseDeleteLimit, "a number of mails, or N%"),
  };
};

const checkOf = (options: Options, words: readonly string[]): CheckCommand => {
  const [first, ...second] = words;
  if (first === undefined) wrong("check: LOCATION2 is missing");
  for (const letter of "1RfgsteIOlnN") {
    if (options.has(letter) || options.all(letter).length > 0) {
      wrong(`-${letter} goes with mirror and backup; check has -m and -x`);
    }
  }
  const isPair = isLocation(words.slice(0, 1)) && second.length > 0;
  const destination = isPair ? second : words;
  return {
    _tag: "Check",
    ...commonOf(options),
    first: isPair ? first! : null,
    destination,
    destinationSettings: destinationSettingsOf(options, destination),
    bytes: options.has("bytes"),
    names: namesOf(options),
  };
};

const commandOf = (args: readonly string[], now: number): Command => {
  const head = getopt(args, LETTERS, LONG);
  const [word, ...rest] = head.words;
  const tail = getopt(rest, LETTERS, LONG);
  if (head.wrong !== null) wrong(head.wrong);
  const options = new Options(head, tail);
  if (options.has("help")) return { _tag: "Help" };
  if (options.has("version")) return { _tag: "Version" };
  if (tail.wrong !== null) wrong(tail.wrong);
  if (word === undefined) {
    return wrong("a command is missing: mirror, backup, server, status or check");
  }
  const verb = VERBS[word] ?? wrong(`unknown command "${word}"`);
  if (verb === "status") {
    if (tail.words.length > 1) wrong(`status takes one location, found "${tail.words[1]}"`);
    return { _tag: "Status", ...commonOf(options), location: tail.words[0] ?? null };
  }
  if (verb === "check") return checkOf(options, tail.words);
  if (verb !== "server") return syncOf(verb, options, tail.words, now);
  // doveadm puts its own word for a server behind any command.
  const [other] = tail.words.filter((said) => VERBS[said] !== "server");
  if (other !== undefined) wrong(`server takes no words, found "${other}"`);
  return { _tag: "Server", ...commonOf(options) };
};

/**
 * Parses a command line. Options stand before the command word, or behind it before LOCATION2; what follows that is the
 * other end's. `now`: seconds since 1970, for ages.
 */
export const parseCommandLine = (
  args: readonly string[],
  now: number,
): Either<SyncError, Command> => {
  try {
    return E.right(commandOf(args, now));
  } catch (thrown) {
    if (!(thrown instanceof WrongOption)) throw thrown;
    return E.left(syncError("Usage", "run", {}, thrown.message));
  }
};
