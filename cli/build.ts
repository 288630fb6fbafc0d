/**
 * `deno run -A cli/build.ts FOLDER`: the program as one folder that needs no package and no network, and starts in half
 * the time. `FOLDER/dsync` runs it.
 *
 * @module
 */
import { join, resolve } from "node:path";
import denoJson from "../deno.json" with { type: "json" };

/**
 * What the engine is told. By itself it lets a heap of this size grow to twice of what is in use, and takes
 * twice as much again for what is only passing through; with this a first conversion of 100,000 mails takes half the
 * memory and no more time. Below 48 MB, which any run of some size comes to, it does not look for what can go. "no-lazy"
 * has all of a file compiled at once: only what is compiled then is kept by Deno for the next start. With the last one it
 * can be asked to look for what can go.
 */
export const ENGINE_OPTIONS: readonly string[] = [
  "--no-config",
  "--v8-flags=--max-semi-space-size=8,--min-semi-space-size=8,--heap-growing-percent=60,--initial-heap-size=48,--no-lazy,--expose-gc",
];

/**
 * What the C library is told. By itself it keeps a heap for each thread, and what is free in one of them is of no use to
 * the others: two are enough. Pieces from the threshold on are the system's, and go back to it at once; smaller ones, as
 * the blocks of mail that come and go all the time, stay, as every page that comes from the system costs a fault and is
 * zeroed. So much free room at the end of a heap stays, too. Where the system gives large pages to those who ask, it asks.
 */
export const ENGINE_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(1 << 20),
  MALLOC_TRIM_THRESHOLD_: String(8 << 20),
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
};

const variables = Object.entries(ENGINE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);

// A link to it may lie anywhere.
const LAUNCHER = `#!/bin/sh
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
export ${variables.join(" ")}
exec "\${DENO:-deno}" run -A ${ENGINE_OPTIONS.join(" ")} "\${self%/*}/main.js" "$@"
`;

/**
 * What the bundler is told of imports: as in deno.json, but fp-ts in its form of modules, of which only what is used is
 * taken. An import map knows nothing below a package by itself, as deno.json does.
 */
const importMap = (): string => {
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries<string>(denoJson.imports)) {
    if (target.startsWith("./")) {
      imports[name] = new URL(`../${target}`, import.meta.url).href;
    } else {
      imports[name] = target.replace("/lib/", "/es6/");
      if (!name.endsWith("/")) imports[`${name}/`] ??= target.replace(":", ":/") + "/";
    }
  }
  return JSON.stringify({ imports });
};

/** Imports of what only some commands need, as the bundler writes them. */
const LAZY_IMPORT = /\bimport\("(\.\/[^"]+)"\)/g;

/**
 * Builds the program into a folder, which is emptied first. `main` is its entry. Throws where it cannot be bundled.
 */
export const build = async (main: string, folder: string): Promise<void> => {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const map = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(map, importMap());
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      `--import-map=${map}`,
      "--platform=deno",
      "--code-splitting",
      `--outdir=${resolve(folder)}`,
      main,
    ],
    // Deno takes the stand-ins of deno.json from where it is started.
    cwd: join(import.meta.dirname!, ".."),
  }).output();
  await Deno.remove(map);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const text = await Deno.readTextFile(path);
    // Deno reads whatever an import names, before it runs anything; what it finds by running it reads when it is needed.
    await Deno.writeTextFile(path, text.replace(LAZY_IMPORT, 'import(["$1"][0])'));
  }
  const launcher = join(folder, "dsync");
  await Deno.writeTextFile(launcher, LAUNCHER);
  await Deno.chmod(launcher, 0o755);
};

if (import.meta.main) {
  await build(join(import.meta.dirname!, "main.ts"), Deno.args[0] ?? "dist");
}
