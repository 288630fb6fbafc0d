/**
 * Files beside a running Dovecot may be gone at any call.
 *
 * @module
 */
import { StreamFailure } from "../../stream/chunks.ts";

/** What `use` gives, or null when it fails because a file or directory is missing. */
export const ifThere = <A>(use: () => A): A | null => {
  try {
    return use();
  } catch (thrown) {
    if (thrown instanceof StreamFailure && thrown.error._tag === "Missing") return null;
    throw thrown;
  }
};
