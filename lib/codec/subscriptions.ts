/**
 * The `subscriptions` file: which names a user is subscribed to. Version 2 begins with "V\t2" and an empty line and
 * has TABs between the parts of a name; version 1 is one storage name to a line (Dovecot's
 * src/lib-storage/list/subscription-file.c).
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { type SyncError, syncError } from "../model/error.ts";
import { INBOX, type MailboxName } from "../model/mailbox.ts";
import {
  formatStorageName,
  layoutSeparator,
  nameRefusal,
  type Naming,
  parseStorageName,
} from "./mailbox_path.ts";

/** A subscriptions file. Lines that are no name are kept as they are. */
export interface Subscriptions {
  /** The version that the file has and keeps. */
  readonly version: 1 | 2;
  /** The lines in the order of the file, without LF and header; each character is one byte. */
  readonly lines: readonly string[];
  /** What follows the last LF: nobody is subscribed to it, and it stays there. */
  readonly rest: string;
}

/** What a missing file stands for. */
export const NO_SUBSCRIPTIONS: Subscriptions = { version: 2, lines: [], rest: "" };

const HEADER_V2 = "V\t2\n\n";
const SLICE = 8192;

/** Bytes as text with one character to each, so that no byte is lost. */
const fromBytes = (bytes: Uint8Array): string => {
  let text = "";
  for (let i = 0; i < bytes.length; i += SLICE) {
    text += String.fromCharCode(...bytes.subarray(i, i + SLICE));
  }
  return text;
};

const toBytes = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a subscriptions file. Total: every byte sequence is one. A last line without LF does not count, as in Dovecot. */
export const parseSubscriptions = (bytes: Uint8Array): Subscriptions => {
  const text = fromBytes(bytes);
  const version = text.startsWith(HEADER_V2) ? 2 : 1;
  const body = version === 2 ? text.slice(HEADER_V2.length) : text;
  const end = body.lastIndexOf("\n") + 1;
  const lines = body.slice(0, end).split("\n").slice(0, -1)
    .map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  return { version, lines, rest: body.slice(end) };
};

/** Writes a subscriptions file in the version that it has. */
export const formatSubscriptions = (file: Subscriptions): Uint8Array =>
  toBytes(
    (file.version === 2 ? HEADER_V2 : "") + file.lines.map((line) => `${line}\n`).join("") +
      file.rest,
  );

const ESCAPES: Readonly<Record<string, string>> = {
  "\x01": "1",
  "\t": "t",
  "\n": "n",
  "\r": "r",
  "\0": "0",
};
const UNESCAPES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ESCAPES).map(([character, letter]) => [letter, character]),
);

const escape = (part: string): string =>
  // deno-lint-ignore no-control-regex
  part.replace(/[\x01\t\n\r\0]/g, (character) => `\x01${ESCAPES[character]}`);

const unescape = (part: string): string =>
  // deno-lint-ignore no-control-regex
  part.replace(/\x01([\s\S]?)/g, (_, letter: string) => UNESCAPES[letter] ?? letter);

// deno-lint-ignore no-control-regex -- a name may have them.
const ASCII = /^[\x00-\x7f]*$/;

/** The text of a line; null: its bytes are no UTF-8. */
const textOf = (line: string): string | null => {
  // Bytes of ASCII are the text that they stand for.
  if (ASCII.test(line)) return line;
  try {
    return decoder.decode(toBytes(line));
  } catch {
    return null;
  }
};

/** How a line begins that is INBOX, or below it, in any spelling. */
const IN_INBOX = /^inbox(?=$|[\t./])/i;

/**
 * The mailbox that a line names. As in Dovecot, what is not modified UTF-7 is taken as it stands, and INBOX may be
 * spelled otherwise. Errors: `Damaged`, where the line names none.
 */
export const parseSubscriptionLine = (
  line: string,
  version: 1 | 2,
  naming: Naming,
): E.Either<SyncError, MailboxName> => {
  const separator = layoutSeparator(naming);
  const stored = version === 2 ? line.split("\t").map(unescape).join(separator) : line;
  const text = textOf(stored);
  if (text === null) {
    return E.left(syncError("Damaged", "mailbox", { mailbox: stored }, "a name is not UTF-8"));
  }
  const [first] = text.split(separator, 1);
  const spelled = /^inbox$/i.test(first!) ? INBOX + text.slice(INBOX.length) : text;
  const name = parseStorageName(spelled, naming);
  if (E.isRight(name)) return name;
  const raw = spelled.replaceAll(separator, "/") as MailboxName;
  const isOneToOne = separator === "/" || !spelled.includes("/");
  return isOneToOne && nameRefusal(raw, naming) === null ? E.right(raw) : name;
};

/** The line of a mailbox. Errors: `Unfit`, where the layout or version 1 (a line end in UTF-8) cannot hold the name. */
export const formatSubscriptionLine = (
  name: MailboxName,
  version: 1 | 2,
  naming: Naming,
): E.Either<SyncError, string> => {
  const stored = formatStorageName(name, naming);
  if (E.isLeft(stored)) return stored;
  const line = fromBytes(encoder.encode(stored.right));
  if (version === 2) {
    return E.right(line.split(layoutSeparator(naming)).map(escape).join("\t"));
  }
  return /[\r\n]/.test(line)
    ? E.left(syncError("Unfit", "mailbox", { mailbox: name }, "a name cannot hold a line end"))
    : E.right(line);
};

/** The subscribed names, in the order of the file, none twice; lines that are no name are passed over. */
export const subscribedNames = (file: Subscriptions, naming: Naming): readonly MailboxName[] => {
  const names = new Set<MailboxName>();
  for (const line of file.lines) {
    const name = parseSubscriptionLine(line, file.version, naming);
    if (E.isRight(name)) names.add(name.right);
  }
  return [...names];
};

/** Lines that have one spelling only: nothing in them is escaped, or modified UTF-7. */
const PLAIN = /^[\t\x20-\x25\x27-\x7e]*$/;

/**
 * The file with a name subscribed (appended) or unsubscribed; the same object when that changes nothing.
 * Errors: `Unfit`, as in {@linkcode formatSubscriptionLine}.
 */
export const withSubscription = (
  file: Subscriptions,
  name: MailboxName,
  subscribed: boolean,
  naming: Naming,
): E.Either<SyncError, Subscriptions> => {
  const line = formatSubscriptionLine(name, file.version, naming);
  if (E.isLeft(line)) return line;
  const others = file.lines.filter((one) => {
    if (PLAIN.test(one) && !IN_INBOX.test(one)) return one !== line.right;
    const there = parseSubscriptionLine(one, file.version, naming);
    return E.isLeft(there) || there.right !== name;
  });
  const had = others.length < file.lines.length;
  if (had === subscribed) return E.right(file);
  if (!subscribed) return E.right({ ...file, lines: others });
  const rest = file.rest === line.right ? "" : file.rest;
  return E.right({ ...file, lines: [...file.lines, line.right], rest });
};
