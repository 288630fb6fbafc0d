/**
 * The steps of a plan as text for people.
 *
 * @module
 */
import { visibleText } from "../lib/codec/visible_text.ts";
import { flagNames, type Flags, type Keywords } from "../lib/model/flags.ts";
import type { TreeOperation } from "../lib/model/operation.ts";
import type { MailboxExtent, MailStep, PlanStep } from "../lib/model/plan.ts";
import type { Side } from "../lib/model/report.ts";

const mailsOf = (gone: MailboxExtent | null): string =>
  gone === null ? "" : gone.messages === 1 ? " with 1 mail" : ` with ${gone.messages} mails`;

const treeText = (operation: TreeOperation, gone: MailboxExtent | null): string => {
  switch (operation._tag) {
    case "CreateMailbox":
      return "make the mailbox";
    case "CreateDirectory":
      return "make the directory";
    case "DeleteMailbox":
      return `delete the mailbox${mailsOf(gone)}`;
    case "DeleteDirectory":
      return "delete the directory";
    case "RenameMailbox":
      return `rename to ${operation.newName}`;
    case "ReidentifyMailbox":
      return `give it UIDVALIDITY ${operation.newUidValidity} and GUID ${operation.newGuid}`;
    case "Subscribe":
      return "subscribe";
    case "Unsubscribe":
      return "unsubscribe";
  }
};

const changesOf = (sign: "+" | "-", flags: Flags, keywords: Keywords): readonly string[] =>
  [...flagNames(flags), ...keywords].map((name) => sign + name);

const mailText = (operation: MailStep): string => {
  switch (operation._tag) {
    case "CopyMail": {
      const { uid, from } = operation;
      return `save UID ${uid}${
        from.uid === uid ? "" : `, there UID ${from.uid}`
      }, GUID ${from.guid}`;
    }
    case "RenumberMail":
      return `UID ${operation.uid} becomes UID ${operation.newUid}, GUID ${operation.guid}`;
    case "UpdateFlags": {
      const { uid, add, remove, addKeywords, removeKeywords } = operation;
      const changes = [
        ...changesOf("+", add, addKeywords),
        ...changesOf("-", remove, removeKeywords),
      ];
      return `UID ${uid}: ${changes.join(" ")}`;
    }
    case "Expunge":
      return `expunge UID ${operation.uid}, GUID ${operation.guid}`;
  }
};

/** A step as one line: the mailbox, the side, and what shall be done. */
export const stepText = (step: PlanStep, names: Readonly<Record<Side, string>>): string =>
  visibleText(stepLine(step, names));

const stepLine = (step: PlanStep, names: Readonly<Record<Side, string>>): string => {
  const where = names[step.side];
  switch (step._tag) {
    case "Tree":
      return `${step.operation.name}: ${where}: ${treeText(step.operation, step.gone)}`;
    case "Replace":
      return `${step.name}: ${where}: fill the mailbox${mailsOf(step.gone)} anew`;
    case "Mail":
      return `${step.name}: ${where}: ${mailText(step.operation)}`;
    case "Attribute": {
      const { scope, key, value } = step.attribute;
      return `${step.name}: ${where}: ${
        value === null ? "remove" : "set"
      } attribute ${scope}/${key}`;
    }
  }
};

/** What a plan comes to, as its last line. */
export const planText = (steps: readonly PlanStep[]): string =>
  steps.length === 0
    ? "nothing to do"
    : `${steps.length} ${steps.length === 1 ? "step" : "steps"}; nothing has been done`;
