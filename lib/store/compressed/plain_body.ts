/**
 * The mails that Dovecot's plugins have compressed, as clients see them.
 *
 * @module
 */
import { joinBytes } from "../../codec/byte_pieces.ts";
import {
  type Compression,
  compressionOf,
  isReadable,
  type Readable,
} from "../../codec/compression.ts";
import { Lz4Decoder } from "../../codec/dovecot_lz4.ts";
import { type Place, type SyncError, syncError, withPlace } from "../../model/error.ts";
import { type Body, isInMemory } from "../../model/mail.ts";
import type { Decompress } from "../../port/os.ts";
import { StreamFailure } from "../../stream/chunks.ts";
import { orFail, thrownError } from "../account/or_fail.ts";

/** Mails up to this size, stored and plain, are decompressed at once. */
const SMALL = 1 << 20;

/** A mail as it is stored. */
export interface Stored {
  /** What it begins with; {@linkcode MAGIC_SIZE} bytes are enough. */
  readonly start: Uint8Array;
  /** Its stored bytes. */
  readonly body: Body;
  /** How many these are. */
  readonly size: number;
  /** How many bytes it is said to have plain. */
  readonly plainSize: number;
}

const WHY_NOT: Readonly<Record<Exclude<Compression, Readable>, string>> = {
  bzip2: "the mail is compressed with bzip2",
  xz: "the mail is compressed with xz",
  mail_crypt: "the mail is encrypted (mail_crypt)",
};

const fail = (tag: "Damaged" | "Unsupported", what: string): never => {
  throw new StreamFailure<SyncError>(syncError(tag, "message", {}, what));
};

const readable = (start: Uint8Array): Readable => {
  const found = compressionOf(start);
  if (found === null) return fail("Unsupported", "the mail is stored changed in a way not known");
  return isReadable(found) ? found : fail("Unsupported", WHY_NOT[found]);
};

const wrongSize = (bytes: number, plainSize: number): never =>
  fail("Damaged", `it has ${bytes} bytes when decompressed, not ${plainSize}`);

async function* lz4Pieces(body: Body, plainSize: number): AsyncGenerator<Uint8Array> {
  const decoder = new Lz4Decoder(plainSize);
  for await (const piece of body) yield* orFail(decoder.take(piece));
  orFail(decoder.end());
}

async function* anew(pieces: Body): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const whole = (
  decompress: Decompress,
  compression: Readable,
  body: readonly Uint8Array[],
  plainSize: number,
): Uint8Array => {
  if (compression !== "lz4") return decompress.whole(compression, joinBytes(body), plainSize);
  const decoder = new Lz4Decoder(plainSize);
  const plain = body.flatMap((piece) => orFail(decoder.take(piece)));
  orFail(decoder.end());
  return joinBytes(plain);
};

async function* inPieces(
  decompress: Decompress,
  compression: Readable,
  { body, plainSize }: Stored,
  where: Place,
): AsyncGenerator<Uint8Array> {
  const plain = compression === "lz4"
    ? lz4Pieces(body, plainSize)
    : decompress.pieces(compression, anew(body));
  let bytes = 0;
  try {
    for await (const piece of plain) {
      bytes += piece.length;
      if (bytes > plainSize) fail("Damaged", `more than ${plainSize} bytes when decompressed`);
      yield piece;
    }
    if (bytes !== plainSize) wrongSize(bytes, plainSize);
  } catch (thrown) {
    throw new StreamFailure(withPlace(thrownError(thrown), where));
  }
}

/**
 * The bytes of a compressed mail as clients see them, `plainSize` of them: in memory where the mail is small, else a
 * stream. A small one that has as many bytes as it is said to have plain, and cannot be decompressed to these, is given
 * as it is stored. Thrown, or what the stream fails with: `Unsupported` for what cannot be decompressed here, `Damaged`
 * for bytes that are no such stream or are not as many as they are said to be; the place is `where`. Memory: a small mail,
 * or what the stream's window is, 128 MiB at most (zstd).
 */
export const plainBody = (decompress: Decompress, stored: Stored, where: Place): Body => {
  const { start, size, body, plainSize } = stored;
  try {
    const compression = readable(start);
    if (!isInMemory(body) || plainSize > SMALL) {
      return inPieces(decompress, compression, stored, where);
    }
    const plain = whole(decompress, compression, body, plainSize);
    return plain.length === plainSize ? [plain] : wrongSize(plain.length, plainSize);
  } catch (thrown) {
    const error = thrownError(thrown);
    // A mail may begin like that and be stored plain: somebody's junk, not the work of a plugin.
    if (error._tag === "Damaged" && plainSize === size) return body;
    throw new StreamFailure(withPlace(error, where));
  }
};
