import assert from "node:assert/strict";
import { errorText } from "./error_text.ts";
import { syncError } from "../model/error.ts";
import { visibleText } from "./visible_text.ts";

const ROWS: readonly (readonly [string, string])[] = [
  ["x\u001b[2Jy\nz", "x\\x1b[2Jy\\nz"],
  ["a\tb\r\u0000", "a\\tb\\x0d\\x00"],
  ["\u007f\u009b\u2028", "\\x7f\\x9b\\u2028"],
  ["Entwürfe/日本 \\n 🙂", "Entwürfe/日本 \\n 🙂"],
];

for (const [text, wanted] of ROWS) {
  Deno.test(`visibleText: ${wanted}`, () => {
    assert.equal(visibleText(text), wanted);
    assert.equal(visibleText(wanted), wanted, "it stays as it is");
  });
}

Deno.test("errorText: a name cannot begin a line of its own", () => {
  const error = syncError("Unfit", "mailbox", { mailbox: "x\ndsync: all is well" }, "what\u001b");
  assert.equal(errorText(error), "mailbox x\\ndsync: all is well: what\\x1b");
});
