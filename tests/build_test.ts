/** The built program is the program. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { buildArgs } from "./interop/dsync.ts";
import { writeMaildir } from "./sample/maildir.ts";
import { bulkAccount } from "./sample/bulk.ts";

const ROOT = join(import.meta.dirname!, "..");

const outputOf = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
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
    await outputOf(buildArgs(ROOT, dist));
    // No package is to be had: an empty cache, and nothing may be fetched.
    const env = { DENO_DIR: join(root, "cache"), XDG_STATE_HOME: join(root, "state") };
    const dsync = (...args: readonly string[]) =>
      outputOf(
        ["run", "-A", "--no-config", "--no-remote", "--no-npm", `${dist}/main.js`, ...args],
        env,
      );
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
