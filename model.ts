/**
 * The data that everything speaks of, how it is made, and the io-ts codecs by which it is recorded and read back.
 *
 * Readonly and plain: no methods, absence is null, and what is different has different types, so that a UID is never
 * taken for a count.
 *
 * @module
 */

// Mails.
export * from "./lib/model/ids.ts";
export * from "./lib/model/flags.ts";
export type * from "./lib/model/mail.ts";
export { sameGuid } from "./lib/codec/guid.ts";
export { readBody } from "./lib/codec/read_body.ts";

// Mailboxes.
export * from "./lib/model/mailbox.ts";
export * from "./lib/model/attribute.ts";

// What happened, and what is to be done.
export type * from "./lib/model/change.ts";
export type * from "./lib/model/operation.ts";
export type * from "./lib/model/plan.ts";
export type * from "./lib/model/held.ts";

// Errors.
export * from "./lib/model/error.ts";

// Places of mail in files.
export {
  type Location,
  type MaildirLocation,
  type MdboxLocation,
  parseLocation,
} from "./lib/codec/location.ts";

// Codecs, and lines of JSON.
export {
  ATTRIBUTE,
  CHANGE as LOG_CHANGE,
  ERROR as SYNC_ERROR,
  PLANNED_OPERATION,
  RECORD as MAIL_RECORD,
  STATUS as MAILBOX_STATUS,
  TREE as MAILBOX_TREE,
  TREE_OPERATION,
} from "./lib/codec/store_value.ts";
export {
  formatPlan,
  parsePlan,
  PLAN_STEP,
  type PlanFile,
  type PlannedIdentity,
} from "./lib/codec/plan_json.ts";
export { formatLine, parseLine } from "./lib/codec/json_line.ts";
