import assert from "node:assert/strict";
import fc from "fast-check";
import { TextLineStream } from "@std/streams/text-line-stream";

const linesOf = (...chunks: string[]): Promise<string[]> =>
  Array.fromAsync(ReadableStream.from(chunks).pipeThrough(new TextLineStream()));

Deno.test("TextLineStream: lines without their ends", async () => {
  const rows: readonly (readonly [string[], string[]])[] = [
    [[], []],
    [["", ""], []],
    [["a"], ["a"]],
    [["a\n"], ["a"]],
    [["a\n\nb"], ["a", "", "b"]],
    [["\n"], [""]],
    [["a\r\nb\rc\r"], ["a", "b\rc\r"]],
    [["a\r", "\nb", "c", "\n"], ["a", "bc"]],
  ];
  for (const [chunks, lines] of rows) {
    assert.deepEqual(await linesOf(...chunks), lines, JSON.stringify(chunks));
  }
});

Deno.test("TextLineStream: chunk edges mean nothing", async () => {
  const chunks = fc.array(
    fc.string({ unit: fc.constantFrom("a", "b", "\r", "\n"), maxLength: 6 }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(chunks, async (parts) => {
      assert.deepEqual(await linesOf(...parts), await linesOf(parts.join("")));
    }),
    { numRuns: 50 },
  );
});
