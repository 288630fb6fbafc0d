/** The package can be published as it is: its types are fast, and it holds what it needs and no tests. */
import assert from "node:assert/strict";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

Deno.test("deno publish --dry-run: no slow types, no tests, the licence and every entry point", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    // Others may be at work in the folder; what would be published is told all the same.
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.ok(success, said);
  const files = [...said.matchAll(/^ +file:\/\/(\S+) \(/gm)].map(([, path]) =>
    path!.slice(ROOT.length + 1)
  );
  assert.deepEqual(files.filter((path) => /(_test\.ts$|(^|\/)_|^tests\/|^docs\/)/.test(path)), [
    "cli/completions/_dsync",
  ]);
  const { exports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (
    const path of [
      "./LICENSE",
      "./CHANGELOG.md",
      "./cli/main.ts",
      ...Object.values<string>(exports),
    ]
  ) {
    assert.ok(files.includes(path.slice(2)), path);
  }
});
