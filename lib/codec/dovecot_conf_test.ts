import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { type ConfStatement, parseConf } from "./dovecot_conf.ts";

const parsed = (text: string): readonly ConfStatement[] => {
  const statements = parseConf(text, "x.conf");
  assert.ok(E.isRight(statements), JSON.stringify(statements));
  return statements.right;
};

const values = (text: string): readonly string[] =>
  parsed(text).map((statement) =>
    statement._tag === "Set"
      ? `${statement.key}=${statement.value}${
        statement.kind === "plain" ? "" : ` (${statement.kind})`
      }`
      : statement._tag === "Open"
      ? `${statement.section} "${statement.name}" {`
      : statement._tag === "Close"
      ? "}"
      : `${statement.optional ? "try " : ""}include ${statement.pattern}`
  );

Deno.test("parseConf: what is wrong, with its line", () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ["a = b\nnonsense\n", /^line 2: neither/],
    ["section name\n", /^line 1: neither/],
    ["a {} b\n", /^line 1: neither/],
    ["= value\n", /^line 1: a setting without a name/],
    ["\n\na = \\\nb\nx y z {\n", /^line 5: neither/],
  ];
  for (const [text, wanted] of rows) {
    const statements = parseConf(text, "x.conf");
    assert.ok(E.isLeft(statements), text);
    assert.match(statements.left.what, wanted);
    assert.equal(statements.left.where.path, "x.conf");
  }
});

Deno.test("parseConf: each kind of line", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["# comment\n  \t# another\n", []],
    ["a=b", ["a=b"]],
    ["  a  =  b c  # why\n", ["a=b c"]],
    ["a =\n", ["a="]],
    ['a = " b # no comment " # one\n', ["a= b # no comment "]],
    ["a = 'it\\'s'\n", ["a=it's"]],
    ['a = "\\"quoted\\" \\\\"\n', ['a="quoted" \\']],
    ["a = one \\\n  two\\\n\tthree\n", ["a=one two three"]],
    ["a = lost \\\n\nb = 1\n", ["b=1"]],
    ["a = </etc/x\n", ["a=/etc/x (file)"]],
    ["a = $a more\n", ["a=$a more (variables)"]],
    ['a = "$a"\n', ["a=$a"]],
    ["namespace {\n}\n", ['namespace "" {', "}"]],
    ['mailbox "Sent \\"x\\"" {\n}\n', ['mailbox "Sent "x"" {', "}"]],
    ["protocol imap {\n}\n", ['protocol "imap" {', "}"]],
    ["!include a/*.conf\n!include_try b\n", ["include a/*.conf", "try include b"]],
  ];
  for (const [text, wanted] of rows) assert.deepEqual(values(text), wanted, text);
});
