/**
 * Which options each command takes. Any other is refused: who gives one relies on it.
 *
 * @module
 */

/** The commands. `plan` takes what the command behind it takes. */
export type Verb =
  | "mirror"
  | "backup"
  | "plan"
  | "apply"
  | "check"
  | "doctor"
  | "log"
  | "restore"
  | "status"
  | "bench"
  | "server";

/** Settings and how much is told: nothing can go wrong by them where they mean nothing. */
const EVERYWHERE = [..."ocvD", "json"];

/** What is said to a program, and with it. */
const PIPE = [..."Tr"];

const SYNC = [
  ...EVERYWHERE,
  ...PIPE,
  ..."upmgxteIOnN1RfslPCaU",
  ...["dry-run", "out", "hold", "max-delete", "bwlimit", "iops"],
];

/** By command: letters of one, words of more. */
const OPTIONS_OF: Readonly<Record<Exclude<Verb, "plan">, readonly string[]>> = {
  mirror: SYNC,
  backup: SYNC,
  apply: [...EVERYWHERE, ...PIPE, "u", "hold", "bwlimit", "iops"],
  check: [...EVERYWHERE, ...PIPE, ..."upmx", "bytes"],
  doctor: [...EVERYWHERE, ...PIPE, ..."up"],
  log: [...EVERYWHERE, ..."mt"],
  restore: [...EVERYWHERE, ..."umxt", "dry-run"],
  status: [...EVERYWHERE, "u"],
  bench: [...EVERYWHERE, "u"],
  // doveadm gives -U to a server that it starts.
  server: [...EVERYWHERE, ...PIPE, ..."uU"],
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** What is wrong with the options that a command was given; null: it takes them all. */
export const foreignOption = (
  verb: Exclude<Verb, "plan">,
  given: readonly string[],
): string | null => {
  const foreign = given.find((name) => !OPTIONS_OF[verb].includes(name));
  if (foreign === undefined) return null;
  const others = Object.entries(OPTIONS_OF).filter(([, names]) => names.includes(foreign));
  const option = foreign.length > 1 ? `--${foreign}` : `-${foreign}`;
  return `${option} goes with ${listed(others.map(([name]) => name))}, not with ${verb}`;
};
