/**
 * What one dsync of ours may ask of the store that another one serves, and what it is told, as JSON.
 *
 * @module
 */
import * as t from "io-ts";
import type { Uid } from "../model/ids.ts";
import {
  ATTRIBUTE,
  ERROR,
  MAILBOX_IDENTITY,
  mailboxGuidValue,
  nameValue,
  STATUS,
  text,
  TREE_OPERATION,
  u32,
  uidValue,
} from "./store_value.ts";

/** What opening a mailbox tells. */
export const OPENED = t.intersection([
  t.type({
    mailbox: u32,
    name: nameValue,
    status: STATUS,
    problems: t.readonlyArray(ERROR),
    moment: text,
    historyComplete: t.boolean,
    hasAttributes: t.boolean,
  }),
  t.partial({ isIncomplete: t.boolean }),
]);

/** Mailboxes and their stamps. */
export const STAMPS = t.readonlyArray(t.tuple([mailboxGuidValue, text]));

/** Stretches of a mailbox, ascending: the last UID of each and its digest. */
export const DIGESTS = t.readonlyArray(t.tuple([uidValue, text]));

/** What {@linkcode DIGESTS} has of one stretch. */
export type StretchDigest = readonly [last: Uid, digest: string];

/** What a store can hold, how it is called, and what it can be asked for. */
export const STORE = t.intersection([
  t.type({
    location: text,
    hasStamps: t.boolean,
    caps: t.type({
      format: text,
      savedDates: t.boolean,
      fullGuids: t.boolean,
      emptyDirectories: t.boolean,
      naming: t.union([
        t.null,
        t.intersection([
          t.type({
            layout: t.keyof({ "maildir++": null, fs: null, mdbox: null }),
            utf8: t.boolean,
          }),
          t.partial({ altChar: text, besideFiles: t.boolean }),
        ]),
      ]),
    }),
  }),
  // Absent where an older one of ours is at the other end.
  t.partial({ hasDigests: t.boolean }),
]);

/** Outcomes, in order: null for what was done, the error of what was refused. */
export const OUTCOMES = t.readonlyArray(t.union([t.null, ERROR]));

/** What became of the use of an open mailbox. */
export const USED = t.type({ ok: t.boolean });

/** A call. */
export const CALL = t.union([
  t.type({ call: t.keyof({ store: null, tree: null, stamps: null }) }),
  t.type({ call: t.literal("applyTree"), operation: TREE_OPERATION }),
  t.intersection([
    t.type({ call: t.literal("open"), guid: mailboxGuidValue }),
    t.partial({ purpose: t.literal("compare") }),
  ]),
  t.type({ call: t.literal("replace"), ...MAILBOX_IDENTITY }),
  t.type({
    call: t.keyof({ digests: null, fetch: null, apply: null, attributes: null }),
    mailbox: u32,
  }),
  t.intersection([
    t.type({ call: t.literal("records"), mailbox: u32 }),
    t.partial({ within: t.readonlyArray(t.tuple([uidValue, uidValue])) }),
  ]),
  t.type({
    call: t.literal("setAttributes"),
    mailbox: u32,
    changes: t.readonlyArray(ATTRIBUTE),
  }),
  t.type({ call: t.literal("changes"), mailbox: u32, since: t.union([t.null, text]) }),
  t.type({ call: t.literal("saves"), mailbox: u32, since: text }),
]);

/** What {@linkcode CALL} gives. */
export type Call = t.TypeOf<typeof CALL>;
