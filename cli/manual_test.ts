/** The manual page and the completions know every option of the program, and no other. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LETTERS, LONG } from "./command_line.ts";
import { HELP } from "./help.ts";

const read = (name: string): string => Deno.readTextFileSync(join(import.meta.dirname!, name));

/** What doveadm gives a server it starts; of no use to people. */
const HIDDEN = "-U";

const OPTIONS: readonly string[] = [
  ...[...LETTERS.plain, ...LETTERS.valued].map((letter) => `-${letter}`),
  ...[...LONG.plain, ...LONG.valued].map((word) => `--${word}`),
].filter((option) => option !== HIDDEN).sort();

/** The options that a text names, each once. */
const named = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, option]) => option!))].sort();

Deno.test("--help, the manual page and the completions name the same options", () => {
  const plain = /(?<![\w-])(--[a-z-]+|-[A-Za-z1])\b/g;
  assert.deepEqual(named(HELP, plain), OPTIONS, "--help");
  const man = read("man/dsync.1").replaceAll("\\-", "-").split(".SH OPTIONS")[1]!
    .split(".SH EXIT")[0]!;
  assert.deepEqual(
    // Only where an option is told, behind .TP.
    named(
      [...man.matchAll(/^\.TP\n(.*)$/gm)].map(([, line]) => line!.replaceAll(/\\f.|\\ /g, " "))
        .join("\n"),
      plain,
    ),
    OPTIONS,
    "the manual page",
  );
  const [bash, zsh, fish] = ["dsync.bash", "_dsync", "dsync.fish"].map((name) =>
    read(`completions/${name}`)
  );
  const words = /"(-1 [^"]*)"/.exec(bash!)![1]!;
  assert.deepEqual(words.split(" ").sort(), OPTIONS, "bash");
  assert.deepEqual(named(zsh!, /^ {2}'\*?(--[a-z-]+|-[A-Za-z1])/gm), OPTIONS, "zsh");
  const spelled = fish!.replaceAll(/ -l ([a-z-]{2,})/g, " --$1").replaceAll(/ -s (\S)/g, " -$1");
  assert.deepEqual(
    named(spelled, /^complete -c dsync (--[a-z-]+|-[A-Za-eg-z1]|-f -|-f)(?= )/gm)
      .filter((one) => one !== "-f -"),
    OPTIONS,
    "fish",
  );
});

Deno.test("the commands are in all of them", () => {
  for (
    const name of [
      "man/dsync.1",
      "completions/dsync.bash",
      "completions/_dsync",
      "completions/dsync.fish",
    ]
  ) {
    for (
      const command of [
        "mirror",
        "backup",
        "plan",
        "apply",
        "check",
        "doctor",
        "log",
        "restore",
        "status",
        "bench",
        "server",
      ]
    ) {
      assert.match(read(name), new RegExp(`\\b${command}\\b`), `${name}: ${command}`);
    }
  }
});

/** Runs a program; null where it is not installed. */
const tried = async (program: string, ...args: readonly string[]) => {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      env: { LC_ALL: "C.UTF-8", MANROFFOPT: "" },
    }).output();
    const text = new TextDecoder();
    return { success, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return null;
    throw thrown;
  }
};

Deno.test("the manual page is rendered without a warning, where man is installed", async () => {
  const path = join(import.meta.dirname!, "man/dsync.1");
  const page = await tried("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path);
  if (page === null) return console.warn("left out: man is not installed");
  assert.deepEqual([page.success, page.stderr], [true, ""]);
  assert.match(page.stdout, /dsync - synchronise, back up and convert mailboxes/);
});

Deno.test("bash completes commands and options, where bash is installed", async () => {
  const path = join(import.meta.dirname!, "completions/dsync.bash");
  const script =
    `source "$0"; COMP_WORDS=(dsync "$1"); COMP_CWORD=1; _dsync; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const completed = async (word: string): Promise<readonly string[] | null> => {
    const end = await tried("bash", "-c", script, path, word);
    return end === null ? null : end.stdout.trimEnd().split("\n").sort();
  };
  const commands = await completed("mi");
  if (commands === null) return console.warn("left out: bash is not installed");
  assert.deepEqual(commands, ["mirror"]);
  assert.deepEqual(await completed("--b"), ["--bwlimit", "--bytes"]);
});
