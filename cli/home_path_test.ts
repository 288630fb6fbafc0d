import assert from "node:assert/strict";
import { homeDirectory, homePath } from "./home_path.ts";

Deno.test("homePath: a home in front is put in, and nothing else", () => {
  const home = homeDirectory();
  assert.ok(home !== null);
  assert.equal(homePath("~/held"), `${home}/held`);
  for (const path of ["/x/~/y", "~", "~eve/x", "held", "./~/x"]) assert.equal(homePath(path), path);
});
