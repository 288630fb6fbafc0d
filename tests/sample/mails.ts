/**
 * Mails of every awkward kind that the conversions must carry byte for byte.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** The kinds, in words a failing test can print. */
export type MailKind =
  | "plain"
  | "crlf"
  | "mixed line ends"
  | "8-bit"
  | "nul"
  | "empty body"
  | "no body"
  | "no final newline"
  | "bare cr"
  | "mdbox markers"
  | "folded headers"
  | "multipart"
  | "long header line"
  | "huge";

/** The kinds that are small: below 100 kB each. */
export const SMALL_KINDS: readonly MailKind[] = [
  "plain",
  "crlf",
  "mixed line ends",
  "8-bit",
  "nul",
  "empty body",
  "no body",
  "no final newline",
  "bare cr",
  "mdbox markers",
  "folded headers",
  "multipart",
];

const WORDS =
  "the quick brown fox jumps over a lazy dog while seven wizards box six bright jars of liquor"
    .split(" ");

const sentence = (random: Random, words: number): string =>
  Array.from({ length: words }, () => random.pick(WORDS)).join(" ");

const paragraph = (random: Random, lines: number): string =>
  Array.from({ length: lines }, () => sentence(random, 4 + random.int(8)) + "\n").join("");

const header = (random: Random, id: string): string =>
  `From: ${random.pick(["Ada", "Björk", "Émile", "李娜"])} <${random.hex(6)}@example.org>\n` +
  `To: you@example.com\n` +
  `Subject: ${sentence(random, 2 + random.int(5))} ${id}\n` +
  `Date: ${new Date(946684800000 + random.int(780000000) * 1000).toUTCString()}\n` +
  `Message-ID: <${id}.${random.hex(12)}@example.org>\n`;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const noise = (random: Random, length: number, values: number, lowest: number): Uint8Array =>
  Uint8Array.from({ length }, () => lowest + random.int(values));

const mixedLineEnds = (random: Random): Uint8Array =>
  text(
    header(random, "mixed").replaceAll("\n", "\r\n") + "\r\n" +
      Array.from(
        { length: 12 },
        () => sentence(random, 3) + random.pick(["\n", "\r\n", "\r\r\n", "\r", "\n\n"]),
      ).join(""),
  );

const multipart = (random: Random): Uint8Array => {
  const boundary = random.hex(16);
  return text(
    header(random, "multipart") +
      `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n` +
      `--${boundary}\nContent-Type: text/plain; charset=utf-8\n\n${paragraph(random, 3)}` +
      `--${boundary}\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n` +
      `${btoa(paragraph(random, 2)).replace(/.{1,76}/g, "$&\n")}--${boundary}--\n`,
  );
};

const foldedHeaders = (random: Random): Uint8Array =>
  text(
    header(random, "folded") + "References: " +
      Array.from({ length: 40 }, () => `<${random.hex(8)}@example.org>`).join("\n\t") +
      "\nX-Empty:\n\n" + paragraph(random, 2),
  );

/** Thirty million bytes in lines of 78, of which no two pages are alike. */
const huge = (random: Random): Uint8Array => {
  const start = text(header(random, "huge") + "\n");
  const whole = new Uint8Array(30_000_000);
  whole.set(start);
  let value = random.int(0x7fffffff);
  for (let at = start.length; at < whole.length; at++) {
    value = (Math.imul(value, 1103515245) + 12345) & 0x7fffffff;
    whole[at] = (at - start.length) % 78 === 77 ? 10 : 33 + ((value >>> 16) % 94);
  }
  return whole;
};

/** The bytes of one mail. `id` goes into its subject, so that no two mails are equal. */
export const mailBytes = (random: Random, kind: MailKind, id: string): Uint8Array => {
  const head = header(random, id);
  switch (kind) {
    case "plain":
      return text(`${head}\n${paragraph(random, 1 + random.int(30))}`);
    case "crlf":
      return text(`${head}\n${paragraph(random, 5)}`.replaceAll("\n", "\r\n"));
    case "mixed line ends":
      return join(text(`X-Id: ${id}\r\n`), mixedLineEnds(random));
    case "8-bit":
      return join(text(`${head}\n`), noise(random, 400, 246, 10));
    case "nul":
      return join(text(`${head}\nbefore`), noise(random, 60, 3, 0), text("after\n"));
    case "empty body":
      return text(`${head}\n`);
    case "no body":
      return text(head);
    case "no final newline":
      return text(`${head}\n${paragraph(random, 2)}the end`);
    case "bare cr":
      return text(`${head}\none\rtwo\r\rthree\r`);
    case "mdbox markers":
      return text(
        `${head}\n\u0001\u0002N                  00000000000000FF\n\n\u0001\u0003\nR0\nG0\n\n` +
          `From nobody Thu Jan  1 00:00:00 1970\n.\n..\n)\r\n* BYE\n\f\n`,
      );
    case "folded headers":
      return join(text(`X-Id: ${id}\n`), foldedHeaders(random));
    case "multipart":
      return join(text(`X-Id: ${id}\n`), multipart(random));
    case "long header line":
      return text(`${head}X-Long: ${"long ".repeat(210_000)}\n\n${paragraph(random, 2)}`);
    case "huge":
      return huge(random);
  }
};
