import assert from "node:assert/strict";
import { parseMoment } from "./option_values.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

const REFUSED: readonly string[] = [
  "",
  "soon",
  "999999999weeks",
  "9999999999999999",
  "999999999999",
  "2024-02-30",
  "2024-13-01",
  "1-Foo-2026",
  "31-Feb-2026",
  "01-Jan-26",
  "1x",
  "5 dayz",
  "-1d",
  "01-Jan-1960",
];

for (const text of REFUSED) {
  Deno.test(`parseMoment refuses "${text}"`, () => assert.equal(parseMoment(text, NOW), null));
}

const TAKEN: readonly (readonly [string, number])[] = [
  ["0", 0],
  ["1700000000", 1_700_000_000],
  ["now", NOW],
  ["1d", NOW - DAY],
  ["1 day", NOW - DAY],
  ["2weeks", NOW - 14 * DAY],
  ["1W", NOW - 7 * DAY],
  ["30m", NOW - 30 * 60],
  ["30 mins", NOW - 30 * 60],
  ["5minutes", NOW - 5 * 60],
  ["12h", NOW - 12 * 3600],
  ["45s", NOW - 45],
  ["45sec", NOW - 45],
  ["01-Jan-2026", Date.UTC(2026, 0, 1) / 1000],
  ["1-jan-2026", Date.UTC(2026, 0, 1) / 1000],
  [" 9-DEC-2025", Date.UTC(2025, 11, 9) / 1000],
  ["2024-02-29", new Date(2024, 1, 29).getTime() / 1000],
];

for (const [text, wanted] of TAKEN) {
  Deno.test(`parseMoment: "${text}"`, () => assert.equal(parseMoment(text, NOW), wanted));
}
