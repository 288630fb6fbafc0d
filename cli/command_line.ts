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
import type { NameSelection } from "../lib/sync/select_names.ts";
import type { MailFilter } from "../lib/sync/wire_mailbox.ts";
import type {
  ApplyCommand,
  CheckCommand,
  Command,
  CommonOptions,
  DoctorCommand,
  LogCommand,
  RestoreCommand,
  SyncCommand,
} from "./command.ts";
import { getopt, type Given } from "./getopt.ts";
import { foreignOption, type Verb } from "./options_of.ts";
import {
  parseDeleteLimit,
  parseMoment,
  parseSeconds,
  parseSecondsOrNone,
  parseSize,
} from "./option_values.ts";

/** The options of one letter. */
export const LETTERS = { plain: "1DfhNPRUv", valued: "aCcegIlmnoprstTuxO" };
/** The options of a word. */
export const LONG = {
  plain: ["help", "version", "json", "bytes", "dry-run"],
  valued: ["bwlimit", "iops", "max-delete", "out", "hold"],
};
const TIMEOUT_S = 600;

const VERBS: ReadonlyMap<string, Verb> = new Map([
  ["status", "status"],
  ["bench", "bench"],
  ["check", "check"],
  ["doctor", "doctor"],
  ["plan", "plan"],
  ["apply", "apply"],
  ["log", "log"],
  ["restore", "restore"],
  ["mirror", "mirror"],
  ["sync", "mirror"],
  ["backup", "backup"],
  ["server", "server"],
  ["dsync-server", "server"],
]);

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

  /** The names of all that were given. */
  names(): readonly string[] {
    return this.#given.flatMap(({ plain, values }) => [...plain, ...values.keys()]);
  }

  last(letter: string): string | null {
    return this.all(letter).at(-1) ?? null;
  }

  /** The last value, which may not be empty; null where there is none. */
  named(letter: string, wanted: string): string | null {
    return this.parsed(letter, (text) => text === "" ? null : text, wanted);
  }

  /** Whether it is asked how the program is used. */
  asksForHelp(): boolean {
    return this.has("help") || this.has("h");
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
  config: options.named("c", "a path"),
  user: options.named("u", "a name"),
  verbose: options.has("v"),
  debug: options.has("D"),
  timeoutMs: 1000 * (options.parsed("T", parseSeconds, "seconds") ?? TIMEOUT_S),
  rawLog: options.named("r", "a path"),
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
  const time = "a time: seconds since 1970, YYYY-MM-DD, DD-Mon-YYYY, or an age such as 2weeks";
  return {
    // As with Dovecot: 1970 is no limit.
    since: options.parsed("t", moment, time) || null,
    until: options.parsed("e", moment, time) || null,
    maxSize: options.parsed("I", parseSize, "a size above 0, such as 10M"),
    flag: options.parsed("O", (text) => /^-?[^-\s]\S*$/.test(text) ? text : null, "a flag"),
  };
};

/** Whether the words of LOCATION2 are a location, and no program or host. */
export const isLocation = (words: readonly string[]): words is readonly [string] =>
  words.length === 1 && /^[a-z0-9]+:/.test(words[0]!);

/** Behind a folder nothing follows: it would be taken for a program with its words. */
const checkAlone = ([first, second]: readonly string[]): void => {
  if (first === undefined || second === undefined || !isLocation([first])) return;
  wrong(
    `"${second}" stands behind ${first}: options stand before LOCATION2, which is the last word`,
  );
};

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
  checkAlone(destination);
  if (options.has("1") && verb === "backup") wrong("-1 goes with mirror; a backup is one-way");
  if (options.has("R") && verb === "mirror" && !options.has("1")) {
    wrong("-R goes with backup or -1; a mirror has no direction");
  }
  if (options.last("out") !== null && !options.has("dry-run")) {
    wrong("--out goes with plan or --dry-run: it is where the plan is written to");
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
    // As with Dovecot: -l 0 is no lock.
    lockTimeout: options.parsed("l", parseSecondsOrNone, "seconds") || null,
    purge: options.has("P"),
    maxDelete: options.parsed("max-delete", parseDeleteLimit, "a number of mails, or N%"),
    dryRun: options.has("dry-run"),
    planFile: options.named("out", "a path"),
    hold: options.named("hold", "a path"),
  };
};

/** The two sides of a command that has no direction: the first may be that of the settings. */
const pairOf = (
  verb: "check" | "doctor",
  options: Options,
  words: readonly string[],
): Pick<CheckCommand, "first" | "destination" | "destinationSettings"> => {
  const [first, ...second] = words;
  if (first === undefined) wrong(`${verb}: LOCATION2 is missing`);
  const isPair = isLocation(words.slice(0, 1)) && second.length > 0;
  const destination = isPair ? second : words;
  checkAlone(destination);
  return {
    first: isPair ? first! : null,
    destination,
    destinationSettings: destinationSettingsOf(options, destination),
  };
};

const checkOf = (options: Options, words: readonly string[]): CheckCommand => ({
  _tag: "Check",
  ...commonOf(options),
  ...pairOf("check", options, words),
  bytes: options.has("bytes"),
  names: namesOf(options),
});

const doctorOf = (options: Options, words: readonly string[]): DoctorCommand => ({
  _tag: "Doctor",
  ...commonOf(options),
  ...pairOf("doctor", options, words),
});

