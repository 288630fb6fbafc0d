/**
 * Small files brought into the system's memory, many at a time: a disk answers thirty questions in little more time than
 * one.
 *
 * @module
 */
import type { Files } from "../port/os.ts";
import { StreamFailure } from "../stream/chunks.ts";
import { libc, libcAhead, O } from "./libc.ts";
import { pathBytes } from "./path_bytes.ts";

/** POSIX_FADV_WILLNEED (bits/fcntl-linux.h). */
const WILL_NEED = 3;
const FLAGS = O.RDONLY | O.CLOEXEC | O.NOCTTY | O.NONBLOCK;

/** The bytes of a path in memory of their own; null: no file can have it. */
const ownPathBytes = (path: string): Uint8Array<ArrayBuffer> | null => {
  try {
    const bytes = pathBytes(path);
    return bytes.slice(0, bytes.indexOf(0) + 1);
  } catch (thrown) {
    if (!(thrown instanceof StreamFailure)) throw thrown;
    return null;
  }
};

/** Opening a file waits for what the disk has of its inode; its bytes are then on their way by themselves. */
const readOne = async (path: string): Promise<void> => {
  const bytes = ownPathBytes(path);
  if (bytes === null) return;
  const fd = await libcAhead().open(bytes, FLAGS, 0);
  if (fd < 0) return;
  libcAhead().posix_fadvise(fd, 0n, 0n, WILL_NEED);
  libc().close(fd);
};

/** See {@linkcode Files}. As many are under way as the engine has threads for. */
export const readAhead: NonNullable<Files["readAhead"]> = async (paths) => {
  await Promise.all(paths.map(readOne));
};
