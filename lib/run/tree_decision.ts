/**
 * What is to be wondered at in a change of the mailbox tree.
 *
 * @module
 */
import type { Decision, DecisionKind } from "../model/decision.ts";
import type { MailboxGuid } from "../model/ids.ts";
import { type MailboxName, type MailboxTree, nameKey } from "../model/mailbox.ts";
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

const NAME_TAKEN = "another mailbox has the name that it had";

/** What a change of the tree is a part of. */
export interface TreeContext {
  /** All changes of that side, in order. */
  readonly operations: readonly TreeOperation[];
  /** The other side's name of a mailbox, as this side can hold it; null: it does not have that mailbox. */
  readonly nameThere?: (guid: MailboxGuid) => MailboxName | null;
}

/** The name that the other side's tree has for a mailbox; `fit` gives the nearest that this side can hold. */
export const nameIn = (
  tree: MailboxTree,
  fit: (name: MailboxName) => MailboxName,
) =>
(guid: MailboxGuid): MailboxName | null => {
  const node = tree.nodes.find((one) => one._tag === "Mailbox" && one.guid === guid);
  return node === undefined ? null : fit(node.name);
};

/** The renames of one mailbox: where names go round in a ring it gets its new one by way of another. */
const renamesOf = (operations: readonly TreeOperation[], guid: MailboxGuid) =>
  operations.flatMap((one) => one._tag === "RenameMailbox" && one.guid === guid ? [one] : []);

/** The decision behind a change of the tree; null: it speaks for itself, or is half of one. */
export const treeDecision = (
  run: RunKind,
  side: Side,
  operation: TreeOperation,
  { operations, nameThere }: TreeContext,
): Decision | null => {
  const decision = (
    kind: DecisionKind,
    to: string | null,
    reason: string,
    mailbox = operation.name,
  ): Decision => ({
    kind,
    side,
    mailbox,
    uid: null,
    guid: null,
    to,
    reason,
  });
  switch (operation._tag) {
    case "RenameMailbox": {
      const { guid, newName } = operation;
      const all = renamesOf(operations, guid);
      if (all.at(-1) !== operation) return null;
      const there = nameThere?.(guid) ?? null;
      const isTaken = run === "mirror" && nameThere !== undefined &&
        (there === null || nameKey(there) !== nameKey(newName));
      const reason = isTaken ? NAME_TAKEN : REASONS[run].name;
      return decision("mailbox renamed", newName, reason, all[0]!.name);
    }
    case "DeleteMailbox":
      return decision("mailbox removed", null, REASONS[run].gone);
    case "ReidentifyMailbox":
      return decision("mailbox merged", null, REASONS[run].identity);
    default:
      return null;
  }
};
