import assert from "node:assert/strict";
import { golden, wholeLog } from "./_index_fixture.ts";
import { foldAttributes } from "./index_attributes.ts";
import type { LogEntry } from "./index_log.ts";

const entries = (): readonly LogEntry[] =>
  wholeLog(golden("attribute-update/dovecot.index.log")).stretch.entries;

Deno.test("foldAttributes: the last change of each, as a Dovecot logged them", () => {
  const told = [...foldAttributes(entries()).values()];
  assert.deepEqual(
    told.map(({ scope, key, removed, at }) => [scope, key, removed, at > 1_700_000_000]),
    [["private", "comment", true, true], ["shared", "vendor/x", false, true]],
  );
  assert.ok(told[0]!.modSeq > told[1]!.modSeq);
});

Deno.test("foldAttributes: what a sync changed does not count", () => {
  const synced = entries().map((entry) => ({ ...entry, sync: true }));
  assert.equal(foldAttributes(synced).size, 0);
});
