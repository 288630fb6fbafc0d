import assert from "node:assert/strict";
import { withDirectory } from "../../os/_other_process.ts";
import { makeOs } from "../../os/os.ts";
import { makeMailDirectories } from "./mail_directories.ts";

Deno.test("makeMailDirectories makes what is missing, with one fsync, and else does nothing", () =>
  withDirectory((home) => {
    const steps: string[] = [];
    const os = makeOs({
      onStep: ({ kind, path }) => void steps.push(`${kind} ${path.slice(home.length + 1)}`),
    });
    makeMailDirectories(os, `${home}/A`);
    const all = ["mkdir A", "mkdir A/tmp", "mkdir A/new", "mkdir A/cur", "syncDir A"];
    assert.deepEqual(steps.splice(0), all);
    makeMailDirectories(os, `${home}/A`);
    Deno.removeSync(`${home}/A/new`);
    makeMailDirectories(os, `${home}/A`);
    assert.deepEqual(steps, ["mkdir A/new", "syncDir A"]);
  }));
