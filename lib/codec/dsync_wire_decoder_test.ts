import assert from "node:assert/strict";
import fc from "fast-check";
import * as E from "fp-ts/Either.js";
import { decodeAll, encodeAll, right, withWholeBodies } from "./_dsync_wire_session.ts";
import { wireSessions } from "./_dsync_wire_arbitrary.ts";
import { KEYWORD_CHANGES } from "./dsync_wire_form.ts";
import { WireDecoder } from "./dsync_wire_decoder.ts";
import { formatHello } from "./dsync_wire_hello.ts";
import type { WireItem } from "./dsync_wire_item.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hello = ({ minor, extensions }: { minor: number; extensions: readonly string[] }): string => {
  const text = formatHello({ _tag: "Hello", minor, extensions });
  assert.ok(E.isRight(text));
  return text.right;
};
const HELLO = hello({ minor: 5, extensions: [] });
const G = "0123456789abcdef0123456789ABCDEF";

/** The items behind the hello. */
const itemsOf = (text: string, head = HELLO): readonly WireItem[] =>
  right(decodeAll([bytes(head + text)]), JSON.stringify(text)).slice(1);

const refusal = (text: string, head = HELLO): string => {
  const found = decodeAll([bytes(head + text)]);
  assert.ok(E.isLeft(found), JSON.stringify(text));
  assert.equal(found.left._tag, "Damaged");
  return found.left.what;
};

Deno.test("WireDecoder refuses malformed items and names item and key", () => {
  const rows: readonly [string, string, RegExp][] = [
    ["unknown letter", "Qx\n", /"Qx" is no item/],
    ["empty line", "\n", /"" is no item/],
    ["cache record alone", "cflags\tt\n", /is no item/],
    ["handshake without host", "H\n", /handshake: key "hostname" has no value/],
    ["required value missing", "N\x02\ty\n", /tree_node: key "name" has no value/],
    ["line cut short", "Cs\n", /mail_change: key "uid" has no value/],
    ["unknown sync type", "Hh\t\x02\t\x02\t\x02\tq\n", /handshake: key "sync_type" is "q"/],
    ["lock timeout 0", `Hh${"\t\x02".repeat(10)}\t0\n`, /handshake: key "lock_timeout" is "0"/],
    ["until 0, as -e without -t", `Hh${"\t\x02".repeat(18)}\t0\n`, /"sync_until_timestamp" is "0"/],
    ["empty mailbox name", "N\ty\n", /tree_node: key "name" is ""/],
    ["empty part of a name", "Na\x01t\x01tb\ty\n", /tree_node: key "name"/],
    ["NUL in a name", "Na\x010b\ty\n", /tree_node: key "name" is "a\\u0000b"/],
    ["NUL in a part, escaped twice", "Na\x0110b\ty\n", /key "name" is "a\\u00010b"/],
    ["control byte in a name", "Na\x1bb\ty\n", /key "name" is "a\\u001bb", not parts/],
    ["DEL in a name", "Na\x7fb\ty\n", /key "name" is "a\\u007fb"/],
    ["LF in a name", "Na\x01nb\ty\n", /key "name" is "a\\nb"/],
    ["no such existence", "Na\tq\n", /key "existence" is "q", not one of y, n, d/],
    ["mailbox GUID too short", "Na\ty\tabc\n", /key "mailbox_guid" is "abc", not a GUID/],
    ["line end in a GUID", "Cs\t1\ta\x01nb\n", /mail_change: key "guid" is "a\\nb"/],
    ["line end in a request", "Ra\x01r\n", /mail_request: key "guid"/],
    ["line end in a mail", "Ma\x01n\n", /mail: key "guid"/],
    ["NUL in a keyword", "Cs\t1\tg\t\t1\t1\t1\t1\t1\t\x02\t=a\x010\n", /key "keyword_changes"/],
    ["NUL in an attribute", "As\tk\ta\x010\n", /mailbox_attribute: key "value"/],
    ["UID 0", "Cs\t0\n", /key "uid" is "0", not a UID/],
    ["UID too high", "Cs\t4294967295\n", /key "uid" is "4294967295"/],
    ["UID no number", "Cs\t1x\n", /key "uid" is "1x"/],
    ["UID negative", "R\x02\t-1\n", /mail_request: key "uid" is "-1"/],
    ["MODSEQ too high", `S${G}\t1\t1\t9223372036854775808\t0\n`, /key "last_common_modseq"/],
    ["endless digits", `S${G}\t1\t1\t${"1".repeat(999)}\t0\n`, /"1{60}…", not a MODSEQ/],
    ["32 bits exceeded", `S${G}\t4294967296\t1\t1\t0\n`, /key "last_uidvalidity"/],
    ["flags of 9 bits", `Cf\t1${"\t\x02".repeat(4)}\t100\n`, /key "add_flags" is "100"/],
    ["flags no hex", `Cf\t1${"\t\x02".repeat(4)}\t0x1\n`, /key "add_flags" is "0x1"/],
    ["time no number", `Na\ty${"\t\x02".repeat(3)}\t1.5\n`, /key "last_renamed_or_created"/],
    ["two separators", "D//\n", /mailbox_delete: key "hierarchy_sep" is "\/\/"/],
    ["no separator", "D\t%\n", /key "hierarchy_sep" is ""/],
    ["delete without a time", `D/\t%\t${G}\n`, /key "mailboxes" is .*, not pairs/],
    ["delete of a bad hash", "D/\t%\t\x02\tab 12\n", /key "dirs"/],
    [
      "bad cache record",
      `B${G}\t1\t1\t0\t1\t1\t0\t\x02\t\x02\tflags\x01tz\n`,
      /mailbox: key "cache_fields" mailbox_cache_field: key "decision" is "z"/,
    ],
    ["attribute of no type", "Ax\tk\n", /key "type" is "x", not one of p, s/],
    ["mail error no number", "F\x02\t-\n", /finish: key "mail_error" is "-"/],
    ["line cut off", "Na\ty", /a line is cut off/],
    ["body cut off", "Mg\t\x02\t\x02\t\x02\t\x02\t\x02\t\nabc\r\n", /a body is cut off/],
  ];
  for (const [name, text, what] of rows) assert.match(refusal(text), what, name);
});

