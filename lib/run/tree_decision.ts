/**
 * What is to be wondered at in a change of the mailbox tree.
 *
 * @module
 */
import type { Decision, DecisionKind } from "../model/decision.ts";
import type { TreeOperation } from "../model/operation.ts";
import type { Side } from "../model/report.ts";

/** Which rules a run goes by. */
export type RunKind = "mirror" | "backup";

const REASONS: Readonly<Record<RunKind, Readonly<Record<"name" | "gone" | "identity", string>>>> = {
  mirror: {
    name: "the other side has it by that name",
    gone: "it was deleted on the other side",
    identity: "the other side has a mailbox of that name, which was made apart from this one",
  },
  backup: {
    name: "the source has it by that name",
    gone: "the source does not have it",
    identity: "the source has another mailbox by that name",
  },
};

/** The decision behind a change of the tree; null: it speaks for itself. */
export const treeDecision = (
  run: RunKind,
  side: Side,
  operation: TreeOperation,
): Decision | null => {
  const decision = (kind: DecisionKind, to: string | null, reason: string): Decision => ({
    kind,
    side,
    mailbox: operation.name,
    uid: null,
    guid: null,
    to,
    reason,
  });
  switch (operation._tag) {
    case "RenameMailbox":
      return decision("mailbox renamed", operation.newName, REASONS[run].name);
    case "DeleteMailbox":
      return decision("mailbox removed", null, REASONS[run].gone);
    case "ReidentifyMailbox":
      return decision("mailbox merged", null, REASONS[run].identity);
    default:
      return null;
  }
};
