/**
 * Histories whose nights are planned first: the plan touches nothing, and what it has is all that the night needs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { absolute, type Account } from "./dovecot.ts";
import type { Dsync } from "./dsync.ts";
import { treeChanges, treeOf } from "./tree.ts";

/** How the second side is reached. */
export type Way = "folder" | "pipe";

/** The words of a second side. */
const wordsOf = (dsync: Dsync, to: Account, way: Way): readonly string[] =>
  way === "folder" ? [absolute(to)] : [
    "env",
    `DENO_DIR=${dsync.cache}`,
    dsync.program,
    ...dsync.args(["-o", `mail_location=${absolute(to)}`, "server"]),
  ];

/**
 * A dsync whose every sync is a plan, which must leave both sides and its own memory as they are, and then the plan
 * carried out. That ends with status 0 only if each step of it was done, and no other was needed.
 */
export const planning = (dsync: Dsync, way: Way): Pick<Dsync, "sync"> => ({
  sync: async (command, from, to, ...more) => {
    const file = join(dsync.home, "plan.json");
    const homes = [from.home, to.home];
    const before = homes.map((home) => treeOf(home, "ctime"));
    const words = [command, ...wordsOf(dsync, to, way)];
    const settings = ["-o", `mail_location=${absolute(from)}`];
    const planned = await dsync.run([...settings, "plan", "--out", file, ...words]);
    homes.forEach((home, i) =>
      assert.deepEqual(treeChanges(before[i]!, treeOf(home, "ctime")), [], "a plan touches nothing")
    );
    if (planned.code !== 0) return planned;
    return await dsync.run([...more, "apply", file]);
  },
});
