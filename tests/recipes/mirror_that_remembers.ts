// A mirror that remembers from run to run what both sides had: mirror_that_remembers.ts LEFT RIGHT FILE
import {
  formatSyncMemory,
  mirror,
  NO_MEMORY,
  openStore,
  parseSyncMemory,
  run,
  thisMachine,
} from "@dsync/dsync";
import { getOrElse } from "fp-ts/Either.js";

const [one = "", two = "", file = ""] = Deno.args;
const machine = thisMachine();
await using left = await run(openStore(machine, one));
await using right = await run(openStore(machine, two, { create: true }));

// A file that is not there, damaged, or of another pair counts as none: nothing is lost by that.
const ends = { left: left.location, right: right.location };
const text = await Deno.readTextFile(file).catch(() => "");
const memory = getOrElse(() => NO_MEMORY)(parseSyncMemory(text, ends));

const { report, memory: next } = await run(mirror(left, right, { memory }));
await Deno.writeTextFile(file, formatSyncMemory(next, ends));
console.log(`${report.mails} mails, ${report.problems.length} problems`);
