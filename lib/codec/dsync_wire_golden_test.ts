import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeAll, encodeAll, right } from "./_dsync_wire_session.ts";
import { joinBytes } from "./byte_pieces.ts";
import { hashedHeaderNames, type WireItem } from "./dsync_wire_item.ts";

const GOLDEN = join(import.meta.dirname!, "../../tests/golden/wire");

const sessions = [...Deno.readDirSync(GOLDEN)].filter(({ isDirectory }) => isDirectory)
  .map(({ name }) => name).sort();

/** The master closed in the middle: no `F` and no `X` of the slave follows its `X`. */
const CUT_SHORT: ReadonlySet<string> = new Set(["backup-reverse"]);

const recorded = (session: string, direction: string): Uint8Array =>
  Deno.readFileSync(join(GOLDEN, session, `${direction}.bin`));

const itemsOf = (session: string, direction: string): readonly WireItem[] =>
  right(decodeAll([recorded(session, direction)]), `${session}/${direction}`);

Deno.test("recorded sessions of a Dovecot decode, and encode back to the same bytes", () => {
  assert.equal(sessions.length, 43);
  for (const session of sessions) {
    for (const direction of ["client-to-server", "server-to-client"]) {
      const title = `${session}/${direction}`;
      const bytes = right(encodeAll(itemsOf(session, direction)), title);
      assert.deepEqual(bytes, recorded(session, direction), title);
    }
  }
});

Deno.test("recorded sessions begin with hello and handshake, and the slave's end with what ends it", () => {
  for (const session of sessions) {
    const client = itemsOf(session, "client-to-server");
    const server = itemsOf(session, "server-to-client");
    assert.deepEqual(client[0], { _tag: "Hello", minor: 5, extensions: [] });
    assert.deepEqual(server[0], { _tag: "Hello", minor: 5, extensions: [] });
    const handshake = client[1]!;
    assert.ok(handshake._tag === "Handshake", session);
    assert.equal(handshake.hostname, "one.example");
    assert.equal(handshake.mailRequests, true);
    // The trailing TAB of a Dovecot is an empty name, which must not be hashed.
    assert.deepEqual(handshake.hashedHeaders, ["Date", "Message-ID", ""]);
    assert.deepEqual(hashedHeaderNames(handshake), ["Date", "Message-ID"]);
    assert.equal(server.at(-1)!._tag, CUT_SHORT.has(session) ? "EndOfList" : "Done", session);
  }
});

Deno.test("recorded bodies are the mails that were sent", () => {
  const bodies: string[] = [];
  let pieces: Uint8Array[] = [];
  for (const item of itemsOf("mail-bodies", "client-to-server")) {
    if (item._tag === "BodyPiece") pieces.push(item.bytes);
    if (item._tag !== "BodyEnd") continue;
    bodies.push(new TextDecoder("latin1").decode(joinBytes(pieces)));
    pieces = [];
  }
  assert.deepEqual(bodies.map((body) => body.replace(/^Subject: [^\r\n]*/, "")), [
    "\n\n.\n..two\n.three\nx.\n",
    "\n\none\n.two\n",
    "\n\nlast",
    "\n\n",
    "\n\ntab\there\x01\x02 8bit \u00c3\u00a4\n",
  ]);
});

Deno.test("recorded values: what the sheets of the protocol name", () => {
  const deletes = itemsOf("deletes-item", "client-to-server")
    .find((item) => item._tag === "Deletes")!;
  assert.ok(deletes._tag === "Deletes");
  assert.equal(deletes.separator, "/");
  assert.equal(deletes.mailboxes?.length, 2);
  assert.deepEqual(deletes.unsubscribed, [
    { id: "e274eeff768c6396088ec6eb091f4bf4", at: 1795444660 },
  ]);
  const nested = itemsOf("deletes-item", "server-to-client")
    .flatMap((item) => item._tag === "TreeNode" ? [item.name] : []);
  assert.deepEqual(nested, [["INBOX"], ["home"], ["work"], ["work", "sub"]]);
  const values = itemsOf("attributes", "client-to-server")
    .flatMap((item) => item._tag === "Attribute" ? [item.value] : []);
  assert.deepEqual(values, ["hello world", "line1\nline2\ttab"]);
});