Deno.test("WireDecoder refuses what is no hello of version 3", () => {
  const rows: readonly [string, string, string, RegExp][] = [
    ["nothing", "", "Damaged", /hello is cut off/],
    ["version cut off", "VERSION\tdsync", "Damaged", /hello is cut off/],
    ["hello cut off", "VERSION\tdsync\t3\t5\nHhostname\n", "Damaged", /hello is cut off/],
    ["a login message", "Welcome to \x1b[1mhost\n", "Unsupported", /"Welcome to \\u001b\[1mhost"/],
    ["version 4", "VERSION\tdsync\t4\t0\n", "Unsupported", /does not speak version 3/],
    ["version 33", "VERSION\tdsync\t33\t0\n", "Unsupported", /does not speak/],
    ["minor no number", "VERSION\tdsync\t3\tx\n", "Unsupported", /does not speak/],
    ["another service", "VERSION\tdoveadm\t3\t5\n", "Unsupported", /does not speak/],
    ["Dovecot 2.0", "dsync-client\t1\n", "Unsupported", /before 2.2/],
    ["Dovecot 2.1", "dsync-server\t2\n", "Unsupported", /before 2.2/],
    [
      "attributes not declared",
      HELLO.replace(/^A.*\n/m, ""),
      "Damaged",
      /declare mailbox_attribute/,
    ],
    [
      "required column missing",
      HELLO.replace("\thost", "\tghost").replace("Hhostname", "Hh"),
      "Damaged",
      /header of handshake has no column "hostname"/,
    ],
    ["endless line", "x".repeat(70_000), "Damaged", /more than 65536 bytes/],
    [
      "endless line in the hello",
      `VERSION\tdsync\t3\t5\n${"x".repeat(70_000)}`,
      "Damaged",
      /more than 65536/,
    ],
  ];
  for (const [name, text, tag, what] of rows) {
    const found = decodeAll([bytes(text)]);
    assert.ok(E.isLeft(found), name);
    assert.equal(found.left._tag, tag, name);
    assert.match(found.left.what, what, name);
  }
});

Deno.test("WireDecoder: an error names its byte offset, and stays", () => {
  const decoder = new WireDecoder();
  decoder.feed(bytes(`${HELLO}.\nCs\t0\nX\n`));
  assert.ok(E.isRight(decoder.next()));
  assert.ok(E.isRight(decoder.next()));
  const error = decoder.next();
  assert.ok(E.isLeft(error));
  assert.equal(error.left.where.offset, HELLO.length + 2);
  assert.deepEqual(decoder.next(), error);
  assert.deepEqual(decoder.end(), error);
});

