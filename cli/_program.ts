/**
 * For tests: the program as its users have it, with a home of its own.
 *
 * @module
 */
import { join } from "node:path";
import { sampleAccount } from "../tests/sample/account.ts";
import { writeMaildir } from "../tests/sample/maildir.ts";

export const MAIN = join(import.meta.dirname!, "main.ts");

/** Where the packages are: a run with another home would have none. */
export const DENO_DIR = (JSON.parse(
  new TextDecoder().decode(
    new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout,
  ),
) as { readonly denoDir: string }).denoDir;

export const command = (root: string, words: readonly string[]): Deno.Command =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "-c", join(root, "dovecot.conf"), ...words],
    env: { HOME: root, DENO_DIR, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "piped",
  });

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const run = async (root: string, ...words: readonly string[]): Promise<Ended> => {
  const { code, stdout, stderr } = await command(root, words).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
};

/** A home with a Maildir and a configuration that names it; `dir`: where, absent: where temporary files are. */
export const withHome = async (
  mails: number,
  use: (root: string) => Promise<void>,
  dir?: string,
): Promise<void> => {
  const root = await Deno.makeTempDir({
    prefix: "dsync-program-",
    ...(dir === undefined ? {} : { dir }),
  });
  try {
    writeMaildir(sampleAccount({ seed: 3, mails, dots: false }), join(root, "Maildir"), {
      layout: "maildir++",
      dovecotFiles: "full",
    });
    await Deno.writeTextFile(join(root, "dovecot.conf"), "mail_location = maildir:~/Maildir\n");
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

/** Every file below a directory with its size and time. */
export const tree = async (path: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    const inner = join(path, name);
    const { size, mtime } = await Deno.lstat(inner);
    found.push(`${inner} ${isDirectory ? "" : size} ${mtime?.getTime()}`);
    if (isDirectory) found.push(...await tree(inner));
  }
  return found.sort();
};
