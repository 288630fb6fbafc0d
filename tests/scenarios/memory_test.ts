/** Every recorded merge of a real Dovecot on stores in memory; and that the table of deviations has no strangers. */
import assert from "node:assert/strict";
import { DEVIATIONS } from "./deviations.ts";
import { playAll } from "./play.ts";
import { readScenarios } from "./scenario.ts";

playAll(() => [{ a: "memory", b: "memory" }]);

Deno.test("DEVIATIONS names recorded merges only", () => {
  const recorded = new Set(readScenarios().map(({ id }) => id));
  assert.deepEqual(Object.keys(DEVIATIONS).filter((id) => !recorded.has(id)), []);
});
