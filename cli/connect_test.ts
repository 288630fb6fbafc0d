import assert from "node:assert/strict";
import { join } from "node:path";
import type { Pipe } from "../lib/port/pipe.ts";
import { StreamFailure } from "../lib/stream/chunks.ts";
import { reachOf, withRawLog } from "./connect.ts";

/** A pipe that takes everything, and over which nothing comes. */
const silent: Pipe = {
  incoming: (async function* () {})(),
  send: async () => {},
  close: async () => {},
};

Deno.test("withRawLog: a log that takes no more is told once, and the pipe goes on", async () => {
  const said: string[] = [];
  const pipe = withRawLog("/dev/full", (line) => said.push(line))(silent);
  await pipe.send(new TextEncoder().encode("one\ntwo\n"));
  await pipe.send(new TextEncoder().encode("three\n"));
  assert.deepEqual(said, ["/dev/full: the log of what is said ends here: No space left on device"]);
});

Deno.test("reachOf: no program is started whose log cannot be opened", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dsync-connect-" });
  const mark = join(folder, "started");
  const destination = {
    _tag: "Program",
    argv: ["touch", mark],
    name: "touch",
    firstLine: null,
  } as const;
  const how = reachOf({ timeoutMs: 1000, rawLog: join(folder, "no/log") }, destination, () => {});
  assert.throws(() => how.start(how.destination.argv, how.onLine), StreamFailure);
  await assert.rejects(Deno.stat(mark));
  await Deno.remove(folder, { recursive: true });
});
