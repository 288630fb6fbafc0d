/**
 * How Dovecot's plugins zlib (2.4: mail_compress) and mail_crypt change the bytes of a mail, told by what it begins with.
 *
 * Source: Dovecot, src/lib-compression/compression.c; src/plugins/mail-crypt.
 *
 * @module
 */

/** What stands between the stored bytes of a mail and its own. */
export type Compression = "gzip" | "bzip2" | "xz" | "lz4" | "zstd" | "mail_crypt";

/** Those that are read here as clients see them. */
export type Readable = "gzip" | "lz4" | "zstd";

/** Whether mails that are stored so can be read here. */
export const isReadable = (compression: Compression): compression is Readable =>
  compression === "gzip" || compression === "lz4" || compression === "zstd";

/** Any byte. */
const ANY = null;

const ascii = (text: string): readonly number[] => [...text].map((char) => char.charCodeAt(0));

const MAGICS: readonly (readonly [Compression, readonly (number | typeof ANY)[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["bzip2", [...ascii("BZh"), ANY, ...ascii("1AY&SY")]],
  ["xz", [0xfd, ...ascii("7zXZ")]],
  ["lz4", ascii("Dovecot-LZ4\x0d\x2a\x9b\xc5")],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["mail_crypt", ascii("CRYPTED\x03\x07")],
];

/** So many bytes from the beginning are enough for {@linkcode compressionOf}. */
export const MAGIC_SIZE = Math.max(...MAGICS.map(([, magic]) => magic.length));

/** What the bytes of a mail begin with, or null where that is nothing known, as with all mails that are stored plain. */
export const compressionOf = (start: Uint8Array): Compression | null =>
  MAGICS.find(([, magic]) => magic.every((byte, i) => byte === ANY || start[i] === byte))?.[0] ??
    null;
