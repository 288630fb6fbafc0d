/**
 * The calls that one end makes of the other's store.
 *
 * @module
 */
import * as t from "io-ts";
import {
  ATTRIBUTE,
  MAILBOX_IDENTITY,
  mailboxGuidValue,
  text,
  TREE_OPERATION,
  u32,
} from "./store_value.ts";

/** A call. */
export const CALL = t.union([
  t.type({ call: t.keyof({ store: null, tree: null, stamps: null }) }),
  t.type({ call: t.literal("applyTree"), operation: TREE_OPERATION }),
  t.type({ call: t.literal("open"), guid: mailboxGuidValue }),
  t.type({ call: t.literal("replace"), ...MAILBOX_IDENTITY }),
  t.type({
    call: t.keyof({ records: null, fetch: null, apply: null, attributes: null }),
    mailbox: u32,
  }),
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
