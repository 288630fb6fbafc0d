import assert from "node:assert/strict";
import type { Started } from "../lib/port/pipe.ts";
import type { SyncCommand } from "./command.ts";
import { parseCommandLine } from "./command_line.ts";
import { startAhead } from "./start_ahead.ts";
import { run, withHome } from "./_program.ts";

const commandWith = (...destination: readonly string[]): SyncCommand => {
  const parsed = parseCommandLine(["mirror", ...destination], 0);
  assert.ok(parsed._tag === "Right" && parsed.right._tag === "Sync");
  return parsed.right;
};

/** The first bytes that a program writes, as text. */
const firstOf = async ({ pipe }: Started): Promise<string> => {
  for await (const bytes of pipe.incoming) return new TextDecoder().decode(bytes);
  return "";
};

Deno.test("startAhead: the first who reaches it has it, the next starts another one", async () => {
  const ahead = startAhead(commandWith("sh", "-c", "echo $$; read x", "x", "server"))!;
  const { how } = ahead;
  const [one, two] = [0, 1].map(() => how.start(how.destination.argv, how.onLine));
  const ids = [await firstOf(one!), await firstOf(two!)];
  assert.match(ids[0]!, /^[0-9]+\n$/);
  assert.notEqual(ids[0], ids[1]);
  // What was taken is its user's to end.
  await ahead.end();
  for (const started of [one!, two!]) assert.notEqual(await started.end(), null);
});

Deno.test("startAhead: what nobody has reached is ended at once, also where it waits for something else", async () => {
  const ahead = startAhead(commandWith("sh", "-c", "exec sleep 60", "x", "server"));
  const begun = performance.now();
  await ahead!.end();
  assert.ok(performance.now() - begun < 5000);
});

Deno.test("startAhead: nothing for a folder, nor for what cannot be started", () => {
  assert.equal(startAhead(commandWith("maildir:/tmp/nowhere")), null);
  assert.equal(startAhead(commandWith("/nowhere/program", "server")), null);
});

Deno.test("a sync whose own side is missing ends at once and leaves no program behind", () =>
  withHome(1, async (root) => {
    const script = `echo $$ > ${root}/pid; exec sleep 60`;
    const { code, stderr } = await run(
      root,
      ...["-o", "mail_location=maildir:~/Mistyped", "backup", "sh", "-c", script, "x", "server"],
    );
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Mistyped/);
    const started = await Deno.readTextFile(`${root}/pid`).catch(() => null);
    if (started !== null) assert.throws(() => Deno.kill(Number(started), "SIGCONT"));
  }));
