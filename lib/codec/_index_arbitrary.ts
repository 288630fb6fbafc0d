/**
 * For tests: any log records.
 *
 * @module
 */
import fc from "fast-check";
import type { LogRecord } from "./index_record.ts";

const uid = fc.integer({ min: 1, max: 5000 });
const uids = fc.uniqueArray(uid, { minLength: 1, maxLength: 20 })
  .map((list) => Uint32Array.from(list).sort());
const ranges = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 10 })
  .map((steps) => {
    const first: number[] = [];
    const last: number[] = [];
    let at = 0;
    for (const [gap, length] of steps) {
      first.push(at + 1 + gap);
      at += 1 + gap + length;
      last.push(at);
    }
    return { first: Uint32Array.from(first), last: Uint32Array.from(last) };
  });
const bytesFor = (count: number, each: number) =>
  fc.uint8Array({ minLength: count * each, maxLength: count * each });
const part = fc.record({
  offset: fc.nat(70000),
  data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
}).map((values) => ({ ...values }));

/** Any record that is well-formed in itself; its UIDs fit no mailbox in particular. */
export const anyRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  uids.chain((list) =>
    bytesFor(list.length, 1).map((flags): LogRecord => ({ _tag: "Append", uids: list, flags }))
  ),
  ranges.chain((list) =>
    bytesFor(list.first.length, 3).map((bits): LogRecord => ({
      _tag: "FlagUpdate",
      uids: list,
      add: bits.slice(0, list.first.length),
      remove: bits.slice(list.first.length, 2 * list.first.length),
      force: bits.slice(2 * list.first.length),
    }))
  ),
  fc.array(part.filter(({ offset }) => offset < 65536), { minLength: 1, maxLength: 5 })
    .map((parts): LogRecord => ({ _tag: "HeaderUpdate", parts })),
  fc.array(part, { minLength: 1, maxLength: 5 })
    .map((parts): LogRecord => ({ _tag: "ExtHeaderUpdate", parts })),
  fc.record({
    name: fc.stringMatching(/^[a-z-]{1,20}$/),
    resetId: fc.nat(),
    headerSize: fc.nat(),
    recordSize: fc.nat(40),
    recordAlign: fc.nat(8),
    noShrink: fc.boolean(),
  }).map((intro): LogRecord => ({ _tag: "ExtIntro", intros: [{ ...intro, id: null }] })),
  fc.record({ resetId: fc.nat(), preserve: fc.boolean() })
    .map((reset): LogRecord => ({ _tag: "ExtReset", ...reset })),
  fc.tuple(fc.boolean(), fc.string({ minLength: 1, maxLength: 12 }), ranges)
    .filter(([, name]) => !name.includes("\0"))
    .map(([add, name, list]): LogRecord => ({
      _tag: "KeywordUpdate",
      op: add ? "add" : "remove",
      name,
      uids: list,
    })),
  ranges.map((list): LogRecord => ({ _tag: "KeywordReset", uids: list })),
  ranges.map((list): LogRecord => ({ _tag: "Expunge", uids: list })),
  uids.chain((list) =>
    bytesFor(list.length, 16)
      .map((guids): LogRecord => ({ _tag: "ExpungeGuid", uids: list, guids }))
  ),
  uids.chain((list) =>
    fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), {
      minLength: list.length,
      maxLength: list.length,
    }).map((values): LogRecord => ({
      _tag: "ModSeqUpdate",
      uids: list,
      modSeqs: BigUint64Array.from(values),
    }))
  ),
  fc.array(
    fc.record({
      op: fc.constantFrom("set" as const, "unset" as const),
      scope: fc.constantFrom("private" as const, "shared" as const),
      name: fc.stringMatching(/^[a-z/]{1,12}$/),
      at: fc.nat(),
      valueLength: fc.nat(),
    }),
    { minLength: 1, maxLength: 4 },
  ).map((changes): LogRecord => ({
    _tag: "AttributeUpdate",
    changes: changes.map((change) =>
      change.op === "set" ? { ...change } : { ...change, valueLength: 0 }
    ),
  })),
);
