/** `-f` at the command line: what no index says is found by reading all of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DENO_DIR, MAIN, run, tree, withHome } from "./_program.ts";

Deno.test("-f, mirror and backup, in one process and over a pipe: mails that are gone from the storage are named", () =>
  withHome(6, async (root) => {
    const mdbox = `mdbox:${join(root, "mdbox")}`;
    const far = ["env", `DENO_DIR=${DENO_DIR}`, Deno.execPath(), "run", "-A", MAIN];
    const server = [...far, "-c", "/dev/null", "-o", `mail_location=${mdbox}`, "server"];
    const first = await run(root, "mirror", mdbox);
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    Deno.removeSync(join(root, "mdbox", "storage", "m.1"));
    const before = await tree(join(root, "Maildir"));
    // Nothing else reads what both sides have by their indexes.
    assert.equal((await run(root, "mirror", mdbox)).code, 0);
    const damaged = join(root, "damaged");
    await new Deno.Command("cp", { args: ["-a", join(root, "mdbox"), damaged] }).output();
    for (
      const [code, ...words] of [
        [2, "mirror", "-f", mdbox],
        [2, "-f", "mirror", mdbox],
        [2, "backup", "-R", "-f", mdbox],
        [2, "mirror", "-f", ...server],
        [2, "backup", "-R", "-f", ...server],
        // Over what is damaged, all of it is made anew.
        [0, "backup", "-f", mdbox],
        [0, "backup", "-f", ...server],
      ] as const
    ) {
      const ended = await run(root, ...words);
      assert.equal(ended.code, code, `${words.join(" ")}: ${ended.stderr}`);
      if (code === 0) assert.equal(ended.stderr, "");
      else assert.match(ended.stderr, /INBOX, UID 1, .*m\.1: the file of the mail is gone/);
      assert.deepEqual(await tree(join(root, "Maildir")), before);
      Deno.removeSync(join(root, "mdbox"), { recursive: true });
      await new Deno.Command("cp", { args: ["-a", damaged, join(root, "mdbox")] }).output();
    }
  }));
