/**
 * The size that IMAP and POP3 clients are told: stored bytes, each LF counted as CR LF.
 *
 * Every byte of a conversion passes here, sixteen at a time: this is WebAssembly, as no engine does it so by itself.
 *
 * ```wat
 * (module
 *   (memory (export "memory") 2)
 *   (func (export "count") (param $at i32) (param $to i32) (result i32)
 *     (local $count i32)
 *     (block $few (loop $blocks
 *       (br_if $few (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $to)))
 *       (local.set $count (i32.add (local.get $count) (i32.popcnt (i8x16.bitmask (v128.andnot
 *         (i8x16.eq (v128.load (local.get $at)) (i8x16.splat (i32.const 10)))
 *         (i8x16.eq (v128.load (i32.sub (local.get $at) (i32.const 1))) (i8x16.splat (i32.const 13))))))))
 *       (local.set $at (i32.add (local.get $at) (i32.const 16)))
 *       (br $blocks)))
 *     (block $end (loop $bytes
 *       (br_if $end (i32.ge_u (local.get $at) (local.get $to)))
 *       (local.set $count (i32.add (local.get $count) (i32.and
 *         (i32.eq (i32.load8_u (local.get $at)) (i32.const 10))
 *         (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 13)))))
 *       (local.set $at (i32.add (local.get $at) (i32.const 1)))
 *       (br $bytes)))
 *     (local.get $count)))
 * ```
 *
 * @module
 */

/** The module above, as wat2wasm makes it. */
const MODULE =
  "AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAIHEgIGbWVtb3J5AgAFY291bnQAAAp1AXMBAX8CQANAIABBEGogAUsNASAC" +
  "IAD9AAQAQQr9D/0jIABBAWv9AAQAQQ39D/0j/U/9ZGlqIQIgAEEQaiEADAALCwJAA0AgACABTw0BIAIgAC0AAEEKRiAA" +
  "QQFrLQAAQQ1HcWohAiAAQQFqIQAMAAsLIAIL";

/** Where bytes are put: the one before them has to be readable, too. */
const FROM = 16;

interface Counter {
  /** The module's memory. */
  readonly memory: Uint8Array;
  /** Counts from one place of it to another. */
  readonly count: (from: number, to: number) => number;
}

const load = (): Counter => {
  const bytes = Uint8Array.from(atob(MODULE), (character) => character.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, count } = exports as {
    readonly memory: WebAssembly.Memory;
    readonly count: Counter["count"];
  };
  return { memory: new Uint8Array(memory.buffer), count };
};

let loaded: Counter | undefined;

/** How many bytes of `piece` are LFs that no CR precedes; `previous` is the byte before the piece. */
export const countBareLf = (piece: Uint8Array, previous: number): number => {
  const { memory, count } = loaded ??= load();
  const most = memory.length - FROM;
  let found = 0;
  for (let at = 0; at < piece.length; at += most) {
    const part = piece.length <= most ? piece : piece.subarray(at, at + most);
    memory[FROM - 1] = at === 0 ? previous : piece[at - 1]!;
    memory.set(part, FROM);
    found += count(FROM, FROM + part.length);
  }
  return found;
};
