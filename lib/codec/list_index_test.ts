import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { golden, right, viewOfLog } from "./_index_fixture.ts";
import { encodeLogHeader, HEADER_AT } from "./index_header.ts";
import { setHeader } from "./index_build.ts";
import { DONE } from "./index_record.ts";
import { encodeRecords } from "./index_record_encode.ts";
import type { IndexView } from "./index_view.ts";
import {
  addListNodes,
  decodeListIndex,
  decodeListNames,
  encodeListNames,
  LIST_NO_SELECT,
  type ListNode,
  listPath,
  refreshList,
} from "./list_index.ts";
import { mailboxGuid } from "../model/ids.ts";

const node = (uid: number, nameId: number, name: string, parent: number): ListNode => ({
  uid,
  flags: 0,
  nameId,
  name,
  parent,
  guid: mailboxGuid(uid.toString(16).padStart(32, "0")),
  uidValidity: 1000 + uid,
});

const viewOf = (names: ReadonlyMap<number, string>, nodes: readonly ListNode[]): IndexView => {
  const header = encodeLogHeader({
    indexId: 1,
    fileSeq: 2,
    prevFileSeq: 0,
    prevFileOffset: 0,
    createStamp: 1,
    initialModSeq: 1n,
  });
  const records = [
    setHeader([[HEADER_AT.uidValidity, 1]]),
    ...refreshList(),
    ...addListNodes(names, nodes),
  ];
  return viewOfLog(Uint8Array.of(...header, ...encodeRecords(records, DONE)));
};

const namesOf = (nodes: readonly ListNode[]): ReadonlyMap<number, string> =>
  new Map(nodes.map(({ nameId, name }) => [nameId, name]));

const REFUSED: readonly (readonly [string, readonly ListNode[], RegExp])[] = [
  ["a parent that is lost", [node(1, 1, "a", 9)], /parent 9, which is lost/],
  ["a node that is its own parent", [node(1, 1, "a", 1)], /node 1 is among its own/],
  ["parents in a circle", [node(1, 1, "a", 2), node(2, 2, "b", 1)], /among its own/],
];

for (const [name, nodes, what] of REFUSED) {
  Deno.test(`decodeListIndex: refuses ${name}`, () => {
    const result = decodeListIndex(viewOf(namesOf(nodes), nodes));
    assert.match(E.isLeft(result) ? result.left.what : "", what);
  });
}

Deno.test("decodeListIndex: refuses a name that is lost", () => {
  const result = decodeListIndex(viewOf(new Map(), [node(1, 7, "a", 0)]));
  assert.match(E.isLeft(result) ? result.left.what : "", /name 7, which is lost/);
});

Deno.test("decodeListNames: refuses numbers that descend and a name without end", () => {
  const twice = Uint8Array.of(0, 2, 0, 0, 0, 97, 0, 1, 0, 0, 0, 98, 0);
  const open = Uint8Array.of(0, 1, 0, 0, 0, 97);
  for (const [bytes, what] of [[twice, /name 1 after 2/], [open, /does not end/]] as const) {
    const result = decodeListNames(bytes);
    assert.match(E.isLeft(result) ? result.left.what : "", what);
  }
});

const FOLDERS = ["list-layout-index", "list-maildirpp", "list-mdbox"] as const;

/** Storage names to what users see; these folders have only one that differs. */
const shown = (part: string): string => part === "T&AOQ-st" ? "Täst" : part;

for (const folder of FOLDERS) {
  Deno.test(`decodeListIndex: ${folder} is what Dovecot says`, () => {
    interface Status {
      readonly mailbox: string;
      readonly guid: string;
      readonly uidvalidity: number;
    }
    const expected: { readonly status: readonly Status[] } = JSON.parse(
      new TextDecoder().decode(golden(`${folder}/expected.json`)),
    );
    const nodes = right(decodeListIndex(viewOfLog(golden(`${folder}/dovecot.list.index.log`))));
    const byUid = new Map(nodes.map((one) => [one.uid, one]));
    const found = nodes.filter(({ flags }) => (flags & LIST_NO_SELECT) === 0).map((one) =>
      [listPath(one, byUid).map(shown).join("/"), one.guid as string, one.uidValidity] as const
    );
    const wanted = expected.status.map(({ mailbox, guid, uidvalidity }) =>
      [mailbox, guid, uidvalidity] as const
    );
    assert.deepEqual(found.sort(), wanted.sort());
  });
}

Deno.test("addListNodes: gives back any tree, and names of any bytes", () => {
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 })
    .filter((text) => !text.includes("\0") && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.nat()), { maxLength: 12 }), (list) => {
      const nodes = list.map(([text, up], i) =>
        node(i + 1, i + 1, text, i === 0 ? 0 : up % (i + 1))
      );
      const view = viewOf(namesOf(nodes), nodes);
      assert.deepEqual(right(decodeListIndex(view)), nodes);
      assert.deepEqual(right(decodeListNames(encodeListNames(namesOf(nodes)))), namesOf(nodes));
    }),
    { numRuns: 30 },
  );
});

Deno.test("decodeListNames: no bytes make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      decodeListNames(bytes);
    }),
    { numRuns: 500 },
  );
});
