import assert from "node:assert/strict";
import { expandVariables } from "./dovecot_variables.ts";

const EVE = { user: "Eve.Adams@Example.org", home: "/home/eve", uid: 1000, gid: 100 };

Deno.test("expandVariables: those that we know; null where there is another", () => {
  const rows: readonly (readonly [string, string | null])[] = [
    ["/plain", "/plain"],
    ["%u", "Eve.Adams@Example.org"],
    ["%n in %d", "Eve.Adams in Example.org"],
    ["%Lu %Ud", "eve.adams@example.org EXAMPLE.ORG"],
    ["%1n/%2.3n", "E/e.A"],
    ["%h/%i", "/home/eve/1000"],
    ["%{user|domain|lower} %{gid}", "example.org 100"],
    ["%{username}%%", "Eve.Adams%"],
    ["100 %", "100 %"],
    ["%s", null],
    ["%{session}", null],
    ["%{user | sha1}", null],
  ];
  for (const [text, wanted] of rows) assert.equal(expandVariables(text, EVE), wanted, text);
  assert.equal(expandVariables("%d", { ...EVE, user: "eve" }), "");
  assert.equal(expandVariables("%i", { ...EVE, uid: null }), null);
});
