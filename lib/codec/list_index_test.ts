import assert from "node:assert/strict";
import { golden, viewOfLog } from "./_index_fixture.ts";
import { DONE } from "./index_record.ts";
import { encodeRecords } from "./index_record_encode.ts";
import type { IndexView } from "./index_view.ts";
import { refreshList } from "./list_index.ts";

/** What a list index holds: the flag, the names behind it, and a record for each node. */
const listOf = (view: IndexView) => {
  const list = view.extension("list");
  assert.ok(list !== undefined && view.count > 0);
  return {
    flag: list.header[0],
    names: list.header.slice(1),
    nodes: Array.from({ length: view.count }, (_, row) => list.bytes(row).slice()),
  };
};

for (const folder of ["list-layout-index", "list-maildirpp", "list-mdbox"]) {
  Deno.test(`refreshList: sets the flag in ${folder} of a Dovecot, and changes nothing else`, () => {
    const log = golden(`${folder}/dovecot.list.index.log`);
    const before = listOf(viewOfLog(log));
    const after = listOf(viewOfLog(Uint8Array.of(...log, ...encodeRecords(refreshList(), DONE))));
    assert.deepEqual(after, { ...before, flag: 1 });
  });
}
