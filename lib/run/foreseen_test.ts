import assert from "node:assert/strict";
import * as TE from "fp-ts/TaskEither.js";
import { emptyState } from "../store/memory/memory_state.ts";
import { memoryStore } from "../store/memory/memory_store.ts";
import type { Store } from "../port/store.ts";
import { foreseen } from "./foreseen.ts";
import { run } from "./promise.ts";

/** A store that notes what it is asked. */
const asked = (): readonly [Store, string[]] => {
  const store = memoryStore(emptyState());
  const notes: string[] = [];
  return [{
    ...store,
    tree: () => {
      notes.push("tree");
      return store.tree();
    },
    stamps: () => {
      notes.push("stamps");
      return TE.right(new Map())();
    },
  }, notes];
};

Deno.test("foreseen: tree and stamps are asked for at once, each once; then each time anew", async () => {
  const [store, notes] = asked();
  const seen = foreseen(store);
  assert.deepEqual(notes, ["tree"]);
  await run(seen.tree);
  await run(seen.stamps!);
  assert.deepEqual(notes, ["tree", "stamps"]);
  await run(seen.tree);
  await run(seen.stamps!);
  assert.deepEqual(notes, ["tree", "stamps", "tree", "stamps"]);
});

Deno.test("foreseen: a store without stamps has none", () => {
  const { stamps: _, ...store } = asked()[0];
  assert.equal(foreseen(store).stamps, undefined);
});
