import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { walk } from "@std/fs/walk";
import { sourceFacts } from "./architecture.ts";

const STORE = [
  "port",
  "codec",
  "model",
  "stream",
  "store/account",
  "store/index",
  "store/compressed",
  "fp-ts",
];

/** The house: each room with what its files may import beside each other. The table of lib/README.md says the same. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "lib/model/": [],
  "lib/stream/": ["fp-ts"],
  "lib/codec/": ["model", "fp-ts", "io-ts", "@noble/hashes"],
  "lib/sync/": ["model", "stream", "codec", "fp-ts"],
  "lib/port/": ["model", "stream", "codec", "fp-ts"],
  "lib/os/": ["port", "model", "stream", "@std/streams"],
  "lib/store/account/": ["port", "codec", "model", "stream", "fp-ts"],
  "lib/store/index/": ["port", "codec", "model", "stream", "store/account", "fp-ts"],
  "lib/store/compressed/": ["port", "codec", "model", "stream", "store/account", "fp-ts"],
  "lib/store/maildir/": STORE,
  "lib/store/mdbox/": STORE,
  "lib/store/memory/": STORE,
  "lib/store/shadow/": ["port", "model", "stream", "store/memory", "fp-ts"],
  "lib/store/view/": ["port", "codec", "model", "stream", "fp-ts"],
  "lib/peer/": ["model", "stream", "codec", "port", "fp-ts", "io-ts"],
  "lib/run/": ["model", "stream", "codec", "sync", "port", "store/shadow", "fp-ts"],
  "lib/open/": ["model", "codec", "port", "peer", "run", "store/maildir", "store/mdbox", "fp-ts"],
  "lib/testing/": ["model", "stream", "codec", "port", "run", "store/memory", "fp-ts", "runtime"],
  "lib/std/": [],
  "cli/": ["anything"],
};

/** Rooms that may use the runtime, the clock and randomness. The stand-ins are outside code, as if from a registry. */
const OUTSIDE = ["lib/os/", "lib/std/", "cli/"];

/** The public surface. */
const ENTRIES: readonly string[] = ["mod.ts", "model.ts", "stores.ts", "stages.ts", "testing.ts"];

/** Files above 400 lines, each with its reason. */
const LONG: Readonly<Record<string, string>> = {};

const MAX_LINES = 400;
/** The formatter leaves comments as they are. */
const MAX_COMMENT = 120;
/** A line that is all comment, and what it says. */
const COMMENT = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/) ?(.*?)(?: ?\*\/)?$/;
const VAGUE = /^(utils?|common|types|helpers?|misc|shared)(_test)?\.ts$/;

const ROOT = join(import.meta.dirname!, "..");

interface Source {
  /** Its path from the top of the project. */
  readonly path: string;
  readonly text: string;
}

const readSource = (path: string): Source => ({
  path: relative(ROOT, path),
  text: Deno.readTextFileSync(path),
});

