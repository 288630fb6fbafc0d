import assert from "node:assert/strict";
import { parseArgs } from "@std/cli/parse-args";

/** The options of a command line like dsync's. */
const parse = (...args: string[]) => {
  const unknown: string[] = [];
  const { _, ...found } = parseArgs(args, {
    boolean: ["R", "v", "help"],
    string: ["o", "_", "name"],
    collect: ["o"],
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      unknown.push(arg);
      return false;
    },
  });
  const given = Object.entries(found).filter(([, value]) =>
    value !== false && !(Array.isArray(value) && value.length === 0)
  );
  return { ...Object.fromEntries(given), _, ...(unknown.length > 0 ? { unknown } : {}) };
};

// Each row was also given to the original, 1.0.32.
const ROWS: readonly (readonly [string, string[], unknown])[] = [
  ["nothing", [], { _: [] }],
  ["unknown long", ["--nope"], { _: [], unknown: ["--nope"] }],
  ["unknown takes its value along", ["--nope", "x", "y"], { _: ["y"], unknown: ["--nope"] }],
  ["unknown letter of a cluster", ["-Rxv"], { R: true, v: true, _: [], unknown: ["-Rxv"] }],
  ["a text without value", ["-o"], { o: [""], _: [] }],
  ["a text before another option", ["-o", "-v"], { o: [""], v: true, _: [] }],
  ["a value of -", ["-o", "-"], { o: ["-"], _: [] }],
  ["- alone", ["-"], { _: ["-"] }],
  ["command and location", ["backup", "maildir:~/M"], { _: ["backup", "maildir:~/M"] }],
  ["a number stays text", ["7"], { _: ["7"] }],
  ["list", ["-o", "a=1", "x", "-o", "b=2"], { o: ["a=1", "b=2"], _: ["x"] }],
  ["list with =", ["-o=a=1"], { o: ["a=1"], _: [] }],
  ["cluster", ["-Rv", "x"], { R: true, v: true, _: ["x"] }],
  ["cluster with a text at its end", ["-Ro", "x"], { R: true, o: ["x"], _: [] }],
  ["boolean takes no value", ["-R", "x"], { R: true, _: ["x"] }],
  ["boolean takes true and false", ["-R", "false", "-v", "true"], { v: true, _: [] }],
  ["boolean with =", ["--help=false", "--name=a b"], { name: "a b", _: [] }],
  ["alias", ["-h"], { h: true, help: true, _: [] }],
  ["last one wins", ["--name", "a", "--name", "b"], { name: "b", _: [] }],
  ["empty value", ["--name=", "x"], { name: "", _: ["x"] }],
  ["behind --", ["-v", "--", "-R", "--x"], { v: true, _: ["-R", "--x"] }],
];

Deno.test("parseArgs: options, lists, clusters, aliases and what is unknown", () => {
  for (const [name, args, expected] of ROWS) assert.deepEqual(parse(...args), expected, name);
});

Deno.test("parseArgs: without settings all is guessed", () => {
  const args = ["-a", "-n5", "--size", "3", "--flag", "--", "x", "8"];
  assert.deepEqual({ ...parseArgs(args) }, { a: true, n: 5, size: 3, flag: true, _: ["x", "8"] });
  assert.deepEqual({ ...parseArgs(args, { "--": true }) }["--"], ["x", "8"]);
});

Deno.test("parseArgs: stopEarly leaves what follows the first argument", () => {
  const { _, v } = parseArgs(["-v", "run", "-x", "1"], { boolean: ["v"], stopEarly: true });
  assert.deepEqual([_, v], [["run", "-x", "1"], true]);
});

Deno.test("parseArgs: an option cannot reach the prototype", () => {
  const result = parseArgs(["--__proto__=x", "--constructor", "y"]);
  assert.equal(Object.getPrototypeOf(result), Object.prototype);
});
