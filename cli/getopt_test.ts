import assert from "node:assert/strict";
import { getopt } from "./getopt.ts";

const read = (...args: string[]) => {
  const { plain, values, words, wrong } = getopt(args, { plain: "vfR", valued: "mo" }, {
    plain: ["help"],
    valued: ["rate"],
  });
  return { plain: [...plain].join(""), values: Object.fromEntries(values), words, wrong };
};

Deno.test("getopt: letters together, values attached or in the next word, in order", () => {
  assert.deepEqual(read("-vf", "-mINBOX", "-o", "a=b", "-Rmx", "word", "-v"), {
    plain: "vfR",
    values: { m: ["INBOX", "x"], o: ["a=b"] },
    words: ["word", "-v"],
    wrong: null,
  });
});

Deno.test("getopt: an empty value, -- and - end as they do everywhere", () => {
  assert.deepEqual(read("-m", "", "--", "-v").values, { m: [""] });
  assert.deepEqual(read("-m", "", "--", "-v").words, ["-v"]);
  assert.deepEqual(read("-v", "-", "x").words, ["-", "x"]);
  assert.deepEqual(read("--help").plain, "help");
  assert.deepEqual(read("--rate=1", "--rate", "2=3").values, { rate: ["1", "2=3"] });
});

Deno.test("getopt: says what is wrong", () => {
  assert.equal(read("-q").wrong, "unknown option -q");
  assert.equal(read("--quick").wrong, "unknown option --quick");
  assert.equal(read("-vm").wrong, "-m wants a value");
  assert.equal(read("--rate").wrong, "--rate wants a value");
  assert.equal(read("--help=x").wrong, "--help takes no value");
});
