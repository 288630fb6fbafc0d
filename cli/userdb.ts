/**
 * Asking Dovecot's auth process for a user.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { parseUserdbReply, type UserdbEntry, userdbQuestion } from "../lib/codec/userdb_reply.ts";
import { type SyncError, syncError } from "../lib/model/error.ts";

/** An answer is one line, of some hundred bytes. */
const MAX_BYTES = 65_536;

const failed = (path: string, what: string, cause?: unknown): Either<SyncError, never> => {
  const tag = cause instanceof Deno.errors.PermissionDenied ? "Denied" : "Io";
  return E.left(syncError(tag, "run", { path }, what, cause));
};

/** Looks `user` up on the socket at `path`; an auth process that says nothing is given `timeoutMs`. */
export const lookUpUser = async (
  path: string,
  user: string,
  timeoutMs: number,
): Promise<Either<SyncError, UserdbEntry>> => {
  let connection: Deno.UnixConn;
  try {
    connection = await Deno.connect({ transport: "unix", path });
  } catch (cause) {
    return failed(path, `-u ${user}: Dovecot's auth process cannot be asked`, cause);
  }
  const timer = setTimeout(() => connection.close(), timeoutMs);
  try {
    await connection.write(new TextEncoder().encode(userdbQuestion(user)));
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    for (let seen = 0; seen < MAX_BYTES;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      seen += count;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const reply = parseUserdbReply(line, user);
        if (E.isLeft(reply)) return reply;
        if (reply.right !== null) return E.right(reply.right);
      }
    }
    return failed(path, `-u ${user}: Dovecot's auth process did not answer`);
  } catch (cause) {
    return failed(path, `-u ${user}: Dovecot's auth process did not answer`, cause);
  } finally {
    clearTimeout(timer);
    try {
      connection.close();
    } catch {
      // Closed by the timer.
    }
  }
};
