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

/** Why the system refused something, without the number and what was asked, which Deno puts behind it. */
export const reasonOf = ({ message }: Error): string => message.replace(/ \(os error [^]*$/, "");

/** An error of a file: what could not be done, and why. What is no error of the system is thrown on. */
export const fileError = (path: string, what: string, cause: unknown): SyncError => {
  if (!(cause instanceof Error)) throw cause;
  return syncError(tagOf(cause), "run", { path }, `${what}: ${reasonOf(cause)}`, cause);
};
