/**
 * File names are bytes to the system and text to the program. A byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte and turns back into that byte on the way out, so every name that a directory gives can be
 * opened, whatever wrote it.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import { StreamFailure } from "../stream/chunks.ts";

/** The kernel's limit for a path, its final NUL included (linux/limits.h). */
const PATH_MAX = 4096;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Two, because rename and link take two paths in one call.
const first = new Uint8Array(PATH_MAX * 4);
const second = new Uint8Array(PATH_MAX * 4);

const isEscape = (code: number): boolean => code >= 0xdc80 && code <= 0xdcff;

const encodeInto = (path: string, into: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const refuse = (what: string): never => {
    throw new StreamFailure<SyncError>(syncError("Unfit", "store", { path }, what));
  };
  if (path === "") refuse("the path is empty");
  if (path.includes("\0")) refuse("the path has a NUL in it");
  if (path.length >= PATH_MAX) refuse(`the path is longer than ${PATH_MAX - 1} bytes`);
  let end = 0;
  if (path.isWellFormed()) {
    end = encoder.encodeInto(path, into).written;
  } else {
    for (const character of path) {
      const code = character.codePointAt(0)!;
      if (isEscape(code)) into[end++] = code & 0xff;
      else end += encoder.encodeInto(character, into.subarray(end)).written;
    }
  }
  if (end >= PATH_MAX) refuse(`the path is longer than ${PATH_MAX - 1} bytes`);
  into[end] = 0;
  return into;
};

/**
 * A path as bytes with a final NUL, in a buffer that is good until the next call. Throws `Unfit` for a path that is
 * empty, has a NUL in it or is too long.
 */
export const pathBytes = (path: string): Uint8Array<ArrayBuffer> => encodeInto(path, first);

/** Like {@linkcode pathBytes}, for the second path of a call. */
export const secondPathBytes = (path: string): Uint8Array<ArrayBuffer> => encodeInto(path, second);

const decodeDamaged = (bytes: Uint8Array): string => {
  let text = "";
  for (let i = 0; i < bytes.length;) {
    // The longest valid sequence that starts here: 1 to 4 bytes.
    let taken = 0;
    for (let length = 1; length <= 4 && taken === 0 && i + length <= bytes.length; length++) {
      try {
        text += strict.decode(bytes.subarray(i, i + length));
        taken = length;
      } catch {
        // Not valid at this length.
      }
    }
    if (taken === 0) text += String.fromCharCode(0xdc00 + bytes[i]!);
    i += taken || 1;
  }
  return text;
};

/** The text of a name's bytes, so that {@linkcode pathBytes} gives the same bytes again. */
export const nameOfBytes = (bytes: Uint8Array): string => {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeDamaged(bytes);
  }
};
