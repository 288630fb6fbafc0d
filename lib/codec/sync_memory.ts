/**
 * What a mirror remembers, as a JSON file: with the identity of both ends and a checksum, so that a damaged, foreign or
 * old file is known for what it is and not used.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as t from "io-ts";
import { type SyncError, syncError } from "../model/error.ts";
import { mailboxGuid } from "../model/ids.ts";
import { type MailboxName, mailboxName } from "../model/mailbox.ts";
import type { EqualMoment, MailboxMemory, SyncMemory } from "../model/memory.ts";
import { crc32 } from "./crc32.ts";
import { isGuid128 } from "./guid.ts";

const isUid = (n: unknown): n is number =>
  typeof n === "number" && Number.isInteger(n) && n >= 1 && n <= 0xffffffff;

const uid = new t.Type<number>(
  "UID",
  isUid,
  (n, context) => isUid(n) ? t.success(n) : t.failure(n, context),
  t.identity,
);

const name = new t.Type<MailboxName, string>(
  "mailbox name",
  (value): value is MailboxName => typeof value === "string" && mailboxName(value) === value,
  (value, context) =>
    typeof value === "string" ? t.success(mailboxName(value)) : t.failure(value, context),
  (value) => value,
);

const EqualCodec = t.readonly(t.type({
  stampLeft: t.string,
  stampRight: t.string,
  messages: t.number,
}));

const KnownCodec = t.type({
  name,
  uidValidity: uid,
  uidNext: uid,
  pendingLeft: t.readonlyArray(uid),
  pendingRight: t.readonlyArray(uid),
  momentLeft: t.string,
  momentRight: t.string,
});

// Files that an older dsync wrote have none of these.
const MailboxCodec = t.readonly(t.intersection([
  KnownCodec,
  t.partial({ equal: EqualCodec, seenLeft: t.string, seenRight: t.string }),
]));

/** What an older dsync wrote: its checksum is of another kind, and not looked at. */
const OLD_VERSION = 1 as const;
const VERSION = 2 as const;

const MemoryCodec = t.type({
  version: t.union([t.literal(OLD_VERSION), t.literal(VERSION)]),
  left: t.string,
  right: t.string,
  mailboxes: t.record(t.string, MailboxCodec),
  subscriptions: t.union([t.null, t.readonlyArray(name)]),
  checksum: t.string,
});

/** The two ends that a memory belongs to. */
export interface Ends {
  /** The left location. */
  readonly left: string;
  /** The right location. */
  readonly right: string;
}

const checksumOf = (content: Omit<t.TypeOf<typeof MemoryCodec>, "checksum">): string =>
  crc32(new TextEncoder().encode(JSON.stringify(content))).toString(16).padStart(8, "0");

/** Formats a memory as JSON, mailboxes in order of their GUIDs. */
export const formatSyncMemory = (memory: SyncMemory, ends: Ends): string => {
  const mailboxes = Object.fromEntries(
    [...memory.mailboxes].sort(([a], [b]) => a < b ? -1 : 1),
  );
  const { subscriptions } = memory;
  const { left, right } = ends;
  const content = { version: VERSION, left, right, mailboxes, subscriptions };
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) })}\n`;
};

const turnedMoment = ({ stampLeft, stampRight, messages }: EqualMoment): EqualMoment => ({
  stampLeft: stampRight,
  stampRight: stampLeft,
  messages,
});

const turned = ({ seenLeft, seenRight, ...memory }: MailboxMemory): MailboxMemory => ({
  ...memory,
  ...(seenRight === undefined ? {} : { seenLeft: seenRight }),
  ...(seenLeft === undefined ? {} : { seenRight: seenLeft }),
  ...(memory.equal === undefined ? {} : { equal: turnedMoment(memory.equal) }),
  pendingLeft: memory.pendingRight,
  pendingRight: memory.pendingLeft,
  momentLeft: memory.momentRight,
  momentRight: memory.momentLeft,
});

/**
 * Parses a memory of these two ends; one that was made with the sides swapped is turned round. `Damaged`: not what
 * {@linkcode formatSyncMemory} wrote; `Unfit`: it belongs to another pair.
 */
export const parseSyncMemory = (text: string, ends: Ends): Either<SyncError, SyncMemory> => {
  const damaged = (what: string) => E.left(syncError("Damaged", "run", {}, what));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged("what the last run remembered is not JSON");
  }
  const decoded = MemoryCodec.decode(value);
  if (E.isLeft(decoded)) return damaged("what the last run remembered has not the known form");
  const { checksum, ...content } = decoded.right;
  const { version, left, right, mailboxes, subscriptions } = content;
  const known = { version, left, right, mailboxes, subscriptions };
  if (version !== OLD_VERSION && checksumOf(known) !== checksum) {
    return damaged("what the last run remembered does not match its checksum");
  }
  const swapped = left === ends.right && right === ends.left;
  if (!swapped && (left !== ends.left || right !== ends.right)) {
    return E.left(syncError("Unfit", "run", {}, "what is remembered belongs to other locations"));
  }
  const entries = Object.entries(mailboxes);
  if (entries.some(([guid]) => !isGuid128(guid))) return damaged("a mailbox GUID is malformed");
  return E.right({
    mailboxes: new Map(
      entries.map(([guid, memory]) => [mailboxGuid(guid), swapped ? turned(memory) : memory]),
    ),
    subscriptions,
  });
};
