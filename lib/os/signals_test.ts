import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const MODULE = fileURLToPath(new URL("./signals.ts", import.meta.url));

/** Sends itself signals while it listens, and SIGHUP behind that; tells how often it was asked to stop. */
const script = (signals: readonly string[]): string => `
import { onStop } from "${MODULE}";
let count = 0;
const end = onStop(() => count++);
const send = async (...names) => {
  for (const name of names) Deno.kill(Deno.pid, name);
  await new Promise((go) => setTimeout(go, 100));
};
await send(...${JSON.stringify(signals)});
end();
console.log(count);
await send("SIGHUP");
console.log("alive");
`;

const told = async (before: string, ...signals: readonly string[]): Promise<string> => {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `${before} exec "$0" eval "$1"`, Deno.execPath(), script(signals)],
    env: { NO_COLOR: "1" },
  }).output();
  return new TextDecoder().decode(stdout);
};

Deno.test("onStop: each signal that asks to stop; behind it they do again what they do by themselves", async () => {
  assert.equal(await told("", "SIGHUP", "SIGINT", "SIGTERM"), "3\n");
});

Deno.test("onStop: what whoever started the process has had ignored stays ignored", async () => {
  assert.equal(await told("trap '' HUP;", "SIGHUP", "SIGINT", "SIGTERM"), "2\nalive\n");
  assert.equal(await told("trap '' HUP INT TERM;", "SIGHUP", "SIGINT", "SIGTERM"), "0\nalive\n");
});
