/** The built program is the program. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeMaildir } from "./sample/maildir.ts";
import { bulkAccount } from "./sample/bulk.ts";

const ROOT = join(import.meta.dirname!, "..");

const outputOf = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = Deno.execPath(),
  cwd = ROOT,
): Promise<string> => {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${args.join(" ")}: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
};

Deno.test("deno task build makes a program that needs nothing but its folder", async () => {
  const root = await Deno.makeTempDir({ prefix: "dsync-build-" });
  try {
    const dist = join(root, "dist");
    // From wherever it is started.
    await outputOf(["run", "-A", join(ROOT, "cli/build.ts"), "dist"], {}, Deno.execPath(), root);
    // No package is to be had: an empty cache, and a registry that nobody answers at.
    const env = {
      DENO: Deno.execPath(),
      DENO_DIR: join(root, "cache"),
      NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/",
      XDG_STATE_HOME: join(root, "state"),
    };
    await Deno.symlink(join(dist, "dsync"), join(root, "dsync"));
    const dsync = (...args: readonly string[]) => outputOf(args, env, join(root, "dsync"));
    assert.equal(
      await dsync("--version"),
      await outputOf(["run", "-A", "cli/main.ts", "--version"]),
    );
    const [maildir, mdbox] = [`maildir:${root}/Maildir`, `mdbox:${root}/mdbox`];
    writeMaildir(bulkAccount({ seed: 1, mails: 30, mailboxes: 2, bytes: 500 }), `${root}/Maildir`, {
      layout: "maildir++",
      dovecotFiles: "full",
    });
    await dsync("-o", `mail_location=${maildir}`, "mirror", mdbox);
    assert.match(await dsync("check", "--bytes", maildir, mdbox), /30 mails.*equal/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
