/**
 * Mailbox names as IMAP and Dovecot's directories spell them. Written apart from the library on purpose: the tests
 * that judge it must not share its mistakes.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

/** Modified UTF-7 of a name or of a part of one (RFC 3501 5.1.3); "/" stays as it is. */
export const mutf7 = (name: string): string =>
  name.replace(
    /&|[^\x20-\x7e]+/g,
    (run) =>
      run === "&"
        ? "&-"
        : `&${utf16be(run).toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`,
  );
