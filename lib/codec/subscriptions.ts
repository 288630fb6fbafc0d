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
  type Naming,
  parseStorageName,
} from "./mailbox_path.ts";

/** A subscriptions file. Lines that are no name are kept as they are. */
export interface Subscriptions {
  /** The version that the file has and keeps. */
  readonly version: 1 | 2;
  /** The lines in the order of the file, without LF and header; each character is one byte. */
  readonly lines: readonly string[];
}

/** What a missing file stands for. */
export const NO_SUBSCRIPTIONS: Subscriptions = { version: 2, lines: [] };

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

/** Reads a subscriptions file. Total: every byte sequence is one. A last line without LF counts, as in Dovecot. */
export const parseSubscriptions = (bytes: Uint8Array): Subscriptions => {
  const text = fromBytes(bytes);
  const version = text.startsWith(HEADER_V2) ? 2 : 1;
  const body = version === 2 ? text.slice(HEADER_V2.length) : text;
  const lines = body.split("\n").map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  if (lines[lines.length - 1] === "") lines.pop();
  return { version, lines };
};

/** Writes a subscriptions file in the version that it has. */
export const formatSubscriptions = (file: Subscriptions): Uint8Array =>
  toBytes(
    (file.version === 2 ? HEADER_V2 : "") + file.lines.map((line) => `${line}\n`).join(""),
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

/** The mailbox that a line names. Errors: `Damaged`, where the line names none. */
export const parseSubscriptionLine = (
  line: string,
  version: 1 | 2,
  naming: Naming,
): E.Either<SyncError, MailboxName> => {
  const separator = layoutSeparator(naming);
  const stored = version === 2 ? line.split("\t").map(unescape).join(separator) : line;
  if (stored.toUpperCase() === INBOX) return E.right(INBOX);
  // Bytes of ASCII are the text that they stand for.
  if (ASCII.test(stored)) return parseStorageName(stored, naming);
  try {
    return parseStorageName(decoder.decode(toBytes(stored)), naming);
  } catch {
    return E.left(syncError("Damaged", "mailbox", { mailbox: stored }, "a name is not UTF-8"));
  }
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
    if (PLAIN.test(one) && one.toUpperCase() !== INBOX) return one !== line.right;
    const there = parseSubscriptionLine(one, file.version, naming);
    return E.isLeft(there) || there.right !== name;
  });
  const had = others.length < file.lines.length;
  if (had === subscribed) return E.right(file);
  return E.right({ ...file, lines: subscribed ? [...file.lines, line.right] : others });
};
