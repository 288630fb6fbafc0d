import assert from "node:assert/strict";
import type { UidlistEntry } from "../../codec/maildir_uidlist_lines.ts";
import { uid } from "../../model/ids.ts";
import { withDirectory } from "../../os/_other_process.ts";
import { failureOf } from "../../os/_failure.ts";
import { makeOs } from "../../os/os.ts";
import { appendUidlist } from "./uidlist_file.ts";

const HEAD = `3 V7 N1 G${"a".repeat(32)}\n`;
const ENTRIES: readonly UidlistEntry[] = [3, 4].map((n) => ({
  uid: uid(n),
  keys: "",
  name: `${n}.mail`,
}));

Deno.test("appendUidlist: of lines that cannot be written whole none stays, nor does one that was torn before", () =>
  withDirectory((control) => {
    const path = `${control}/dovecot-uidlist`;
    for (const keep of [0, 1, 10, 11, 12]) {
      Deno.writeTextFileSync(path, `${HEAD}1 :1.mail\n2 W3`);
      const full = makeOs({ onStep: ({ kind }) => kind === "write" ? { keep } : undefined });
      assert.equal(failureOf(() => appendUidlist(full, control, ENTRIES))._tag, "Io");
      assert.equal(Deno.readTextFileSync(path), `${HEAD}1 :1.mail\n`, `${keep} bytes`);
    }
    appendUidlist(makeOs(), control, ENTRIES);
    assert.equal(Deno.readTextFileSync(path), `${HEAD}1 :1.mail\n3 :3.mail\n4 :4.mail\n`);
  }));
