/**
 * What the system refused, where Deno and not the C library asks it: files of the program's own, not mail.
 *
 * @module
 */
import { type ErrorTag, type SyncError, syncError } from "../lib/model/error.ts";

const tagOf = (cause: Error): ErrorTag =>
  cause instanceof Deno.errors.NotFound
    ? "Missing"
    : cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotCapable
    ? "Denied"
    : "Io";

/** An error of a file: what could not be done, and why. What is no error of the system is thrown on. */
export const fileError = (path: string, what: string, cause: unknown): SyncError => {
  if (!(cause instanceof Error)) throw cause;
  // Deno puts the number behind the reason, and what was asked behind that.
  const reason = cause.message.replace(/ \(os error [^]*$/, "");
  return syncError(tagOf(cause), "run", { path }, `${what}: ${reason}`, cause);
};