Deno.test("WireDecoder: an endless line ends at the limit", () => {
  const decoder = new WireDecoder(1000);
  decoder.feed(bytes(HELLO));
  assert.ok(E.isRight(decoder.next()));
  let failed: string | null = null;
  for (let i = 0; i < 100 && failed === null; i++) {
    decoder.feed(bytes("x".repeat(99)));
    const item = decoder.next();
    if (E.isLeft(item)) failed = item.left.what;
    else assert.ok(i < 11);
  }
  assert.equal(failed, "a line has more than 1000 bytes");
});

Deno.test("WireDecoder: columns are found by their names, unknown ones and lines passed over", () => {
  const head = HELLO
    .replace(/^N.*$/m, "Nfuture\texistence\tname\tsubscribed\tname")
    .replace(/^\.$/m, "Zsome\tthing\n.");
  const [node, end] = itemsOf("N?\ty\ta\x01tb\t\tc\td\te\n.\n", head);
  assert.ok(node?._tag === "TreeNode");
  assert.deepEqual([node.name, node.existence, node.subscribed], [["a", "b"], "y", true]);
  assert.deepEqual([node.guid, node.uidValidity, node.uidNext], [null, null, null]);
  assert.equal(end?._tag, "EndOfList");
});

Deno.test("WireDecoder: minor 6 of Dovecot 2.4 has a column less, minor 0 two items", () => {
  const of24 = hello({ minor: 6, extensions: [] }).replace("\timport_commit_msgs_interval", "");
  const [handshake] = itemsOf(`Hh${"\t\x02".repeat(21)}\tDate\x01t\t_\n`, of24);
  assert.ok(handshake?._tag === "Handshake");
  assert.deepEqual([handshake.commitInterval, handshake.hashedHeaders, handshake.altChar], [
    null,
    ["Date", ""],
    "_",
  ]);
  const oldest = hello({ minor: 0, extensions: [] }).replace(/^[AF].*\n/gm, "");
  assert.equal(itemsOf(".\n", oldest).length, 1);
  assert.match(refusal("F\n", oldest), /"F" is no item/);
});

Deno.test("WireDecoder: values that are missing, empty or begin as missing ones do", () => {
  const [save, short, finish, long, mail] = itemsOf(
    `Cs\t2\t\t\x02\t12\t\x02\ta\t\x02\t2a\t\x02\t=$Label1\x01t&b\t\x02\tffffffffffffffff\n` +
      `Ce\t2\t${G}\nF\nF\x02\x02odd\t5\t\nMg\t\x02\t\x02\x02u\n`,
  );
  assert.deepEqual(save, {
    _tag: "MailChange",
    type: "s",
    uid: 2,
    guid: "",
    headerHash: null,
    modSeq: 12n,
    privateModSeq: null,
    addFlags: 0x0a,
    removeFlags: null,
    finalFlags: 0x2a,
    keywordsReset: false,
    keywordChanges: ["=$Label1", "&b"],
    receivedAt: null,
    virtualSize: 0xffffffffffffffffn,
  });
  assert.ok(short?._tag === "MailChange");
  assert.deepEqual([short.type, short.guid, short.finalFlags], ["e", G, null]);
  assert.deepEqual(finish, {
    _tag: "Finish",
    error: null,
    mailError: null,
    fullResync: false,
  });
  assert.deepEqual(long, { _tag: "Finish", error: "\x02odd", mailError: 5, fullResync: true });
  assert.ok(mail?._tag === "RequestedMail");
  assert.deepEqual([mail.pop3Uidl, mail.body], ["\x02u", false]);
});

Deno.test("WireDecoder: hostile parts of names stay parts", () => {
  const [node] = itemsOf("N..\x01ta/b\ty\n");
  assert.ok(node?._tag === "TreeNode");
  assert.deepEqual(node.name, ["..", "a/b"]);
});

Deno.test("WireDecoder: X stands for any item, and what follows is dropped", () => {
  assert.deepEqual(itemsOf("X\nQ is no item\n").map(({ _tag }) => _tag), ["Done"]);
  assert.deepEqual(itemsOf("Xwith more\n").map(({ _tag }) => _tag), ["Done"]);
});

Deno.test("WireDecoder: CR LF ends a line as well", () => {
  assert.deepEqual(itemsOf(".\r\nF\r\n").map(({ _tag }) => _tag), ["EndOfList", "Finish"]);
});