const logOf = (options: Options, words: readonly string[], now: number): LogCommand => {
  if (words[0] !== undefined) wrong(`log takes no words, found "${words[0]}"`);
  const { since } = filterOf(options, now);
  return { _tag: "Log", ...commonOf(options), mailbox: options.last("m"), since };
};

const restoreOf = (options: Options, words: readonly string[], now: number): RestoreCommand => {
  const [directory, ...guids] = words;
  if (directory === undefined || directory === "") return wrong("restore: the hold is missing");
  return {
    _tag: "Restore",
    ...commonOf(options),
    directory,
    guids,
    names: namesOf(options),
    since: filterOf(options, now).since,
    dryRun: options.has("dry-run"),
  };
};

/** A plan of a sync: the same words behind it, and nothing is done. */
const planOf = (head: Given, words: readonly string[], now: number): Command => {
  const middle = getopt(words, LETTERS, LONG);
  const [word = "", ...rest] = middle.words;
  const tail = getopt(rest, LETTERS, LONG);
  for (const given of [middle, tail]) if (given.wrong !== null) wrong(given.wrong);
  if (new Options(middle, tail).asksForHelp()) return { _tag: "Help" };
  const verb = VERBS.get(word);
  if (verb !== "mirror" && verb !== "backup") return wrong("plan wants mirror or backup behind it");
  const dry = { ...middle, plain: new Set([...middle.plain, "dry-run"]) };
  return syncOf(verb, allowed(verb, new Options(head, dry, tail)), tail.words, now);
};

/** The options, if the command takes them all. */
const allowed = (verb: Exclude<Verb, "plan">, options: Options): Options => {
  const foreign = foreignOption(verb, options.names());
  return foreign === null ? options : wrong(foreign);
};

/** The options of `apply` that count above those of its plan, with their fields. */
const OVER_PLAN = {
  c: "config",
  u: "user",
  T: "timeoutMs",
  r: "rawLog",
  bwlimit: "bytesPerSecond",
  iops: "operationsPerSecond",
} as const;

const applyOf = (options: Options, words: readonly string[]): ApplyCommand => {
  const [file, other] = words;
  if (file === undefined || file === "") return wrong("apply: the file of the plan is missing");
  if (other !== undefined) wrong(`apply takes one file, found "${other}"`);
  const common = commonOf(options);
  const given = Object.entries(OVER_PLAN).filter(([name]) => options.last(name) !== null)
    .map(([, field]) => [field, common[field]]);
  const hold = options.named("hold", "a path");
  return {
    _tag: "Apply",
    ...common,
    file,
    over: { ...Object.fromEntries(given), ...(hold === null ? {} : { hold }) },
  };
};

const commandOf = (args: readonly string[], now: number): Command => {
  const head = getopt(args, LETTERS, LONG);
  const [word, ...rest] = head.words;
  const tail = getopt(rest, LETTERS, LONG);
  if (head.wrong !== null) wrong(head.wrong);
  const options = new Options(head, tail);
  if (options.asksForHelp()) return { _tag: "Help" };
  if (options.has("version")) return { _tag: "Version" };
  if (tail.wrong !== null) wrong(tail.wrong);
  if (word === undefined) {
    return wrong(
      "a command is missing: mirror, backup, plan, apply, check, doctor, log, restore, status, bench or server",
    );
  }
  const verb = VERBS.get(word) ?? wrong(`unknown command "${word}"`);
  if (verb === "plan") return planOf(head, rest, now);
  allowed(verb, options);
  if (verb === "status" || verb === "bench") {
    const [location = null, other] = tail.words;
    if (other !== undefined) wrong(`${verb} takes one location, found "${other}"`);
    return { _tag: verb === "status" ? "Status" : "Bench", ...commonOf(options), location };
  }
  if (verb === "check") return checkOf(options, tail.words);
  if (verb === "doctor") return doctorOf(options, tail.words);
  if (verb === "apply") return applyOf(options, tail.words);
  if (verb === "restore") return restoreOf(options, tail.words, now);
  if (verb === "log") return logOf(options, tail.words, now);
  if (verb === "mirror" || verb === "backup") return syncOf(verb, options, tail.words, now);
  // doveadm puts its own word for a server behind any command.
  const [other] = tail.words.filter((said) => VERBS.get(said) !== "server");
  if (other !== undefined) wrong(`server takes no words, found "${other}"`);
  return { _tag: "Server", ...commonOf(options) };
};

/**
 * Whether a word was no UTF-8: what is none has been replaced before we see it, and would name another path. A mailbox may
 * have such a name.
 */
const isReplaced = (word: string, before: string): boolean =>
  word.includes("\ufffd") && !/^-[mx]/.test(word) && !/^-[a-zA-Z1]*[mx]$/.test(before);

/**
 * Parses a command line. Options stand before the command word, or behind it before LOCATION2; what follows that is the
 * other end's. `now`: seconds since 1970, for ages.
 */
export const parseCommandLine = (
  args: readonly string[],
  now: number,
): Either<SyncError, Command> => {
  try {
    const at = args.findIndex((word, i) => isReplaced(word, args[i - 1] ?? ""));
    if (at >= 0) wrong(`word ${at + 1} of the command line is no UTF-8: "${args[at]}"`);
    return E.right(commandOf(args, now));
  } catch (thrown) {
    if (!(thrown instanceof WrongOption)) throw thrown;
    return E.left(syncError("Usage", "run", {}, thrown.message));
  }
};
