import assert from "node:assert/strict";
import { ERRNO, isMissing, systemError } from "./errno.ts";

Deno.test("systemError: each kind of refusal has its tag", () => {
  const rows: readonly (readonly [keyof typeof ERRNO, string])[] = [
    ["ENOENT", "Missing"],
    ["ENOTDIR", "Missing"],
    ["EACCES", "Denied"],
    ["EPERM", "Denied"],
    ["EROFS", "Denied"],
    ["EEXIST", "Io"],
    ["ENOSPC", "Io"],
    ["EIO", "Io"],
  ];
  for (const [name, tag] of rows) {
    const error = systemError("open", ERRNO[name], { path: "/p" });
    assert.equal(error._tag, tag, name);
    assert.equal(error.scope, "store");
    assert.deepEqual(error.where, { path: "/p" });
    assert.deepEqual(error.cause, { code: name, syscall: "open" });
  }
});

Deno.test("systemError: what is one clause with the C name, also for numbers without a text", () => {
  const what = (number: number) => systemError("write", number, {}).what;
  assert.equal(what(ERRNO.ENOSPC), "write failed: no space left on device (ENOSPC)");
  assert.equal(what(ERRNO.ESPIPE), "write failed: ESPIPE");
  assert.equal(what(4000), "write failed: errno 4000");
});

Deno.test("isMissing: a path that leads to nothing", () => {
  assert.deepEqual(
    [ERRNO.ENOENT, ERRNO.ENOTDIR, ERRNO.EACCES].map(isMissing),
    [true, true, false],
  );
});
