/**
 * Where an operation puts a mail.
 *
 * @module
 */
import type { MailOperation, PlannedOperation } from "./operation.ts";

/** The UID at which an operation puts a mail; null: none. */
export const targetUidOf = (operation: MailOperation | PlannedOperation): number | null => {
  switch (operation._tag) {
    case "RenumberMail":
      return operation.newUid;
    case "SaveMail":
      return operation.copy.uid;
    case "CopyMail":
      return operation.uid;
    default:
      return null;
  }
};
