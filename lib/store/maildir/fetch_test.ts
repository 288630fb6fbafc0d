import assert from "node:assert/strict";
import { Temperature } from "./fetch.ts";

/** Reads chunks that take so long for a mail; gives for each whether it was read ahead, and its mails. */
const chunks = (temperature: Temperature, count: number, msAMail: number): readonly string[] =>
  Array.from({ length: count }, () => {
    const { isCold, chunkMails } = temperature;
    temperature.note(chunkMails, 0, chunkMails * msAMail);
    return `${isCold ? "ahead" : "plain"} ${chunkMails}`;
  });

Deno.test("Temperature: what is in memory is read as it is", () => {
  assert.deepEqual(chunks(new Temperature(), 3, 0.02), ["plain 256", "plain 256", "plain 256"]);
});

Deno.test("Temperature: what comes from a disk is read ahead, and tried without now and then", () => {
  const seen = chunks(new Temperature(), 60, 1);
  const trials = seen.flatMap((one, at) => one === "plain 32" ? [at] : []);
  assert.deepEqual(seen.slice(0, 4), ["plain 256", "ahead 256", "ahead 256", "plain 32"]);
  assert.deepEqual(trials, [3, 8, 17, 34, 51]);
});

Deno.test("Temperature: one slow chunk among fast ones is not taken for a disk for long", () => {
  const temperature = new Temperature();
  chunks(temperature, 1, 1);
  assert.deepEqual(chunks(temperature, 4, 0.02), [
    "ahead 256",
    "ahead 256",
    "plain 32",
    "plain 256",
  ]);
});
