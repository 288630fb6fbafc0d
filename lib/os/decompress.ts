/**
 * Decompression by the runtime's own zlib and zstd.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { Decompress } from "../port/os.ts";
import { StreamFailure } from "../stream/chunks.ts";

// Loaded when the first compressed mail is read: an import would cost each run its 15 ms.
const zlib = () => globalThis.process.getBuiltinModule("node:zlib");
const streams = () => globalThis.process.getBuiltinModule("node:stream");

/** The runtime refused these bytes. Its errors are of no class of their own, and some have no code. */
const damaged = (thrown: unknown, limit: number): StreamFailure<SyncError> => {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  const what = code === "ERR_BUFFER_TOO_LARGE"
    ? `more than ${limit} bytes when decompressed`
    : `it cannot be decompressed: ${message}`;
  return new StreamFailure<SyncError>(syncError("Damaged", "message", {}, what, thrown));
};

/** The decompression of this machine. */
export const decompress: Decompress = {
  whole: (compression, bytes, limit) => {
    const { gunzipSync, zstdDecompressSync } = zlib();
    const one = compression === "gzip" ? gunzipSync : zstdDecompressSync;
    try {
      // It takes no limit of 0.
      return one(bytes, { maxOutputLength: Math.max(1, limit) });
    } catch (thrown) {
      throw damaged(thrown, limit);
    }
  },
  pieces: async function* (compression, pieces) {
    const { createGunzip, createZstdDecompress } = zlib();
    const { pipeline, Readable } = streams();
    const plain = compression === "gzip" ? createGunzip() : createZstdDecompress();
    // What fails on the way ends the stream that is read here, too.
    pipeline(Readable.from(pieces), plain, () => {});
    try {
      for await (const piece of plain) yield piece as Uint8Array;
    } catch (thrown) {
      throw thrown instanceof StreamFailure ? thrown : damaged(thrown, Infinity);
    }
  },
};
