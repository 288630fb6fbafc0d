/**
 * What is said about a store over a pipe, as JSON: every value that comes from the other end is checked here.
 *
 * @module
 */
import * as t from "io-ts";
import type { AttributeValue, MailboxAttribute } from "../model/attribute.ts";
import type { LogChange } from "../model/change.ts";
import type { SyncError } from "../model/error.ts";
import { ALL_FLAGS, type Flags, isKeyword, type Keywords } from "../model/flags.ts";
import {
  type Guid,
  type MailboxGuid,
  mailboxGuid,
  MAX_UID,
  type ModSeq,
  modSeq,
  type Uid,
} from "../model/ids.ts";
import type { Mail, MailRecord } from "../model/mail.ts";
import {
  type MailboxName,
  mailboxName,
  type MailboxStatus,
  type MailboxTree,
} from "../model/mailbox.ts";
import type {
  CopyMail,
  MailOperation,
  PlannedOperation,
  TreeOperation,
} from "../model/operation.ts";
import type { MailboxExtent, MailStep } from "../model/plan.ts";
import { isTextOfBytes } from "./byte_text.ts";
import { isGuid128 } from "./guid.ts";
import { checked, list, nullOr, object, readerOf, tagged } from "./json_type.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Type<A> = t.Type<A, unknown>;

