import assert from "node:assert/strict";
import { failureOf } from "./_failure.ts";
import { becomeUser, userName } from "./identity.ts";

Deno.test("becomeUser: never root, and nobody without the right to it", () => {
  for (const ids of [{ uid: 0, gid: 0 }, { uid: 0, gid: 100 }, { uid: 100, gid: 0 }]) {
    const refused = failureOf(() => becomeUser({ name: "x", ...ids }));
    assert.deepEqual([refused._tag, /as root/.test(refused.what)], ["Denied", true]);
  }
  const own = { uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };
  if (own.uid === 0) return;
  becomeUser({ name: "oneself", uid: own.uid, gid: own.gid || 1 });
  const other = failureOf(() => becomeUser({ name: "x", uid: own.uid + 1, gid: 100 }));
  assert.match(other.what, /only root may switch/);
});

Deno.test("userName: as the system has it; none for who has none", () => {
  assert.equal(userName(0), "root");
  assert.equal(userName(3_999_999_999), null);
});
