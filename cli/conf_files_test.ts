import assert from "node:assert/strict";
import { join } from "node:path";
import { matchFiles } from "./conf_files.ts";

Deno.test("matchFiles: as glob(3) has them, sorted", async () => {
  const root = await Deno.makeTempDir({ prefix: "dsync-glob-" });
  try {
    await Deno.mkdir(join(root, "a.d"));
    await Deno.mkdir(join(root, "b.d", "x.conf"), { recursive: true });
    for (const name of ["a.d/20.conf", "a.d/10.conf", "a.d/.h.conf", "a.d/x.bak", "b.d/10.conf"]) {
      await Deno.writeTextFile(join(root, name), "");
    }
    const rows: readonly (readonly [string, readonly string[]])[] = [
      ["a.d/10.conf", ["a.d/10.conf"]],
      ["a.d/none", []],
      ["a.d/*.conf", ["a.d/10.conf", "a.d/20.conf"]],
      ["*/1?.conf", ["a.d/10.conf", "b.d/10.conf"]],
      ["a.d/.*", ["a.d/.h.conf"]],
      ["a.d/[!1]*.{conf,bak}", ["a.d/20.conf", "a.d/x.bak"]],
      ["b.d/*", ["b.d/10.conf"]],
    ];
    for (const [pattern, wanted] of rows) {
      assert.deepEqual(
        matchFiles(join(root, pattern)),
        wanted.map((name) => join(root, name)),
        pattern,
      );
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
