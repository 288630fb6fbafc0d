import assert from "node:assert/strict";
import { isPastMoment } from "./past_moment.ts";

const ROWS = [
  ["the same moment", "1700000000.2.40", "1700000000.2.40", true],
  ["later in the same log", "1700000000.2.40", "1700000000.2.1000", true],
  ["the log was turned over", "1700000000.2.4000", "1700000000.3.40", true],
  ["a log that went back", "1700000000.2.1000", "1700000000.2.40", false],
  ["an older log", "1700000000.3.40", "1700000000.2.4000", false],
  ["another index", "1700000000.2.40", "1700000001.2.1000", false],
  ["an index that is not there any more", "1700000000.2.40", "", false],
  ["an index that was not there then", "", "1700000000.2.40", false],
  ["no index then and now", "", "", true],
  ["a counter that rose", "9", "10", true],
  ["a counter beyond 53 bits that fell", "9007199254740993", "9007199254740992", false],
  ["another form", "9", "9.2.40", false],
  ["a form of somebody's own", "day 1", "day 2", false],
  ["the same one of somebody's own", "day 1", "day 1", true],
] as const;

Deno.test("isPastMoment: a moment proves only the history that it is of", () => {
  for (const [what, then, now, is] of ROWS) assert.equal(isPastMoment(then, now), is, what);
});
