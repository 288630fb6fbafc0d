/**
 * Text of bytes that should be UTF-8 but need not be: a byte that is no part of valid UTF-8 becomes the lone surrogate
 * U+DC00 + byte, and turns back into that byte. So text of a file and names of a directory compare as they should.
 *
 * @module
 */

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The length of the valid UTF-8 sequence that starts at `at`, or 0 (Unicode 15.0, table 3-7). */
const sequenceLength = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) {
    if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  }
  const second = bytes[at + 1]!;
  const overlong = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const beyond = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
};

/** Bytes as text; every byte sequence has one. */
export const textOfBytes = (bytes: Uint8Array): string => {
  try {
    return strict.decode(bytes);
  } catch {
    let text = "";
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const length = sequenceLength(bytes, at);
      if (length > 0) {
        at += length;
        continue;
      }
      text += strict.decode(bytes.subarray(from, at)) + String.fromCharCode(0xdc00 + bytes[at]!);
      from = ++at;
    }
    return text + strict.decode(bytes.subarray(from));
  }
};

/** Whether a text is that of some bytes, and its bytes are those of no other text. */
export const isTextOfBytes = (text: string): boolean =>
  text.isWellFormed() || textOfBytes(bytesOfText(text)) === text;

/** The bytes of a text: undoes {@linkcode textOfBytes}. A lone surrogate that stands for no byte becomes U+FFFD. */
export const bytesOfText = (text: string): Uint8Array => {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes[end++] = code & 0xff;
    else end += encoder.encodeInto(character, bytes.subarray(end)).written;
  }
  return bytes.subarray(0, end);
};
