import assert from "node:assert/strict";
import { callsOf } from "./gauge.ts";

Deno.test("callsOf: the sum of a summary of strace, with errors and without; none where nothing was called", () => {
  const head = "% time     seconds  usecs/call     calls    errors syscall\n" +
    "------ ----------- ----------- --------- --------- ----------------\n";
  assert.equal(
    callsOf(
      head +
        " 90.10    0.020000         200       100         2 fsync\n" +
        "  9.90    0.002771        2771         1           fdatasync\n" +
        "------ ----------- ----------- --------- --------- ----------------\n" +
        "100.00    0.022771         225       101         2 total\n",
    ),
    101,
  );
  assert.equal(
    callsOf(
      head +
        "100.00    0.002771        2771         1           fsync\n" +
        "------ ----------- ----------- --------- --------- ----------------\n" +
        "100.00    0.002771        2771         1           total\n",
    ),
    1,
  );
  assert.equal(callsOf(""), 0);
});
