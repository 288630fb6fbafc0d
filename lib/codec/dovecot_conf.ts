/**
 * The language of dovecot.conf, line by line: settings, sections, includes (Dovecot's src/config/config-parser.c). What
 * `doveconf` prints is in it, too.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";

/** One statement of a file, at its line. */
export type ConfStatement =
  & { readonly line: number }
  & (
    /** `key = value`; `<path`: the value is what that file holds; with variables: `$name` stands in it. */
    | {
      readonly _tag: "Set";
      readonly key: string;
      readonly value: string;
      readonly kind: "plain" | "file" | "variables";
    }
    /** `section name {`; the name may be empty. */
    | { readonly _tag: "Open"; readonly section: string; readonly name: string }
    /** `}`. */
    | { readonly _tag: "Close" }
    /** `!include pattern`, or `!include_try`, whose file may be missing. */
    | { readonly _tag: "Include"; readonly pattern: string; readonly optional: boolean }
  );

/** The line without its comment: a `#` outside of quotes begins one. */
const withoutComment = (line: string): string => {
  for (let at = 0; at < line.length; at++) {
    const quote = line[at]!;
    if (quote === "#") return line.slice(0, at);
    if (quote !== '"' && quote !== "'") continue;
    for (at++; at < line.length && line[at] !== quote; at++) if (line[at] === "\\") at++;
  }
  return line;
};

const unescaped = (text: string): string => text.replace(/\\([^]?)/g, "$1");

const unquoted = (text: string): string => {
  const quote = text[0];
  return (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote)
    ? unescaped(text.slice(1, -1))
    : text;
};

const setting = (key: string, raw: string, line: number): ConfStatement => {
  if (raw.startsWith("<")) {
    return { _tag: "Set", line, key, value: raw.slice(1).trimStart(), kind: "file" };
  }
  const isQuoted = raw[0] === '"' || raw[0] === "'";
  return isQuoted || !raw.includes("$")
    ? { _tag: "Set", line, key, value: unquoted(raw), kind: "plain" }
    : { _tag: "Set", line, key, value: raw, kind: "variables" };
};

/** The name of a section, in quotes or not, with the brace behind it; null where it is none. */
const sectionName = (rest: string): string | null => {
  if (rest === "{") return "";
  const [, quoted, plain] = /^(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*\{$/.exec(rest) ?? [];
  return quoted !== undefined ? unescaped(quoted) : plain ?? null;
};

const statementOf = (text: string, line: number): Either<string, ConfStatement> => {
  const [, key, gap, rest] = /^([^\s=]*)(\s*)([^]*)$/.exec(text)!;
  if (key === "!include" || key === "!include_try") {
    return E.right({ _tag: "Include", line, pattern: rest!, optional: key === "!include_try" });
  }
  if (rest!.startsWith("=")) {
    return key === "" ? E.left("a setting without a name") : E.right(
      setting(key!, rest!.slice(1).trimStart(), line),
    );
  }
  if (key === "}" && rest === "") return E.right({ _tag: "Close", line });
  const name = gap === "" ? null : sectionName(rest!);
  return name === null
    ? E.left("neither a setting, nor the beginning or end of a section")
    : E.right({ _tag: "Open", line, section: key!, name });
};

/**
 * Parses one file, named `file` in errors (`Usage`, with the line). Whether sections are closed is for the reader of all
 * files to see.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import * as E from "fp-ts/Either.js";
 * import { parseConf } from "./dovecot_conf.ts";
 *
 * const conf = parseConf('mail_location = "maildir:~/Maildir" # here\n', "dovecot.conf");
 * assert.ok(E.isRight(conf));
 * assert.deepEqual(conf.right, [
 *   { _tag: "Set", line: 1, key: "mail_location", value: "maildir:~/Maildir", kind: "plain" },
 * ]);
 * ```
 */
export const parseConf = (
  text: string,
  file: string,
): Either<SyncError, readonly ConfStatement[]> => {
  const statements: ConfStatement[] = [];
  let begun = "";
  for (const [i, raw] of text.split("\n").entries()) {
    const start = raw.replace(/^[ \t]+/, "");
    if (start === "" || start.startsWith("#")) {
      // Dovecot forgets what was begun: a line goes on in the very next one, or not at all.
      begun = "";
      continue;
    }
    const line = withoutComment(start).replace(/\s+$/, "");
    if (line.endsWith("\\")) {
      const part = line.slice(0, -1).replace(/[ \t]+$/, "");
      if (part !== "") begun += `${part} `;
      continue;
    }
    const statement = statementOf(begun + line, i + 1);
    begun = "";
    if (E.isLeft(statement)) return E.left(confError(file, i + 1, statement.left));
    statements.push(statement.right);
  }
  return E.right(statements);
};

/** What is wrong with a configuration, at its place. */
export const confError = (file: string, line: number, what: string): SyncError =>
  syncError("Usage", "run", { path: file }, `line ${line}: ${what}`);
