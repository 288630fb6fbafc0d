/**
 * Bodies on the wire: raw bytes with a dot doubled where it begins a line, ended by CR LF . CR LF whatever stands before
 * (Dovecot's src/lib-mail/istream-dot.c, dsync_ibc_stream_send_value_stream).
 *
 * @module
 */

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

const NOTHING: Uint8Array = new Uint8Array(0);

/** What ends a body. Its first line end is no part of the body. */
export const BODY_TERMINATOR: Uint8Array = new Uint8Array([CR, LF, DOT, CR, LF]);

/** What a scan of a part of a body gives. */
export interface BodyScan {
  /** Bytes of the body; shares memory with the input where no dot was dropped. */
  readonly bytes: Uint8Array;
  /** How many bytes of the input are done with. The rest comes again, with more behind it. */
  readonly used: number;
  /** Whether the terminator was among them. */
  readonly ended: boolean;
}

/** Where the line end begins that stands before `end`: at CR LF or LF. */
const lineEndStart = (bytes: Uint8Array, end: number): number =>
  bytes[end - 2] === CR ? end - 2 : end - 1;

/** Where the end of the input may be the beginning of a terminator; its length where not. */
const heldFrom = (bytes: Uint8Array): number => {
  const last = bytes[bytes.length - 1];
  return last === LF
    ? lineEndStart(bytes, bytes.length)
    : last === CR
    ? bytes.length - 1
    : bytes.length;
};

/** How many bytes end a body behind a dot at the start of a line; 0: it goes on; -1: more is needed. */
const endBehind = (bytes: Uint8Array, dot: number): number => {
  const next = bytes[dot + 1];
  if (next === undefined) return -1;
  if (next === LF) return 2;
  if (next !== CR) return 0;
  const third = bytes[dot + 2];
  return third === undefined ? -1 : third === LF ? 3 : 0;
};

/** The bytes between the dropped dots. */
const without = (bytes: Uint8Array, dropped: readonly number[], end: number): Uint8Array => {
  if (dropped.length === 0) return bytes.subarray(0, end);
  const kept = new Uint8Array(end - dropped.length);
  let from = 0;
  let to = 0;
  for (const dot of [...dropped, end]) {
    kept.set(bytes.subarray(from, dot), to);
    to += dot - from;
    from = dot + 1;
  }
  return kept;
};

/**
 * Decodes what is there of a body; `atStart` tells whether the input begins where the body does. Total, linear; at most
 * 4 bytes are left over while the terminator is not seen.
 *
 * At the very start of a body a dot goes only where it is doubled. Dovecot 2.3.19.1 doubles it when it sends, and when
 * it reads would drop a single one; that would be a byte of the mail from a sender that does not double there. No
 * sender ends a body before a line end.
 */
export const scanBody = (bytes: Uint8Array, atStart: boolean): BodyScan => {
  const dropped: number[] = [];
  let from = 0;
  if (atStart && bytes[0] === DOT) {
    if (bytes.length === 1) return { bytes: NOTHING, used: 0, ended: false };
    if (bytes[1] === DOT) dropped.push(0);
    from = 1;
  }
  for (let dot = bytes.indexOf(DOT, from); dot >= 0; dot = bytes.indexOf(DOT, from)) {
    from = dot + 1;
    if (dot === 0 || bytes[dot - 1] !== LF) continue;
    const lineEnd = lineEndStart(bytes, dot);
    const end = endBehind(bytes, dot);
    if (end !== 0) {
      const ended = end > 0;
      return {
        bytes: without(bytes, dropped, lineEnd),
        used: ended ? dot + end : lineEnd,
        ended,
      };
    }
    dropped.push(dot);
  }
  const held = heldFrom(bytes);
  return { bytes: without(bytes, dropped, held), used: held, ended: false };
};

/**
 * Encodes a piece of a body. `previous` is the last byte of the piece before, null at the start of the body. A dot at the
 * very start is doubled as well: a Dovecot drops one there. The input itself comes back where no dot
 * begins a line.
 */
export const stuffDots = (bytes: Uint8Array, previous: number | null): Uint8Array => {
  const doubled: number[] = [];
  for (let dot = bytes.indexOf(DOT); dot >= 0; dot = bytes.indexOf(DOT, dot + 1)) {
    const before = dot > 0 ? bytes[dot - 1]! : previous;
    if (before === null || before === LF) doubled.push(dot);
  }
  if (doubled.length === 0) return bytes;
  const stuffed = new Uint8Array(bytes.length + doubled.length);
  let from = 0;
  let to = 0;
  for (const dot of doubled) {
    stuffed.set(bytes.subarray(from, dot), to);
    to += dot - from;
    stuffed[to++] = DOT;
    from = dot;
  }
  stuffed.set(bytes.subarray(from), to);
  return stuffed;
};