const whole = (name: string, least: number, most: number) =>
  checked(
    name,
    (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
        ? value
        : undefined,
  );

/** A whole number of 32 bits. */
export const u32 = whole("u32", 0, 0xffffffff);
const count = whole("count", 0, Number.MAX_SAFE_INTEGER);
const seconds = whole("seconds", -(2 ** 40), 2 ** 40);

/** A UID. */
export const uidValue: Type<Uid> = checked<Uid>(
  "UID",
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MAX_UID
      ? value as Uid
      : undefined,
);

/** Digits in a string, up to 2^63-1. */
const modSeqValue = checked<ModSeq>(
  "MODSEQ",
  (value) => {
    if (typeof value !== "string" || !/^[0-9]{1,19}$/.test(value)) return undefined;
    const number = BigInt(value);
    return number < 2n ** 63n ? modSeq(number) : undefined;
  },
  String,
  (value) => typeof value === "bigint" && value >= 0n && value < 2n ** 63n,
);

const MAX_TEXT = 65_536;

/** Text of no unreasonable length. */
export const text = checked(
  "text",
  (value) => typeof value === "string" && value.length <= MAX_TEXT ? value : undefined,
);

const guidValue = checked<Guid>(
  "GUID",
  (value) =>
    typeof value === "string" && value.length <= MAX_TEXT && isTextOfBytes(value)
      ? value as Guid
      : undefined,
);

/** The GUID of a mailbox. */
export const mailboxGuidValue = checked<MailboxGuid>(
  "mailbox GUID",
  (value) => typeof value === "string" && isGuid128(value) ? mailboxGuid(value) : undefined,
);

/** A name as text; whether it can be one is for the store to say. */
export const nameValue = checked<MailboxName>(
  "mailbox name",
  (value) =>
    typeof value === "string" && value !== "" && value.length <= MAX_TEXT
      ? mailboxName(value)
      : undefined,
);

const yesOrNo = checked(
  "boolean",
  (value) => typeof value === "boolean" ? value : undefined,
);

const flagsValue = checked<Flags>(
  "flags",
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= ALL_FLAGS
      ? value as Flags
      : undefined,
);

/** Those that are keywords; others the other end may keep for itself. */
const keywordsValue = checked<Keywords>("keywords", (value) => {
  if (!Array.isArray(value) || !value.every((name) => typeof name === "string")) return undefined;
  return value.every(isKeyword) ? value : value.filter(isKeyword);
});

const place = t.partial({ path: text, mailbox: text, uid: u32, offset: count });

/** An error without what lies beneath it. */
export const ERROR: Type<SyncError> = t.type({
  _tag: t.keyof({
    Damaged: null,
    Missing: null,
    Denied: null,
    Busy: null,
    Changed: null,
    Unfit: null,
    Unsupported: null,
    Unsafe: null,
    Io: null,
    Usage: null,
  }),
  scope: t.keyof({ message: null, mailbox: null, store: null, run: null }),
  where: place,
  what: text,
}) as unknown as t.Type<SyncError, unknown>;

/** The numbers of a mailbox. */
export const STATUS: Type<MailboxStatus> = t.type({
  guid: mailboxGuidValue,
  uidValidity: u32,
  uidNext: u32,
  messages: u32,
  firstRecentUid: u32,
  highestModSeq: modSeqValue,
  modSeqTracked: yesOrNo,
});

/** A mailbox tree. */
export const TREE: Type<MailboxTree> = t.type({
  nodes: t.readonlyArray(t.union([
    t.type({ _tag: t.literal("Mailbox"), name: nameValue, guid: mailboxGuidValue }),
    t.type({ _tag: t.keyof({ Directory: null, Damaged: null }), name: nameValue }),
  ])),
  subscriptions: t.readonlyArray(nameValue),
  log: t.readonlyArray(t.type({
    type: t.keyof({
      DeleteMailbox: null,
      DeleteDirectory: null,
      Rename: null,
      Subscribe: null,
      Unsubscribe: null,
      CreateDirectory: null,
    }),
    guid: text,
    at: count,
  })),
  problems: t.readonlyArray(ERROR),
}) as unknown as t.Type<MailboxTree, unknown>;

const named = { name: nameValue };

/** A mailbox by name and GUID. */
export const MAILBOX_PLACE = { name: nameValue, mailbox: mailboxGuidValue };

/** The identity of a mailbox. */
export const MAILBOX_IDENTITY = { name: nameValue, guid: mailboxGuidValue, uidValidity: u32 };

/** How much a mailbox holds. */
export const EXTENT: Type<MailboxExtent> = t.type({
  guid: mailboxGuidValue,
  uidNext: u32,
  messages: u32,
});

/** A change of a tree. */
export const TREE_OPERATION: Type<TreeOperation> = t.union([
  t.type({ _tag: t.literal("CreateMailbox"), ...MAILBOX_IDENTITY }),
  t.intersection([
    t.type({ _tag: t.literal("DeleteMailbox"), ...named, guid: mailboxGuidValue }),
    t.partial({ uidNext: u32 }),
  ]),
  t.type({
    _tag: t.literal("RenameMailbox"),
    ...named,
    guid: mailboxGuidValue,
    newName: nameValue,
  }),
  t.type({
    _tag: t.literal("ReidentifyMailbox"),
    ...named,
    guid: mailboxGuidValue,
    newGuid: mailboxGuidValue,
    newUidValidity: u32,
  }),
  t.type({
    _tag: t.keyof({
      CreateDirectory: null,
      DeleteDirectory: null,
      Subscribe: null,
      Unsubscribe: null,
    }),
    ...named,
  }),
]) as unknown as t.Type<TreeOperation, unknown>;

/** The record of a mail. */
export const RECORD: Type<MailRecord> = object("record of a mail", {
  uid: uidValue,
  guid: guidValue,
  flags: flagsValue,
  keywords: keywordsValue,
  modSeq: modSeqValue,
});

/** Records of mails. */
export const RECORDS: Type<readonly MailRecord[]> = list(RECORD);

/** What a log knows of one mail. */
export const CHANGE: Type<LogChange> = tagged({
  Expunged: object("expunge", {
    uid: uidValue,
    guid: nullOr(guidValue),
    modSeq: modSeqValue,
    bySync: yesOrNo,
  }),
  FlagsChanged: object("change of flags", {
    uid: uidValue,
    add: flagsValue,
    remove: flagsValue,
    addKeywords: keywordsValue,
    removeKeywords: keywordsValue,
    modSeq: modSeqValue,
  }),
}) as unknown as Type<LogChange>;

/** What a log knows. */
export const CHANGES: Type<readonly LogChange[]> = list(CHANGE);

const scopeValue = t.keyof({ private: null, shared: null });

/** A value; far more than any attribute has is refused. */
const MAX_ATTRIBUTE = 64 << 20;

const attributeText = checked(
  "attribute",
  (value) => typeof value === "string" && value.length <= MAX_ATTRIBUTE ? value : undefined,
);

const attributeValue = {
  scope: scopeValue,
  key: text,
  value: nullOr(attributeText),
};

/** A wanted value of an attribute. */
export const ATTRIBUTE: Type<AttributeValue> = t.type(attributeValue);

/** Attributes of a mailbox. */
export const ATTRIBUTES: t.Type<readonly MailboxAttribute[], unknown> = t.readonlyArray(
  t.type({ ...attributeValue, changedAt: u32, modSeq: modSeqValue }),
);

/** UIDs. */
export const UIDS: Type<readonly Uid[]> = list(uidValue);

/** A mail without its body. */
export type MailHead = Omit<Mail, "body">;

const HEAD: t.Type<MailHead, unknown> = object("mail", {
  uid: uidValue,
  guid: guidValue,
  receivedAt: seconds,
  savedAt: nullOr(seconds),
  pop3Uidl: nullOr(text),
  pop3Order: nullOr(u32),
  size: count,
  copies: u32,
});

/** A fetched mail, whose body follows, or why it could not be had. */
export type FetchedHead =
  | { readonly _tag: "Mail"; readonly head: MailHead }
  | { readonly _tag: "Lost"; readonly uid: Uid; readonly error: SyncError };

/** Fetched mails. */
export const FETCHED: Type<readonly FetchedHead[]> = list(tagged({
  Mail: object("mail", { head: HEAD }),
  Lost: object("lost mail", { uid: uidValue, error: ERROR }),
})) as unknown as Type<readonly FetchedHead[]>;

const someModSeq = nullOr(modSeqValue);

const COPY = object("copy", { from: RECORD, uid: uidValue, keepModSeq: yesOrNo });

const IN_PLACE = {
  RenumberMail: object("renumbering", {
    uid: uidValue,
    guid: guidValue,
    newUid: uidValue,
    modSeq: someModSeq,
  }),
  UpdateFlags: object("update", {
    uid: uidValue,
    guid: guidValue,
    add: flagsValue,
    remove: flagsValue,
    addKeywords: keywordsValue,
    removeKeywords: keywordsValue,
    modSeq: someModSeq,
  }),
  Expunge: object("expunge", { uid: uidValue, guid: guidValue }),
};

const RAISE = object("numbers", {
  uidNext: u32,
  highestModSeq: modSeqValue,
  firstRecentUid: u32,
});

/** What a plan holds for one mailbox of one side. */
export const PLANNED_OPERATION: Type<PlannedOperation> = tagged({
  CopyMail: COPY,
  ...IN_PLACE,
  RaiseStatus: RAISE,
}) as unknown as Type<PlannedOperation>;

/** What is done to one mail, as plans have it. */
export const MAIL_STEP: Type<MailStep> = tagged({
  CopyMail: COPY,
  ...IN_PLACE,
}) as unknown as Type<MailStep>;

/** An operation that needs no body. */
export type PlainOperation = Exclude<MailOperation, { readonly _tag: "SaveMail" }>;

/** An operation as it is told. */
export type ToldOperation =
  | PlainOperation
  | { readonly _tag: "SaveMail"; readonly copy: CopyMail; readonly head: MailHead };

/** Operations; the bodies of the saved mails follow, one after the other. */
export const OPERATIONS: Type<readonly ToldOperation[]> = list(tagged({
  SaveMail: object("save", { copy: COPY, head: HEAD }),
  ...IN_PLACE,
  RaiseStatus: RAISE,
})) as unknown as Type<readonly ToldOperation[]>;

/** A value that the other end sent, checked; undefined where it is not as it must be. */
export const valueOf = <A>(type: t.Type<A, unknown>, json: unknown): A | undefined =>
  readerOf(type)(json);
