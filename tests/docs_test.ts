/**
 * What README and docs show is true: code is run, recipes are those of the tests, shell is run on an account made for
 * it, and command lines that need another machine, root or a Dovecot are read by the parser of the program.
 */
import assert from "node:assert/strict";
import * as E from "fp-ts/Either.js";
import { join, relative } from "node:path";
import { walk } from "@std/fs/walk";
import { parseCommandLine } from "../cli/command_line.ts";

const ROOT = join(import.meta.dirname!, "..");
const CONFIG = join(ROOT, "deno.json");

/** A block of code in a page. */
interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The file that it shows, where it says so. */
  readonly file: string | null;
}

const pages = async (): Promise<readonly string[]> => {
  const found = [join(ROOT, "README.md"), join(ROOT, "lib", "README.md")];
  for await (const { path } of walk(join(ROOT, "docs"), { exts: ["md"], includeDirs: false })) {
    found.push(path);
  }
  return found.sort();
};

const blocksOf = (path: string, text: string): readonly Block[] =>
  [...text.matchAll(/^(?:<!-- (\S+) -->\n\n)?```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)].map((found) => ({
    page: relative(ROOT, path),
    line: text.slice(0, found.index).split("\n").length,
    language: found[2]!,
    code: found[3]!,
    file: found[1] ?? null,
  }));

/** The words of a simple command. */
const wordsOf = (command: string): readonly string[] =>
  [...command.replace(/(^|\s)#.*$/, "").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
    .map(([, single, double, bare]) => single ?? double ?? bare!);

const tasks = (JSON.parse(Deno.readTextFileSync(CONFIG)) as { readonly tasks: object }).tasks;

/** The words behind the program's name, null: another program's; a task of ours must be there. */
const argvOf = (command: string): readonly string[] | null => {
  const words = wordsOf(command);
  const main = words.indexOf("cli/main.ts");
  if (main >= 0) return words.slice(main + 1);
  const task = words.indexOf("task");
  if (task >= 0) assert.ok(words[task + 1]! in tasks, `there is the task of "${command}"`);
  return /^(\S*\/)?dsync$/.test(words[0] ?? "") ? words.slice(1) : null;
};

const mustParse = (command: string): void => {
  const argv = argvOf(command);
  if (argv === null) return;
  const parsed = parseCommandLine(argv, 1_700_000_000);
  if (E.isLeft(parsed)) assert.fail(`"${command}": ${parsed.left.what}`);
};

/** The commands of a block of shell; those of a crontab stand behind the time and the user. */
const commandsOf = ({ language, code }: Block): readonly string[] => {
  const lines = code.replaceAll("\\\n", " ").split("\n").filter((line) => line.trim() !== "");
  return language === "sh"
    ? lines
    : lines.flatMap((line) => /^(?:[\d*\/,-]+\s+){5}\S+\s+(.*)$/.exec(line)?.[1] ?? []);
};

/** What needs another machine, root, a Dovecot, or the whole project. */
const ELSEWHERE = /\bnpx\b|@|\s-u\s|doveadm/;

/** A home with some mail in it, and the program on its path. */
const inHome = async (use: (home: string, env: Record<string, string>) => Promise<void>) => {
  const home = await Deno.makeTempDir({ prefix: "dsync-docs-" });
  try {
    for (const part of ["cur", "new", "tmp"]) {
      await Deno.mkdir(join(home, "Maildir", part), { recursive: true });
    }
    for (const n of [1, 2, 3]) {
      const name = `170000000${n}.M${n}P1.host:2,S`;
      await Deno.writeTextFile(join(home, "Maildir", "cur", name), `Subject: ${n}\n\n${n}\n`);
    }
    await Deno.mkdir(join(home, "bin"));
    const program = `#!/bin/sh\nexec ${Deno.execPath()} run -A ${ROOT}/cli/main.ts "$@"\n`;
    await Deno.writeTextFile(join(home, "bin", "dsync"), program, { mode: 0o755 });
    await use(home, {
      HOME: home,
      DENO_DIR: denoDir,
      PATH: `${home}/bin:${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
};

const must = async (
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string> },
): Promise<string> => {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
  })
    .output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  return said;
};

/** The packages are found where they are, though HOME is another. */
const denoDir = await (async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { readonly denoDir: string }).denoDir;
})();

/** Its types are checked beforehand, with those of all others. */
const runTypeScript = ({ code }: Block): Promise<void> =>
  inHome(async (home, env) => {
    const path = join(home, "block_test.ts");
    await Deno.writeTextFile(path, code);
    const args = ["test", "-A", "--quiet", "--no-check", "--config", CONFIG, path];
    await must(Deno.execPath(), args, { cwd: home, env });
  });

const checkTypes = (blocks: readonly Block[]): Promise<void> =>
  inHome(async (home, env) => {
    const paths = blocks.map(({ page, line }) =>
      join(home, `${page.replaceAll("/", "_")}_${line}.ts`)
    );
    for (const [i, path] of paths.entries()) await Deno.writeTextFile(path, blocks[i]!.code);
    await must(Deno.execPath(), ["check", "--quiet", "--config", CONFIG, ...paths], {
      cwd: home,
      env,
    });
  });

const runShell = ({ code }: Block): Promise<void> =>
  inHome(async (home, env) => {
    await must("sh", ["-eu", "-c", code], { cwd: home, env });
  });

const examine = async (block: Block): Promise<void> => {
  const { language, code, file } = block;
  switch (language) {
    case "ts":
      return file === null
        ? await runTypeScript(block)
        : assert.equal(code, await Deno.readTextFile(join(ROOT, file)), file);
    case "sh":
      commandsOf(block).forEach(mustParse);
      return ELSEWHERE.test(code) ? undefined : await runShell(block);
    case "crontab": {
      const commands = commandsOf(block);
      assert.ok(commands.length > 0, "a crontab has commands");
      return commands.forEach(mustParse);
    }
    case "text":
      return; // a synopsis, not something to be run
    default:
      assert.fail(`a block of "${language}" is not known to the tests`);
  }
};

const programs: Block[] = [];

for (const path of await pages()) {
  const text = await Deno.readTextFile(path);
  for (const block of blocksOf(path, text)) {
    if (block.language === "ts" && block.file === null) programs.push(block);
    Deno.test(`${block.page}:${block.line}: the ${block.language} is true`, () => examine(block));
  }
  Deno.test(`${relative(ROOT, path)}: its command lines can be read`, () => {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const [, command = ""] of prose.matchAll(/`(dsync [^`]+)`/g)) {
      // Two words name a command; dots stand for what was said before.
      if (!command.includes("…") && wordsOf(command).length > 2) {
        mustParse(command.replaceAll("\n", " "));
      }
    }
  });
}

Deno.test("the programs in README and docs have no type error", () => checkTypes(programs));

Deno.test("docs/recipes.md: has every recipe", async () => {
  const page = await Deno.readTextFile(join(ROOT, "docs", "recipes.md"));
  const files = [...Deno.readDirSync(join(ROOT, "tests", "recipes"))].map(({ name }) => name)
    .filter((name) => !name.endsWith("_test.ts") && name !== "accounts.ts");
  for (const name of files) assert.ok(page.includes(`<!-- tests/recipes/${name} -->`), name);
});

Deno.test("docs/build.ts: builds the site, and finds no dead link in it", async () => {
  const root = await Deno.makeTempDir({ prefix: "dsync-site-" });
  try {
    const args = ["run", "-A", "--quiet", join(ROOT, "docs", "build.ts"), root];
    const said = await must(Deno.execPath(), args, { cwd: ROOT, env: { NO_COLOR: "1" } });
    assert.match(said, /^[1-9]\d+ links, 0 dead/);
    for (const page of ["README", "toolkit", "api/index", "api/testing/index"]) {
      assert.ok((await Deno.stat(join(root, "docs", `${page}.html`))).isFile);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
