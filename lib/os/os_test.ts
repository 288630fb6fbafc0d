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

Deno.test("hostname: the system's, unless the environment has Dovecot's own", () => {
  const before = Deno.env.get("DOVECOT_HOSTNAME");
  try {
    Deno.env.delete("DOVECOT_HOSTNAME");
    assert.equal(makeOs().hostname, hostname());
    Deno.env.set("DOVECOT_HOSTNAME", "mail.example.org");
    assert.equal(makeOs().hostname, "mail.example.org");
  } finally {
    if (before === undefined) Deno.env.delete("DOVECOT_HOSTNAME");
    else Deno.env.set("DOVECOT_HOSTNAME", before);
  }
});

Deno.test("now, sleep: milliseconds", async () => {
  const { now, sleep, pid } = makeOs();
  const before = now();
  await sleep(20);
  assert.ok(now() - before >= 15);
  assert.ok(before > 1.6e12);
  assert.equal(pid, Deno.pid);
});
