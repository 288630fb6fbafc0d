import assert from "node:assert/strict";
import fc from "fast-check";
import { BODY_TERMINATOR, scanBody, stuffDots } from "./dsync_wire_body.ts";
import { joinBytes } from "./byte_pieces.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (of: Uint8Array) => String.fromCharCode(...of);

/** Bodies full of what matters here. */
const bodies = fc.string({ unit: fc.constantFrom(".", "\r", "\n", "a", "\0"), maxLength: 24 })
  .map(bytes);

Deno.test("scanBody: the terminator, what only looks like it, and what is held back", () => {
  const rows: readonly [string, string, string, number, boolean][] = [
    ["nothing", "", "", 0, false],
    ["empty body", "\r\n.\r\n", "", 5, true],
    ["the CR LF before the dot is no part", "a\r\n.\r\nrest", "a", 6, true],
    ["a final LF is", "a\n\r\n.\r\n", "a\n", 7, true],
    ["a final CR is", "a\r\r\n.\r\n", "a\r", 7, true],
    ["loose end: LF . LF", "a\n.\nX", "a", 4, true],
    ["loose end: LF . CR LF", "a\n.\r\nX", "a", 5, true],
    ["doubled dot", "a\n..b c", "a\n.b c", 7, false],
    ["single dot in front of text is dropped", "a\n.b", "a\nb", 4, false],
    ["dot CR and no LF", "a\n.\rbc", "a\n\rbc", 6, false],
    ["dot inside a line", "a.\nb", "a.\nb", 4, false],
    ["CR held", "a\r", "a", 1, false],
    ["CR LF held", "a\r\n", "a", 1, false],
    ["LF held", "a\n", "a", 1, false],
    ["LF dot held", "a\n.", "a", 1, false],
    ["CR LF dot CR held", "a\r\n.\r", "a", 1, false],
    ["doubled dot, then LF held", "\n..\n", "\n.", 3, false],
    ["a dot that is not the first of the body", ".x", ".x", 2, false],
    ["with a line end behind it", ".\nx", ".\nx", 3, false],
  ];
  for (const [name, input, body, used, ended] of rows) {
    const scan = scanBody(bytes(input), false);
    assert.deepEqual([text(scan.bytes), scan.used, scan.ended], [body, used, ended], name);
  }
});

Deno.test("scanBody: at the start of a body a dot goes only where it is doubled", () => {
  const rows: readonly [string, string, string, number, boolean][] = [
    ["nothing", "", "", 0, false],
    ["alone: who knows", ".", "", 0, false],
    ["doubled", "..x", ".x", 3, false],
    ["three", "...", "..", 3, false],
    ["single", ".x", ".x", 2, false],
    ["a line of a dot", ".\r\nx", ".\r\nx", 4, false],
    ["a doubled dot, then the end", "..\r\n.\r\nrest", ".", 7, true],
    ["a single dot, then the end", ".\r\n.\r\nrest", ".", 6, true],
    ["LF, then the end", "\n.\r\n", "", 4, true],
    ["CR held", "..\r", ".", 2, false],
  ];
  for (const [name, input, body, used, ended] of rows) {
    const scan = scanBody(bytes(input), true);
    assert.deepEqual([text(scan.bytes), scan.used, scan.ended], [body, used, ended], name);
  }
});

Deno.test("scanBody: shares memory where no dot was dropped", () => {
  const input = bytes("a.b\nc");
  assert.equal(scanBody(input, false).bytes.buffer, input.buffer);
});

Deno.test("stuffDots: doubles dots that begin a line, also over pieces", () => {
  const rows: readonly [string, string, number | null, string][] = [
    ["inside", "a.b", null, "a.b"],
    ["first of all", ".a", null, "..a"],
    ["behind LF", "a\n.\n.", null, "a\n..\n.."],
    ["behind CR", "a\r.", null, "a\r."],
    ["piece behind LF", ".a", 0x0a, "..a"],
    ["piece behind another byte", ".a", 0x2e, ".a"],
    ["two dots", "\n..", 0x61, "\n..."],
    ["empty piece", "", 0x0a, ""],
  ];
  for (const [name, input, previous, stuffed] of rows) {
    assert.equal(text(stuffDots(bytes(input), previous)), stuffed, name);
  }
});

/** Decodes with every chunk as it comes, as the decoder does. */
const scanned = (chunks: readonly Uint8Array[]): string | null => {
  let rest: Uint8Array = new Uint8Array(0);
  let atStart = true;
  const pieces: Uint8Array[] = [];
  for (const chunk of chunks) {
    rest = joinBytes([rest, chunk]);
    const scan = scanBody(rest, atStart);
    assert.ok(scan.ended || rest.length - scan.used <= 4, "at most 4 bytes are held");
    pieces.push(scan.bytes);
    if (scan.ended) return text(joinBytes(pieces));
    if (scan.used > 0) atStart = false;
    rest = rest.subarray(scan.used);
  }
  return null;
};

Deno.test("stuffDots, scanBody: any body in any pieces comes out as it went in", () => {
  fc.assert(fc.property(fc.array(bodies, { maxLength: 4 }), fc.integer({ min: 1, max: 7 }), (
    pieces,
    cut,
  ) => {
    let previous: number | null = null;
    const wire: Uint8Array[] = [];
    for (const piece of pieces) {
      wire.push(stuffDots(piece, previous));
      previous = piece[piece.length - 1] ?? previous;
    }
    const whole = joinBytes([...wire, BODY_TERMINATOR]);
    const chunks = [];
    for (let at = 0; at < whole.length; at += cut) chunks.push(whole.subarray(at, at + cut));
    assert.equal(scanned(chunks), text(joinBytes(pieces)));
  }));
});

Deno.test("scanBody: from a sender that does not double a first dot it comes out, too", () => {
  const single = bodies.filter((body) => !text(body).startsWith(".."));
  fc.assert(fc.property(single, fc.integer({ min: 1, max: 7 }), (body, cut) => {
    // As if a byte that is no LF stood before the first.
    const whole = joinBytes([stuffDots(body, 0), BODY_TERMINATOR]);
    const chunks = [];
    for (let at = 0; at < whole.length; at += cut) chunks.push(whole.subarray(at, at + cut));
    assert.equal(scanned(chunks), text(body));
  }));
});
