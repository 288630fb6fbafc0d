/**
 * What a run tells, as JSON: an object a line, events first, the report last. Stable: fields are added, not changed.
 *
 * @module
 */
import * as t from "io-ts";

import type { Comparison, MailboxDigests } from "../model/comparison.ts";
import type { SyncError } from "../model/error.ts";
import type { PlanStep } from "../model/plan.ts";
import type { Report, Side, SideReport, SyncEvent } from "../model/report.ts";

import { DECISION, type DecisionJson } from "./decision_json.ts";
import { stepValue } from "./plan_json.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Type<A> = t.Type<A, unknown>;

const PLACE = t.readonly(t.exact(t.partial({
  path: t.string,
  mailbox: t.string,
  uid: t.number,
  offset: t.number,
})));

const PROBLEM = t.type({
  kind: t.string,
  scope: t.string,
  where: PLACE,
  what: t.string,
});

const SIDE = t.type({
  mailboxesCreated: t.number,
  mailboxesDeleted: t.number,
  mailboxesRenamed: t.number,
  mailboxesRebuilt: t.number,
  subscriptions: t.number,
  attributes: t.number,
  saved: t.number,
  savedBytes: t.number,
  updated: t.number,
  expunged: t.number,
});

const side = t.keyof({ left: null, right: null });

/** A problem as it is told. */
export interface ProblemJson {
  /** The kind of error: `Damaged`, `Missing`, `Denied`, and others. */
  readonly kind: string;
  /** What it ends: "message", "mailbox", "store" or "run". */
  readonly scope: string;
  /** Where it is, as far as it is known. */
  readonly where: {
    readonly path?: string;
    readonly mailbox?: string;
    readonly uid?: number;
    readonly offset?: number;
  };
  /** What was found, or could not be done. */
  readonly what: string;
}

/** One line of `--json`; `left` is the first side of the command line, `right` the second. */
export type ReportLine =
  /** A change of the tree. */
  | {
    readonly event: "tree";
    readonly side: Side;
    readonly operation: string;
    readonly mailbox: string;
    readonly to: string | null;
  }
  /** A mailbox is begun; `messages` of its source, 0 where both sides are merged. */
  | { readonly event: "begin"; readonly mailbox: string; readonly messages: number }
  /** Some of a mailbox's operations are done. */
  | {
    readonly event: "progress";
    readonly side: Side;
    readonly mailbox: string;
    readonly operations: number;
    readonly bytes: number;
  }
  /** A mailbox is done. */
  | {
    readonly event: "done";
    readonly mailbox: string;
    readonly left: SideReport;
    readonly right: SideReport;
  }
  /** A deleted mailbox stays for mails that have come since. */
  | { readonly event: "kept"; readonly mailbox: string; readonly mails: number }
  /** Something was decided that somebody may wonder about; the fields of a `Decision`. */
  | { readonly event: "decision"; readonly decision: DecisionJson }
  /** Something could not be read or done. */
  | { readonly event: "problem"; readonly problem: ProblemJson }
  /** The last line of a run that came to its end. */
  | {
    readonly event: "report";
    readonly exit: number;
    readonly mailboxes: number;
    readonly mails: number;
    readonly left: SideReport;
    readonly right: SideReport;
    readonly problems: readonly ProblemJson[];
    readonly state: string | null;
  }
  /** A step of a plan, or one that was approved and not done; `step` as in the file of a plan. */
  | { readonly event: "step"; readonly isDone: false; readonly step: unknown }
  /** A difference that `check` found; mailbox and UID are null where it is of more than these. */
  | {
    readonly event: "difference";
    readonly mailbox: string | null;
    readonly uid: number | null;
    readonly field: string;
    readonly left: string | null;
    readonly right: string | null;
  }
  /** The digests of a mailbox that `check` compared. */
  | {
    readonly event: "digest";
    readonly mailbox: string;
    readonly left: string;
    readonly right: string;
  }
  /** The last line of a `check`; `bytes` of one side. */
  | {
    readonly event: "compared";
    readonly exit: number;
    readonly mailboxes: number;
    readonly mails: number;
    readonly bytes: number;
    readonly differences: number;
  }
  /** The last line of a run that failed. */
  | { readonly event: "failed"; readonly exit: number; readonly problem: ProblemJson };