Deno.test("WireDecoder: a doubled first dot is one, a single one stays", () => {
  const bodyOf = (body: string) =>
    itemsOf(`Mg\t\x02\t\x02\t\x02\t\x02\t\x02\t\n${body}\r\n.\r\n.\n`)
      .flatMap((item) => item._tag === "BodyPiece" ? [new TextDecoder().decode(item.bytes)] : []);
  assert.deepEqual(bodyOf("..x"), [".x"]);
  assert.deepEqual(bodyOf(".x"), [".x"]);
});

Deno.test("WireDecoder: items do not depend on where the bytes are cut", () => {
  fc.assert(
    fc.property(wireSessions, fc.array(fc.nat(), { maxLength: 6 }), (items, cuts) => {
      const whole = right(encodeAll(items), "encode");
      const ends = [...cuts.map((cut) => cut % (whole.length + 1)), whole.length]
        .sort((a, b) => a - b);
      const chunks = ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
      assert.deepEqual(
        withWholeBodies(right(decodeAll(chunks), "cut")),
        withWholeBodies(items),
      );
      const single = Array.from(whole, (_, at) => whole.subarray(at, at + 1));
      assert.deepEqual(
        withWholeBodies(right(decodeAll(single), "single bytes")),
        withWholeBodies(items),
      );
    }),
    { numRuns: 50 },
  );
});

Deno.test("WireDecoder: time and memory follow the length of the input", () => {
  const mail = "Mg\t\x02\t\x02\t\x02\t\x02\t\x02\t\n";
  const long = 30_000;
  const rows: readonly [string, string, number, number][] = [
    ["a line of single bytes", `${HELLO}F${"x".repeat(long)}\n`, 1, 2],
    ["a line of TABs", `${HELLO}F\x02\t\x02${"\t".repeat(long)}\n`, 65536, 2],
    ["a name of TABs", `${HELLO}N${"a\x01t".repeat(long)}a\ty\n`, 65536, 2],
    ["a body of single bytes", `${HELLO}${mail}${"\n..".repeat(long)}\r\n.\r\n`, 1, 3 * long],
    ["a body of dots", `${HELLO}${mail}${"\n.x".repeat(long)}\r\n.\r\n`, 1 << 30, 4],
    ["empty bodies", `${HELLO}${`${mail}\r\n.\r\n`.repeat(long / 30)}`, 1 << 30, long / 15 + 1],
  ];
  for (const [name, text, cut, most] of rows) {
    const whole = bytes(text);
    const decoder = new WireDecoder();
    for (let at = 0; at < whole.length; at += cut) decoder.feed(whole.subarray(at, at + cut));
    let items = 0;
    while (right(decoder.next(), name) !== null) items++;
    assert.ok(E.isRight(decoder.end()), name);
    assert.ok(items <= most, `${name}: ${items}`);
  }
});

/** Bytes that begin as a session and go wrong: a part of a true one, with some bytes changed. */
const damaged = fc.tuple(
  wireSessions,
  fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
).map(([items, changes]) => {
  const whole = right(encodeAll(items), "encode").slice();
  for (const [at, byte] of changes) whole[at % whole.length] = byte;
  return whole;
});

Deno.test("WireDecoder: no bytes make it throw or say more than they hold", () => {
  const noise = fc.uint8Array({ maxLength: 400 });
  const behindHello = noise.map((tail) => Uint8Array.from([...bytes(HELLO), ...tail]));
  fc.assert(
    fc.property(fc.oneof(noise, behindHello, damaged), (input) => {
      const decoder = new WireDecoder(1000);
      decoder.feed(input);
      let items = 0;
      let body = 0;
      for (;;) {
        const item = decoder.next();
        if (E.isLeft(item) || item.right === null) break;
        items++;
        if (item.right._tag === "BodyPiece") body += item.right.bytes.length;
      }
      assert.ok(items <= input.length && body <= input.length);
      decoder.end();
    }),
    { numRuns: 200 },
  );
});

Deno.test("KEYWORD_CHANGES passes over names that are no keywords, and refuses control characters", () => {
  assert.deepEqual(KEYWORD_CHANGES.parse("&Work\t=a b\t+x)\t-$old\t=\t=ä"), ["&Work", "-$old"]);
  assert.equal(KEYWORD_CHANGES.parse("=x\x01r\x01n* BYE"), undefined);
});
