import assert from "node:assert/strict";
import { hostname } from "node:os";
import { makeOs } from "./os.ts";

Deno.test("random: as many bytes as asked for, also above one call's limit", () => {
  const { random } = makeOs();
  assert.equal(random(0).length, 0);
  const bytes = random(200_000);
  assert.equal(bytes.length, 200_000);
  assert.ok(new Set(bytes.subarray(199_000)).size > 200);
});

Deno.test("hostname: the system's, unless the environment has Dovecot's own", async () => {
  const module = JSON.stringify(new URL("os.ts", import.meta.url).href);
  const seen = async (env: Record<string, string>): Promise<string> => {
    const code = `console.log((await import(${module})).makeOs().hostname)`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      cwd: import.meta.dirname!,
      env: { ...env, NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const own = Deno.env.get("DOVECOT_HOSTNAME");
  assert.equal(makeOs().hostname, own ?? hostname());
  assert.equal(await seen({ DOVECOT_HOSTNAME: "mail.example.org" }), "mail.example.org");
});

Deno.test("now, sleep, pause: milliseconds", async () => {
  const { now, sleep, pause, pid } = makeOs();
  const before = now();
  await sleep(20);
  assert.ok(now() - before >= 15);
  pause(20);
  assert.ok(now() - before >= 30);
  assert.ok(before > 1.6e12);
  assert.equal(pid, Deno.pid);
});