const sources: readonly Source[] = await (async () => {
  const found = ENTRIES.map((entry) => readSource(join(ROOT, entry)));
  for (const top of ["lib", "cli", "tests", "bench", "docs"]) {
    const files = walk(join(ROOT, top), { exts: ["ts"], includeDirs: false, skip: [/\/golden$/] });
    for await (const { path } of files) found.push(readSource(path));
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
})();

/** Tests, and what only they use, may look at everything. */
const isTest = (path: string): boolean => path.endsWith("_test.ts") || /(^|\/)_[^/]*$/.test(path);

const roomOf = (path: string): string | null =>
  Object.keys(ROOMS).find((room) =>
    path === room || (room.endsWith("/") && path.startsWith(room))
  ) ??
    null;

/** A room as tables name it: `lib/store/index/` is `store/index`. */
const shortName = (room: string): string => room.replace(/^lib\//, "").replace(/\/$/, "");

/** What an import leads to, by the names of the table: a room, a package, or `runtime`. */
const targetOf = (from: string, specifier: string): string => {
  if (specifier.startsWith("node:")) return "runtime";
  if (!specifier.startsWith(".")) {
    const parts = specifier.split("/");
    return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
  }
  const path = join(dirname(from), specifier);
  const room = roomOf(path);
  return room === null ? path : shortName(room);
};

/** Compares with nothing, so that a failure shows every finding. */
const none = (findings: readonly string[]): void => assert.deepEqual(findings, []);

Deno.test("rooms: the table of lib/README.md is the one that is tested", () => {
  const text = Deno.readTextFileSync(join(ROOT, "lib/README.md"));
  const written: Record<string, readonly string[]> = {};
  for (const line of text.split("\n").filter((row) => row.startsWith("| `"))) {
    const [, names = "", , may = ""] = line.split("|").map((cell) => cell.trim());
    for (const [, name] of names.matchAll(/`([^`]+)`/g)) {
      written[name!.startsWith("../") ? name!.slice(3) : `lib/${name}`] = may === "–"
        ? []
        : may.split(",").map((one) => one.trim());
    }
  }
  assert.deepEqual(written, ROOMS);
});

Deno.test("lib/README.md: every place that it names is there", () => {
  const text = Deno.readTextFileSync(join(ROOT, "lib/README.md"));
  const table = text.slice(text.indexOf("## Where a change goes"), text.indexOf("## Rules of"));
  const rows = table.split("\n").filter((row) => row.startsWith("| "));
  assert.equal(rows.length, 2 + 10, "ten changes");
  for (const [, path = ""] of table.matchAll(/`([^`]+)`/g)) {
    assert.doesNotThrow(() => Deno.statSync(join(ROOT, "lib", path)), path);
  }
});

Deno.test("rooms: every file of lib is in one", () => {
  none(
    sources.map(({ path }) => path).filter((path) =>
      path.startsWith("lib/") && roomOf(path) === null
    ),
  );
});

Deno.test("rooms: no import but those of the table", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const room = roomOf(path);
    if (room === null || isTest(path)) continue;
    const may = ROOMS[room]!;
    if (may.includes("anything")) continue;
    for (const { name, line } of sourceFacts(path, text).imports) {
      const target = targetOf(path, name);
      const fine = target === shortName(room) || may.includes(target) ||
        (target === "runtime" && OUTSIDE.includes(room));
      if (!fine) wrong.push(`${path}:${line} ${shortName(room)} may not import ${name}`);
    }
  }
  none(wrong);
});

Deno.test("rooms: runtime, clock, randomness and console are used outside only", () => {
  const wrong: string[] = [];
  for (const { path, text } of sources) {
    const room = roomOf(path);
    if (room === null || isTest(path) || OUTSIDE.includes(room)) continue;
    for (const { name, line } of sourceFacts(path, text).doors) {
      wrong.push(`${path}:${line} ${name}`);
    }
  }
  none(wrong);
});

Deno.test("the public surface: re-exports only", () => {
  for (const entry of ENTRIES) {
    const { text } = sources.find(({ path }) => path === entry)!;
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\/\/.*$/gm, "").replace(
      /export (type )?(\*|\{[^}]*\}) from "[^"]+";/g,
      "",
    );
    assert.equal(code.trim(), "", entry);
  }
});

Deno.test("files: at most 400 lines, or a reason", () => {
  const long = sources.filter(({ text }) => text.split("\n").length - 1 > MAX_LINES)
    .map(({ path }) => path);
  assert.deepEqual(long, Object.keys(LONG).sort());
});

Deno.test("comments: at most 120 characters of text to a line", () => {
  const wide = sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, i) =>
      (COMMENT.exec(line)?.[1]?.length ?? 0) > MAX_COMMENT ? [`${path}:${i + 1}`] : []
    )
  );
  none(wide);
});

Deno.test("files: named by the idea that is in them", () => {
  none(sources.map(({ path }) => path).filter((path) => VAGUE.test(path.split("/").pop()!)));
});

Deno.test("sourceFacts: sees every way to import and every door, and no names that only look like one", () => {
  const source = `
import type { A } from "./a.ts";
import * as fs from "node:fs";
export * from "./b.ts";
export { c } from "fp-ts/c.js";
export const d = 1;
const e = await import("./e.ts");
type F = import("./f.ts").F;
Deno.cwd(); globalThis["Deno"]; const Old: Deno.Command = x[Deno];
Date.now(); Math.random(); new Date(); performance.now(); crypto.subtle;
const quiet = { Deno: 1, crypto() {} }; quiet.Deno; new Date(5); Math.max(1); "Deno.cwd()"; // Deno
class G { fetch() {} } interface H { process: 1 }
`;
  const { imports, doors } = sourceFacts("x.ts", source);
  const shown = (findings: typeof imports) => findings.map(({ name, line }) => `${line} ${name}`);
  assert.deepEqual(shown(imports), [
    "2 ./a.ts",
    "3 node:fs",
    "4 ./b.ts",
    "5 fp-ts/c.js",
    "7 ./e.ts",
    "8 ./f.ts",
  ]);
  assert.deepEqual(shown(doors), [
    ...["9 Deno", "9 globalThis", "9 Deno", "9 Deno"],
    ...["10 Date.now", "10 Math.random", "10 new Date()", "10 performance", "10 crypto"],
  ]);
});
