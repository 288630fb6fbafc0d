/**
 * Options as getopt has them, which Dovecot's users are used to: `-mINBOX`, `-vf`, `--`.
 *
 * @module
 */

/** Which letters are options. */
export interface Letters {
  /** Those without a value. */
  readonly plain: string;
  /** Those with one: the rest of the word, or the next word. */
  readonly valued: string;
}

/** What was given. */
export interface Given {
  /** How often each option without a value was given, by letter or long name. */
  readonly plain: ReadonlySet<string>;
  /** The values of each option, in order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What is left: from the first word that is no option, or behind "--". */
  readonly words: readonly string[];
  /** What is wrong with an option; null: nothing. */
  readonly wrong: string | null;
}

/** Options of whole words: `--help`, `--bwlimit=1M` or `--bwlimit 1M`. */
export interface LongOptions {
  /** Those without a value. */
  readonly plain: readonly string[];
  /** Those with one. */
  readonly valued: readonly string[];
}

/** Reads options up to the first word that is none. */
export const getopt = (
  args: readonly string[],
  letters: Letters,
  long: LongOptions,
): Given => {
  const plain = new Set<string>();
  const values = new Map<string, string[]>();
  const end = (at: number, wrong: string | null): Given => ({
    plain,
    values,
    words: args.slice(at),
    wrong,
  });
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === "--") return end(at + 1, null);
    if (!word.startsWith("-") || word === "-") return end(at, null);
    if (word.startsWith("--")) {
      const [, name = "", attached] = /^--([^=]*)(?:=([^]*))?$/.exec(word) ?? [];
      if (long.valued.includes(name)) {
        const value = attached ?? args[++at];
        if (value === undefined) return end(at, `--${name} wants a value`);
        values.set(name, [...values.get(name) ?? [], value]);
        continue;
      }
      if (!long.plain.includes(name)) return end(at, `unknown option ${word}`);
      if (attached !== undefined) return end(at, `--${name} takes no value`);
      plain.add(name);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!;
      if (letters.plain.includes(letter)) {
        plain.add(letter);
        continue;
      }
      if (!letters.valued.includes(letter)) return end(at, `unknown option -${letter}`);
      const attached = word.slice(i + 1);
      const value = attached !== "" ? attached : args[++at];
      if (value === undefined) return end(at, `-${letter} wants a value`);
      values.set(letter, [...values.get(letter) ?? [], value]);
      break;
    }
  }
  return end(args.length, null);
};
