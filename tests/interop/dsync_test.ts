import assert from "node:assert/strict";
import { judged } from "./dovecot.ts";
import { stageDsync } from "./dsync.ts";

judged("dsync runs as the test user, who may not read the checkout", async (dovecot) => {
  const dsync = await stageDsync(dovecot);
  const { code, stderr } = await dsync.run(["no-such-command"]);
  assert.equal(code, 64, stderr);
  assert.match(stderr, /no-such-command/);
});
