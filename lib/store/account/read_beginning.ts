/**
 * The beginning of a file, where the rest is of no use.
 *
 * @module
 */
import type { Os } from "../../port/os.ts";
import { ifThere } from "./if_there.ts";

/** At most `length` bytes from the start of a file; null where there is none. Throws `StreamFailure`. */
export const readBeginning = (os: Os, path: string, length: number): Uint8Array | null => {
  const fd = ifThere(() => os.files.open(path, "r"));
  if (fd === null) return null;
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, os.files.read(fd, bytes, 0));
  } finally {
    os.files.close(fd);
  }
};