/** The codec of one line. */
export const REPORT_LINE: Type<ReportLine> = t.union([
  t.type({
    event: t.literal("tree"),
    side,
    operation: t.string,
    mailbox: t.string,
    to: t.union([t.null, t.string]),
  }),
  t.type({ event: t.literal("begin"), mailbox: t.string, messages: t.number }),
  t.type({
    event: t.literal("progress"),
    side,
    mailbox: t.string,
    operations: t.number,
    bytes: t.number,
  }),
  t.type({ event: t.literal("done"), mailbox: t.string, left: SIDE, right: SIDE }),
  t.type({ event: t.literal("kept"), mailbox: t.string, mails: t.number }),
  t.type({ event: t.literal("decision"), decision: DECISION }),
  t.type({ event: t.literal("problem"), problem: PROBLEM }),
  t.type({
    event: t.literal("report"),
    exit: t.number,
    mailboxes: t.number,
    mails: t.number,
    left: SIDE,
    right: SIDE,
    problems: t.readonlyArray(PROBLEM),
    state: t.union([t.null, t.string]),
  }),
  t.type({ event: t.literal("step"), isDone: t.literal(false), step: t.unknown }),
  t.type({
    event: t.literal("difference"),
    mailbox: t.union([t.null, t.string]),
    uid: t.union([t.null, t.number]),
    field: t.string,
    left: t.union([t.null, t.string]),
    right: t.union([t.null, t.string]),
  }),
  t.type({ event: t.literal("digest"), mailbox: t.string, left: t.string, right: t.string }),
  t.type({
    event: t.literal("compared"),
    exit: t.number,
    mailboxes: t.number,
    mails: t.number,
    bytes: t.number,
    differences: t.number,
  }),
  t.type({ event: t.literal("failed"), exit: t.number, problem: PROBLEM }),
]);

const problemOf = ({ _tag, scope, where, what }: SyncError) => ({ kind: _tag, scope, where, what });

/** An event as a line. */
export const eventLine = (event: SyncEvent): ReportLine => {
  switch (event._tag) {
    case "TreeChanged": {
      const { operation } = event;
      return {
        event: "tree",
        side: event.side,
        operation: operation._tag,
        mailbox: operation.name,
        to: operation._tag === "RenameMailbox" ? operation.newName : null,
      };
    }
    case "MailboxKept":
      return { event: "kept", mailbox: event.mailbox.name, mails: event.mailbox.mails };
    case "Decided":
      return { event: "decision", decision: event.decision };
    case "MailboxBegun":
      return { event: "begin", mailbox: event.name, messages: event.messages };
    case "Progress": {
      const { side, name, operations, bytes } = event;
      return { event: "progress", side, mailbox: name, operations, bytes };
    }
    case "MailboxDone":
      return { event: "done", mailbox: event.name, left: event.left, right: event.right };
    case "Problem":
      return { event: "problem", problem: problemOf(event.error) };
  }
};

/** The last line of a run that came to its end; `state`: that of -s. */
export const reportLine = (report: Report, exit: number, state: string | null): ReportLine => ({
  event: "report",
  exit,
  mailboxes: report.mailboxes,
  mails: report.mails,
  left: report.left,
  right: report.right,
  problems: report.problems.map(problemOf),
  state,
});

/** A step of a plan as a line. */
export const stepLine = (step: PlanStep): ReportLine => ({
  event: "step",
  isDone: false,
  step: stepValue(step),
});

/** The digests of a mailbox on both sides as a line. */
export const digestLine = (digests: MailboxDigests): ReportLine => ({
  event: "digest",
  ...digests,
});

/** A comparison as lines: its differences, the digests, and what it came to. */
export const comparisonLines = (comparison: Comparison, exit: number): readonly ReportLine[] => [
  ...comparison.findings.map((finding): ReportLine => ({ event: "difference", ...finding })),
  ...comparison.digests.map(digestLine),
  {
    event: "compared",
    exit,
    mailboxes: comparison.mailboxes,
    mails: comparison.mails,
    bytes: comparison.bytes,
    differences: comparison.findings.length,
  },
];

/** The last line of a run that failed. */
export const failedLine = (error: SyncError, exit: number): ReportLine => ({
  event: "failed",
  exit,
  problem: problemOf(error),
});
