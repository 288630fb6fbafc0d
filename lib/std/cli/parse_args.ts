/**
 * Stand-in for `@std/cli/parse-args`: options that are boolean, text or lists, aliases, an early stop, and a say in what
 * is unknown. It answers as the original does, for option names without dots.
 *
 * @module
 */

/** What {@linkcode parseArgs} gives: the options by their names, in `_` all else. */
export type Args<
  TBooleans extends string = string,
  TStrings extends string = string,
  TCollectable extends string = string,
> =
  & { [Name in Exclude<TBooleans, TCollectable>]: boolean }
  & { [Name in Exclude<TStrings, TCollectable>]?: string }
  & { [Name in TCollectable]: (Name extends TStrings ? string : string | number | boolean)[] }
  & {
    /** Arguments that are no option; one that reads as a number is one, unless "_" is among the strings. */
    _: (string | number)[];
    /** Arguments after "--", where asked for. */
    "--"?: string[];
  };

/** Settings of {@linkcode parseArgs}. */
export interface ParseOptions<
  TBooleans extends string = string,
  TStrings extends string = string,
  TCollectable extends string = string,
> {
  /** Whether arguments after "--" go to the result's "--" instead of `_`. */
  "--"?: boolean;
  /** Other names of options: a value for one is a value for all. */
  alias?: Record<string, string | readonly string[]>;
  /** Options without a value; false when not given. */
  boolean?: readonly TBooleans[];
  /** Options with a value that stays text; given without one it is "". */
  string?: readonly TStrings[];
  /** Options that may be given again and give a list. */
  collect?: readonly TCollectable[];
  /** Whether everything behind the first argument that is no option goes to `_`. */
  stopEarly?: boolean;
  /** Is asked about each argument that is not declared; false leaves it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Value = string | number | boolean;

const FORBIDDEN = new Set(["__proto__", "constructor"]);

const isNumber = (text: string): boolean => text.trim() !== "" && Number.isFinite(Number(text));

const isBooleanText = (text: string | undefined): text is "true" | "false" =>
  text === "true" || text === "false";

/** Whether an argument is an option, for what may be the value of the one before it: "-" and "--" alone are not. */
const isOption = (arg: string): boolean => /^--?[^-]/.test(arg);

/**
 * The value that stands in the rest of a cluster of short options behind `letter`, or null when the rest is further
 * letters: `-n5`, `-o=x`, `-o/path`, `-o-`.
 */
const attachedValue = (letter: string, rest: string): string | null => {
  if (rest === "-") return rest;
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(letter)) {
    const behindEquals = /=(.+)/.exec(rest);
    if (behindEquals !== null) return behindEquals[1]!;
    if (/-?\d+(\.\d*)?(e-?\d+)?$/.test(rest)) return rest;
  }
  return /^\W./s.test(rest) ? rest : null;
};

/** Takes an argument list apart. Throws nothing; what is not declared is the caller's to refuse. */
export function parseArgs<
  const TBooleans extends string = never,
  const TStrings extends string = never,
  const TCollectable extends string = never,
>(
  args: readonly string[],
  options: ParseOptions<TBooleans, TStrings, TCollectable> = {},
): Args<TBooleans, TStrings, TCollectable> {
  const aliases = new Map<string, Set<string>>();
  for (const [name, others] of Object.entries(options.alias ?? {})) {
    const all = [name, ...[others].flat()];
    for (const one of all) aliases.set(one, new Set(all.filter((other) => other !== one)));
  }
  const withAliases = (names: readonly string[] = []): Set<string> =>
    new Set(names.flatMap((name) => [name, ...aliases.get(name) ?? []]));
  const booleans = withAliases(options.boolean);
  const strings = withAliases(options.string);
  const lists = withAliases(options.collect);
  const takesNoValue = (name: string): boolean =>
    booleans.has(name) || [...aliases.get(name) ?? []].some((other) => booleans.has(other));

  const result: Record<string, unknown> & { _: (string | number)[] } = { _: [] };

  const put = (name: string, value: Value): void => {
    if (FORBIDDEN.has(name)) return;
    const before = result[name];
    if (!lists.has(name)) result[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else result[name] = before ? [before, value] : [value];
  };

  const set = (name: string, given: Value, arg: string): void => {
    const declared = [booleans, strings, aliases, lists].some((names) => names.has(name));
    if (!declared && options.unknown?.(arg, name, given) === false) return;
    const value = typeof given === "string" && !strings.has(name) && isNumber(given)
      ? Number(given)
      : given;
    put(name, value);
    for (const other of aliases.get(name) ?? []) put(other, value);
  };

  const withoutValue = (name: string): Value => strings.has(name) ? "" : true;

  /** Sets an option whose value may be the next argument; gives how many more arguments that took. */
  const setWithNext = (
    name: string,
    next: string | undefined,
    mayTake: (next: string) => boolean,
    arg: string,
  ): number => {
    if (next !== undefined && next !== "" && mayTake(next)) {
      set(name, next, arg);
      return 1;
    }
    if (isBooleanText(next)) {
      set(name, next === "true", arg);
      return 1;
    }
    set(name, withoutValue(name), arg);
    return 0;
  };

  const long = (arg: string, next: string | undefined): number => {
    // The original takes "no-" for a negation and drops it where there is a value.
    const [, negation = "", bare = "", value] = /^--(no-)?(.+?)(?:=(.*))?$/s.exec(arg) ?? [];
    if (value !== undefined) {
      set(bare, booleans.has(bare) ? value !== "false" : value, arg);
      return 0;
    }
    const name = negation + bare;
    return setWithNext(name, next, (text) => !takesNoValue(name) && !text.startsWith("-"), arg);
  };

  const cluster = (arg: string, next: string | undefined): number => {
    for (let at = 1; at < arg.length - 1; at++) {
      const letter = arg[at]!;
      const rest = arg.slice(at + 1);
      const value = attachedValue(letter, rest);
      set(letter, value ?? withoutValue(letter), arg);
      // A "-" at the end is a value, and the cluster goes on to find nothing behind it.
      if (value !== null && rest !== "-") return 0;
    }
    const last = arg[arg.length - 1]!;
    if (last === "-") return 0;
    return setWithNext(last, next, (text) => !takesNoValue(last) && !isOption(text), arg);
  };

  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const behind = end < 0 ? [] : args.slice(end + 1);
  for (let i = 0; i < before.length; i++) {
    const arg = before[i]!;
    if (arg.startsWith("--")) {
      i += long(arg, before[i + 1]);
    } else if (arg.startsWith("-") && arg.length > 1) {
      i += cluster(arg, before[i + 1]);
    } else {
      if (options.unknown?.(arg) !== false) {
        result._.push(strings.has("_") || !isNumber(arg) ? arg : Number(arg));
      }
      if (options.stopEarly) {
        result._.push(...before.slice(i + 1));
        break;
      }
    }
  }

  for (const name of [...booleans, ...strings]) {
    if (Object.hasOwn(result, name)) continue;
    if (lists.has(name)) result[name] = [];
    else if (booleans.has(name)) result[name] = false;
  }
  if (options["--"]) result["--"] = behind;
  else result._.push(...behind);
  return result as unknown as Args<TBooleans, TStrings, TCollectable>;
}
