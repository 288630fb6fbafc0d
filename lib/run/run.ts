/**
 * What all runs share: options, the growing report, and the rule of which errors end a run.
 *
 * @module
 */
import type { Decision } from "../model/decision.ts";
import { type RunKind, type TreeContext, treeDecision } from "./tree_decision.ts";
import type { WantedKeyword } from "./partial_keywords.ts";
import type { Pace } from "./supervised.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { MailboxName, MailboxTree } from "../model/mailbox.ts";
import type { TreeOperation } from "../model/operation.ts";
import {
  addSides,
  type KeptMailbox,
  NOTHING_DONE,
  type Report,
  type Side,
  type SideReport,
  type SyncEvent,
} from "../model/report.ts";
import type { Store } from "../port/store.ts";
import type { TreeSide } from "../sync/merge_tree.ts";

/** Options of a run. */
export interface RunOptions {
  /** Told of each step; for progress and `-v`. */
  readonly onEvent?: (event: SyncEvent) => void;
  /**
   * Trust no index: every mail that one lists is read to its end before it counts as there. What is damaged becomes a
   * problem of the report. Cost: all bytes of both stores.
   */
  readonly full?: boolean;
  /** Ends the run at the next batch when it is aborted: it fails, what was done stays, and the next run does the rest. */
  readonly signal?: AbortSignal;
  /** Which keywords take part; the others stay on each side as they are. Absent: all. */
  readonly keywords?: WantedKeyword;
  /** Holds the run to a rate. */
  readonly pace?: Pace;
}

/** How often a mailbox is tried again when somebody changed it meanwhile. */
export const TRIES = 3;

/** What is told of a mailbox that did not come to rest. */
export const keptChanging = (mailbox: MailboxName): SyncError =>
  syncError("Changed", "mailbox", { mailbox }, "it kept changing while it was synced");

/** What a merge or a comparison of trees needs of a store. */
export const sideOf = (store: Store, tree: MailboxTree): TreeSide => ({
  tree,
  fit: store.fitName,
  emptyDirectories: store.caps.emptyDirectories,
});

/** Whether an error ends the run: damage to one message or mailbox does not. */
export const endsRun = (error: SyncError): boolean =>
  error.scope === "store" || error.scope === "run";

const treeCount = (operation: TreeOperation): SideReport => {
  switch (operation._tag) {
    case "CreateMailbox":
      return { ...NOTHING_DONE, mailboxesCreated: 1 };
    case "DeleteMailbox":
      return { ...NOTHING_DONE, mailboxesDeleted: 1 };
    case "RenameMailbox":
      return { ...NOTHING_DONE, mailboxesRenamed: 1 };
    case "Subscribe":
    case "Unsubscribe":
      return { ...NOTHING_DONE, subscriptions: 1 };
    case "CreateDirectory":
    case "DeleteDirectory":
    case "ReidentifyMailbox":
      return NOTHING_DONE;
  }
};

/** A report that grows while a run goes on. */
export class RunLog {
  #mailboxes = 0;
  #mails = 0;
  #sides: Record<Side, SideReport> = { left: NOTHING_DONE, right: NOTHING_DONE };
  readonly #kept: KeptMailbox[] = [];
  readonly #problems: SyncError[] = [];
  readonly #tell: (event: SyncEvent) => void;

  readonly #kind: RunKind;

  /** Starts an empty report. */
  constructor(options: RunOptions, kind: RunKind) {
    this.#tell = options.onEvent ?? (() => {});
    this.#kind = kind;
  }

  /** Tells of a decision that was carried out. */
  decided(decision: Decision): void {
    this.#tell({ _tag: "Decided", decision });
  }

  /** Notes a change of the tree. */
  tree(
    side: Side,
    operation: TreeOperation,
    context: TreeContext = { operations: [operation] },
  ): void {
    this.#sides[side] = addSides(this.#sides[side], treeCount(operation));
    this.#tell({ _tag: "TreeChanged", side, operation });
    const decision = treeDecision(this.#kind, side, operation, context);
    if (decision !== null) this.decided(decision);
  }

  /** Notes that a mailbox is begun. */
  begin(name: MailboxName, messages: number): void {
    this.#tell({ _tag: "MailboxBegun", name, messages });
  }

  /** Notes what was done on one side of a mailbox. */
  done(name: MailboxName, messages: number, left: SideReport, right: SideReport): void {
    this.#mailboxes++;
    this.#mails += messages;
    this.add("left", left);
    this.add("right", right);
    this.#tell({ _tag: "MailboxDone", name, left, right });
  }

  /** Adds work that did not end a mailbox: a try that is repeated. */
  add(side: Side, done: SideReport): void {
    this.#sides[side] = addSides(this.#sides[side], done);
  }

  /** Notes a deleted mailbox that stays, on the side that still has it. */
  kept(side: Side, mailbox: KeptMailbox): void {
    this.#kept.push(mailbox);
    this.#tell({ _tag: "MailboxKept", mailbox });
    this.decided({
      kind: "mailbox kept",
      side,
      mailbox: mailbox.name,
      uid: null,
      guid: null,
      to: String(mailbox.mails),
      reason: "mail has come to it since that the other side never saw",
    });
  }

  /** Notes something that could not be read or done. */
  problem(error: SyncError): void {
    this.#problems.push(error);
    this.#tell({ _tag: "Problem", error });
  }

  /** The report so far. */
  report(): Report {
    return {
      mailboxes: this.#mailboxes,
      mails: this.#mails,
      left: this.#sides.left,
      right: this.#sides.right,
      kept: [...this.#kept],
      problems: [...this.#problems],
    };
  }
}
