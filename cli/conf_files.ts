/**
 * The files that a dovecot.conf includes: by name or by pattern, as glob(3) has them.
 *
 * @module
 */

/** The text of a file; null where it is not there or may not be read. */
export const readText = (path: string): string | null => {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
};

/** One part of a pattern as a regular expression: `*`, `?`, `[...]` and `{a,b}`; a first "." is only matched by itself. */
const partExpression = (part: string): RegExp => {
  const hidden = part.startsWith(".") ? "" : "(?!\\.)";
  const source = part.replace(
    /\*|\?|\[[^\]]+\]|\{[^}]*\}|[^*?[{]/g,
    (piece) => {
      if (piece === "*") return ".*";
      if (piece === "?") return ".";
      if (piece.length > 1 && piece.startsWith("[")) return piece.replace(/^\[!/, "[^");
      if (piece.length > 1 && piece.startsWith("{")) {
        const choices = piece.slice(1, -1).split(",").map((one) => RegExp.escape(one));
        return `(?:${choices.join("|")})`;
      }
      return RegExp.escape(piece);
    },
  );
  return new RegExp(`^${hidden}${source}$`);
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch {
    return [];
  }
};

/** Absolute paths that an absolute pattern matches, sorted; a path without wildcards, if it can be read. */
export const matchFiles = (pattern: string): readonly string[] => {
  let found: readonly string[] = [""];
  for (const part of pattern.split("/").slice(1)) {
    if (!/[*?[{]/.test(part)) {
      found = found.map((path) => `${path}/${part}`);
      continue;
    }
    const expression = partExpression(part);
    found = found.flatMap((path) =>
      namesIn(path === "" ? "/" : path).filter((name) => expression.test(name))
        .map((name) => `${path}/${name}`)
    );
  }
  return found.filter((path) => readText(path) !== null).sort();
};
