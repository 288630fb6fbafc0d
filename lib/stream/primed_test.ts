import assert from "node:assert/strict";
import { type Chunks, collect, fromArray, mapEither } from "./chunks.ts";
import { primed } from "./primed.ts";
import * as E from "fp-ts/Either.js";

/** A stream that notes how far it is read, and that it is let go of. */
const noting = (notes: string[]): Chunks<number, string> =>
  (async function* () {
    try {
      for (let n = 1; n <= 3; n++) {
        notes.push(`${n}`);
        yield [n];
      }
      notes.push("end");
    } finally {
      notes.push("closed");
    }
  })();

Deno.test("primed: the first chunk is asked for at once, the others when they are read", async () => {
  const notes: string[] = [];
  const { stream, end } = primed(noting(notes));
  assert.deepEqual(notes, ["1"]);
  assert.deepEqual(await collect(stream)(), E.right([1, 2, 3]));
  assert.deepEqual(notes, ["1", "2", "3", "end", "closed"]);
  await end();
  assert.equal(notes.length, 5);
});

Deno.test("primed: what nobody reads is closed by end, what is read in part by its reader", async () => {
  const [unread, read]: [string[], string[]] = [[], []];
  await primed(noting(unread)).end();
  assert.deepEqual(unread, ["1", "closed"]);
  const { stream, end } = primed(noting(read));
  for await (const [n] of stream) if (n === 2) break;
  assert.deepEqual(read, ["1", "2", "closed"]);
  await end();
});

Deno.test("primed: a failure is the reader's; without one it is nobody's", async () => {
  const failing = (): Chunks<number, string> =>
    mapEither((): E.Either<string, number> => E.left("broken"))(fromArray([1]));
  assert.deepEqual(await collect(primed(failing()).stream)(), E.left("broken"));
  await primed(failing()).end();
});
