import assert from "node:assert/strict";
import { join } from "node:path";
import * as E from "fp-ts/Either.js";
import { readPlan, writePlan } from "./plan_file.ts";

const PLAN = { command: ["mirror", "mdbox:/x"], left: "a", right: "b", identities: [], steps: [] };

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await Deno.makeTempDir({ prefix: "dsync-plan-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};

const must = async (program: string, ...args: readonly string[]): Promise<void> => {
  const { success } = await new Deno.Command(program, { args: [...args] }).output();
  assert.ok(success, `${program} ${args.join(" ")}`);
};

Deno.test("writePlan: a file, new or instead of another, for nobody else to read", () =>
  inFolder(async (folder) => {
    const path = join(folder, "plan");
    for (const _ of ["new", "again"]) {
      assert.ok(E.isRight(writePlan(path, PLAN)));
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      assert.ok(E.isRight(readPlan(path)));
    }
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assert.deepEqual(names, ["plan"]);
  }));

Deno.test("writePlan: what was planted as its draft is left alone", () =>
  inFolder(async (folder) => {
    const [path, victim] = [join(folder, "plan"), join(folder, "victim")];
    await Deno.writeTextFile(victim, "secret");
    await Deno.symlink(victim, `${path}.new`);
    assert.ok(E.isRight(writePlan(path, PLAN)));
    assert.equal(await Deno.readTextFile(victim), "secret");
    assert.ok((await Deno.lstat(path)).isFile);
  }));

Deno.test("writePlan: a FIFO and a link stay what they are, and get the plan", () =>
  inFolder(async (folder) => {
    const [fifo, read] = [join(folder, "fifo"), join(folder, "read")];
    await must("mkfifo", fifo);
    const reader = new Deno.Command("sh", { args: ["-c", 'cat "$0" >"$1"', fifo, read] }).spawn();
    assert.ok(E.isRight(writePlan(fifo, PLAN)));
    await reader.status;
    assert.ok(E.isRight(readPlan(read)));
    assert.ok((await Deno.lstat(fifo)).isFifo);
    const [target, link] = [join(folder, "target"), join(folder, "link")];
    await Deno.writeTextFile(target, "x".repeat(10_000));
    await Deno.symlink(target, link);
    assert.ok(E.isRight(writePlan(link, PLAN)));
    assert.ok((await Deno.lstat(link)).isSymlink);
    assert.ok(E.isRight(readPlan(target)));
  }));

Deno.test("writePlan: a folder is refused, and nothing is left beside it", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "plan"));
    const end = writePlan(join(folder, "plan"), PLAN);
    assert.ok(E.isLeft(end) && /cannot be written/.test(end.left.what));
    assert.equal((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  }));
