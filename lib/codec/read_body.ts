/**
 * A mail's bytes as one piece.
 *
 * @module
 */
import type { Mail } from "../model/mail.ts";
import { joinBytes } from "./byte_pieces.ts";

/**
 * Reads a mail's stored bytes to their end; a body that is a stream can be read once. Memory: twice the mail for a
 * moment. Fails as the stream does.
 *
 * @example
 * ```ts
 * import { readBody } from "@dsync/dsync/model";
 * import { mailOf } from "@dsync/dsync/testing";
 *
 * const bytes = await readBody(mailOf({ uid: 1, bytes: "Subject: x\n\ny\n", pieces: 3 }));
 * if (bytes.length !== 14) throw new Error("all of it");
 * ```
 */
export const readBody = async ({ body }: Pick<Mail, "body">): Promise<Uint8Array<ArrayBuffer>> => {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  // A stream may use the memory of a piece again for the next one.
  for await (const piece of body) pieces.push(piece.slice());
  return joinBytes(pieces);
};
