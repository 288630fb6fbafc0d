/**
 * A spool in a file of the directory for temporary files, without a name as soon as it is open.
 *
 * @module
 */
import { type SyncError, syncError } from "../model/error.ts";
import type { Fd } from "../port/os.ts";
import type { Spool, Spooled } from "../port/spool.ts";
import { failStream } from "../stream/chunks.ts";
import { makeDisk } from "./disk.ts";
import { failCall } from "./errno.ts";
import { makeFiles, OpenFiles, rawOpen } from "./files.ts";
import { O } from "./libc.ts";

/** The most bytes that one part of a piece has. */
const PART = 256 * 1024;

const failed = (path: string, what: string, cause: unknown): never =>
  failStream<SyncError>(syncError("Io", "run", { path }, what, cause));

/** Makes a {@linkcode Spool}. What the system refuses is thrown as a stream failure, scope "run". */
export const makeSpool = (directory = Deno.env.get("TMPDIR") || "/tmp"): Spool => {
  const openFiles = new OpenFiles();
  const files = makeFiles(openFiles);
  const disk = makeDisk(files, openFiles);
  const path = `${directory}/dsync-spool-${crypto.randomUUID()}`;
  let fd: Fd | null = null;
  let end = 0;
  const opened = (): Fd => {
    if (fd !== null) return fd;
    try {
      // Others must never read what is in it, not even while it has a name: nor whoever has the directory.
      const made = rawOpen(path, O.RDWR | O.CREAT | O.EXCL | O.CLOEXEC, 0o600);
      if (made < 0) failCall("create", path);
      openFiles.add(made, path, false);
      fd = made;
      disk.unlink(path);
      return fd;
    } catch (cause) {
      return failed(path, "a temporary file cannot be made", cause);
    }
  };
  const read = async function* ({ at, size }: Spooled): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < size;) {
      const part = new Uint8Array(Math.min(PART, size - done));
      const count = files.read(opened(), part, at + done);
      if (count === 0) failed(path, "a temporary file has become shorter", null);
      done += count;
      yield part.subarray(0, count);
    }
  };
  return {
    append: (bytes) => {
      const piece = { at: end, size: bytes.length };
      try {
        if (bytes.length > 0) disk.write(opened(), bytes, end);
      } catch (cause) {
        failed(path, "a temporary file cannot be written", cause);
      }
      end += bytes.length;
      return piece;
    },
    read,
    close: () => {
      if (fd !== null) files.close(fd);
      fd = null;
    },
  };
};
