import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { guid, mailboxGuid, uid } from "../model/ids.ts";
import { decodeAll, encodeAll, right, withWholeBodies } from "./_dsync_wire_session.ts";
import { wireSessions } from "./_dsync_wire_arbitrary.ts";
import { WireEncoder } from "./dsync_wire_encoder.ts";
import { BODY_END, END_OF_LIST, type MailRequest, type TreeNode } from "./dsync_wire_item.ts";
import type { RequestedMail, WireItem } from "./dsync_wire_item.ts";

const node = (fields: Partial<TreeNode>): TreeNode => ({
  _tag: "TreeNode",
  name: ["a"],
  existence: "y",
  guid: null,
  uidValidity: null,
  uidNext: null,
  renamedAt: null,
  subscribed: false,
  subscriptionAt: null,
  ...fields,
});

const MAIL: RequestedMail = {
  _tag: "RequestedMail",
  guid: guid("g"),
  uid: null,
  pop3Uidl: null,
  pop3Order: null,
  receivedAt: null,
  savedAt: null,
  body: true,
};

const request = (fields: Partial<MailRequest>): MailRequest => ({
  _tag: "MailRequest",
  guid: null,
  uid: null,
  ...fields,
});

const piece = (text: string): WireItem => ({
  _tag: "BodyPiece",
  bytes: new TextEncoder().encode(text),
});

Deno.test("WireEncoder refuses what a reader would, and names item and key", () => {
  const hello = (fields: object): WireItem => ({
    _tag: "Hello",
    minor: 5,
    extensions: [],
    ...fields,
  });
  const rows: readonly [string, WireItem, RegExp][] = [
    ["no name", node({ name: [] }), /tree_node: key "name"/],
    ["empty part", node({ name: ["a", ""] }), /key "name"/],
    ["NUL in a name", node({ name: ["a\0b"] }), /key "name" is "a.*b", not parts/],
    ["TAB in a name", node({ name: ["a\tb"] }), /key "name"/],
    ["GUID of a mailbox", node({ guid: mailboxGuid("xyz") }), /key "mailbox_guid"/],
    ["no number", node({ uidNext: NaN }), /key "uid_next" is "NaN"/],
    ["negative number", node({ renamedAt: -1 }), /key "last_renamed_or_created" is "-1"/],
    ["part of a number", node({ uidValidity: 1.5 }), /key "uid_validity" is "1.5"/],
    ["UID 0", request({ uid: uid(0) }), /mail_request: key "uid"/],
    ["control byte in a GUID", request({ guid: guid("a\n") }), /mail_request: key "guid"/],
    ["an empty value alone", request({ guid: guid("") }), /key "guid" is empty and the only one/],
    ["NUL in a UIDL", { ...MAIL, pop3Uidl: "\0" }, /mail: key "pop3_uidl"/],
    ["minor", hello({ minor: -1 }), /hello: no minor version: -1/],
    ["extension with a LF", hello({ extensions: ["a\n."] }), /hello: no name of an extension/],
  ];
  for (const [name, item, what] of rows) {
    const bytes = new WireEncoder().encode(item);
    assert.ok(E.isLeft(bytes), name);
    assert.equal(bytes.left._tag, "Unfit", name);
    assert.match(bytes.left.what, what, name);
  }
});

Deno.test("WireEncoder: a body comes behind its item, and nothing comes in between", () => {
  const rows: readonly [string, readonly WireItem[]][] = [
    ["piece without an item", [piece("a")]],
    ["end without an item", [BODY_END]],
    ["piece behind an item without a body", [{ ...MAIL, body: false }, piece("a")]],
    ["list ended in a body", [MAIL, END_OF_LIST]],
    ["item in a body", [MAIL, piece("a"), MAIL]],
    ["piece behind the end", [MAIL, BODY_END, piece("a")]],
  ];
  for (const [name, items] of rows) {
    const bytes = encodeAll(items);
    assert.ok(E.isLeft(bytes), name);
    assert.equal(bytes.left._tag, "Usage", name);
  }
});

Deno.test("WireEncoder: a refused item leaves it as it was", () => {
  const encoder = new WireEncoder();
  assert.ok(E.isLeft(encoder.encode({ ...MAIL, pop3Uidl: "\0" })));
  assert.ok(E.isRight(encoder.encode(END_OF_LIST)));
});

Deno.test("WireEncoder: lines as a Dovecot writes them", () => {
  const rows: readonly [string, readonly WireItem[], string][] = [
    ["parts of a name", [node({ name: ["work", "sub"] })], "Nwork\x01tsub\ty\n"],
    ["missing in the middle", [node({ subscribed: true })], `Na\ty${"\t\x02".repeat(4)}\t\n`],
    ["by UID alone", [request({ uid: uid(7) })], "R\x02\t7\n"],
    ["empty body", [MAIL, BODY_END], "Mg\t\x02\t\x02\t\x02\t\x02\t\x02\t\n\r\n.\r\n"],
    [
      "dots over pieces",
      [MAIL, piece(".a\n"), piece("."), piece("\n."), BODY_END],
      "Mg\t\x02\t\x02\t\x02\t\x02\t\x02\t\n..a\n..\n..\r\n.\r\n",
    ],
    ["end of a list", [END_OF_LIST], ".\n"],
  ];
  for (const [name, items, text] of rows) {
    assert.equal(new TextDecoder().decode(right(encodeAll(items), name)), text, name);
  }
});

Deno.test("WireEncoder: what was said is what is heard", () => {
  fc.assert(
    fc.property(wireSessions, (items) => {
      const heard = right(decodeAll([right(encodeAll(items), "encode")]), "decode");
      assert.deepEqual(withWholeBodies(heard), withWholeBodies(items));
    }),
    { numRuns: 200 },
  );
});
