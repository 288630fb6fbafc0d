import assert from "node:assert/strict";
import { walk, type WalkOptions } from "@std/fs/walk";

/** The paths under a small tree, sorted, without the part up to the tree. */
const walked = async (options?: WalkOptions): Promise<string[]> => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${root}/one.ts`, "");
    await Deno.writeTextFile(`${root}/a/b/two.txt`, "");
    await Deno.symlink(`${root}/a`, `${root}/link`);
    const found: string[] = [];
    for await (const { path, name } of walk(`${root}/`, options)) {
      assert.ok(path.endsWith(name) || path === `${root}/`);
      found.push(path.slice(root.length));
    }
    return found.sort();
  } finally {
    await Deno.remove(root, { recursive: true });
  }
};

Deno.test("walk: a root that is not there is NotFound", async () => {
  await assert.rejects(() => Array.fromAsync(walk("/no/such/root")), Deno.errors.NotFound);
});

Deno.test("walk: what is given and what is walked through", async () => {
  const rows: readonly (readonly [WalkOptions | undefined, string[]])[] = [
    [undefined, ["/", "/a", "/a/b", "/a/b/two.txt", "/link", "/one.ts"]],
    [{ maxDepth: -1 }, []],
    [{ maxDepth: 0 }, ["/"]],
    [{ maxDepth: 1 }, ["/", "/a", "/link", "/one.ts"]],
    [{ includeDirs: false }, ["/a/b/two.txt", "/link", "/one.ts"]],
    [{ includeDirs: false, includeSymlinks: false }, ["/a/b/two.txt", "/one.ts"]],
    [{ includeFiles: false }, ["/", "/a", "/a/b", "/link"]],
    [{ exts: ["txt"] }, ["/a/b/two.txt"]],
    [{ skip: [/\/a$/], includeDirs: false }, ["/link", "/one.ts"]],
  ];
  for (const [options, expected] of rows) {
    assert.deepEqual(await walked(options), expected, JSON.stringify(options));
  }
});

Deno.test("walk: a URL is a root too", async () => {
  const [first] = await Array.fromAsync(walk(new URL("file:///tmp"), { maxDepth: 0 }));
  assert.deepEqual([first?.path, first?.name, first?.isDirectory], ["/tmp", "tmp", true]);
});
