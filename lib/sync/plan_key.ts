/**
 * When two steps of plans are the same step.
 *
 * @module
 */
import { guid128Hex } from "../codec/guid.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { MailStep, PlanStep } from "../model/plan.ts";

const mailParts = (operation: MailStep): readonly unknown[] => {
  switch (operation._tag) {
    case "CopyMail":
      return [operation.uid, operation.from.uid, guid128Hex(operation.from.guid)];
    case "RenumberMail":
      return [operation.uid, guid128Hex(operation.guid), operation.newUid];
    case "UpdateFlags": {
      const { uid, guid, add, remove, addKeywords, removeKeywords } = operation;
      const names = [addKeywords, removeKeywords].map((some) => [...some].sort());
      return [uid, guid128Hex(guid), add, remove, ...names];
    }
    case "Expunge":
      return [operation.uid, guid128Hex(operation.guid)];
  }
};

const treeParts = (operation: TreeOperation): readonly unknown[] => {
  switch (operation._tag) {
    case "CreateMailbox":
      return [operation.guid, operation.uidValidity];
    case "DeleteMailbox":
      return [operation.guid];
    case "RenameMailbox":
      return [operation.guid, operation.newName];
    case "ReidentifyMailbox":
      return [operation.guid, operation.newGuid, operation.newUidValidity];
    case "CreateDirectory":
    case "DeleteDirectory":
    case "Subscribe":
    case "Unsubscribe":
      return [];
  }
};

/**
 * A text that is the same for two steps that do the same: the same mail by UID and GUID, the same flags, the same
 * mailbox, the same UIDVALIDITY. MODSEQs do not count, nor what a new mail's flags are.
 */
export const planKey = (step: PlanStep): string => {
  switch (step._tag) {
    case "Tree": {
      const { operation } = step;
      return JSON.stringify([step.side, operation._tag, operation.name, ...treeParts(operation)]);
    }
    case "Replace":
      return JSON.stringify([step.side, step._tag, step.name, step.guid, step.uidValidity]);
    case "Mail": {
      const { side, mailbox, operation } = step;
      return JSON.stringify([side, mailbox, operation._tag, ...mailParts(operation)]);
    }
    case "Attribute": {
      const { side, mailbox, attribute: { scope, key, value } } = step;
      return JSON.stringify([side, mailbox, step._tag, scope, key, value]);
    }
  }
};
