/**
 * A plan as a file of JSON lines. The first is `version`, `command` (the words of the command line that it was made
 * with), `left` and `right` (the two locations), `identities` (of mailboxes that had none). Each other one is a step as
 * in `model/plan.ts`, MODSEQs as strings of digits, in the order in which they are done. A line that is taken out is a
 * step that is not done.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import * as t from "io-ts";
import type { MailboxIdentity, MailboxName } from "../model/mailbox.ts";
import { type SyncError, syncError } from "../model/error.ts";
import type { PlanStep } from "../model/plan.ts";
import {
  ATTRIBUTE,
  EXTENT,
  MAIL_STEP,
  MAILBOX_IDENTITY,
  MAILBOX_PLACE,
  TREE_OPERATION,
} from "./store_value.ts";

// `deno doc --lint` takes the types of other packages for private ones (denoland/deno#27364), but not these.
/** @internal */
type Type<A> = t.Type<A, unknown>;

/** The identity that a mailbox without one was planned with. */
export interface PlannedIdentity extends MailboxIdentity {
  /** The location of its store, as it was given. */
  readonly location: string;
  /** Its name. */
  readonly name: MailboxName;
}

/** A plan. */
export interface PlanFile {
  /** The words of the command line that it was made with. */
  readonly command: readonly string[];
  /** The location of the left side: of a backup the source. */
  readonly left: string;
  /** The location of the right side. */
  readonly right: string;
  /** Identities that were made up for mailboxes without one. */
  readonly identities: readonly PlannedIdentity[];
  /** What shall be done, in order. */
  readonly steps: readonly PlanStep[];
}

const side = t.keyof({ left: null, right: null });
const gone = t.union([t.null, EXTENT]);

/** The codec of one step. */
export const PLAN_STEP: Type<PlanStep> = t.union([
  t.type({ _tag: t.literal("Tree"), side, operation: TREE_OPERATION, gone }),
  t.type({ _tag: t.literal("Replace"), side, ...MAILBOX_IDENTITY, gone }),
  t.type({ _tag: t.literal("Mail"), side, ...MAILBOX_PLACE, operation: MAIL_STEP }),
  t.type({ _tag: t.literal("Attribute"), side, ...MAILBOX_PLACE, attribute: ATTRIBUTE }),
]);

const HEAD = t.intersection([
  t.type({
    version: t.literal(1),
    command: t.readonlyArray(t.string),
    left: t.string,
    right: t.string,
  }),
  t.partial({
    identities: t.readonlyArray(t.type({ location: t.string, ...MAILBOX_IDENTITY })),
  }),
]);

const withDigits = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;

/** A step as it is written: plain JSON. */
export const stepValue = (step: PlanStep): unknown => JSON.parse(JSON.stringify(step, withDigits));

/** Formats a plan. */
export const formatPlan = ({ steps, ...head }: PlanFile): string =>
  [{ version: 1, ...head }, ...steps].map((line) => `${JSON.stringify(line, withDigits)}\n`).join(
    "",
  );

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/** Parses a plan. `Damaged`: a line is none of those that {@linkcode formatPlan} writes; it is told which. */
export const parsePlan = (text: string): Either<SyncError, PlanFile> => {
  const damaged = (what: string) => E.left(syncError("Damaged", "run", {}, what));
  const [first, ...lines] = text.split("\n");
  const head = HEAD.decode(parseJson(first!));
  if (E.isLeft(head)) return damaged("line 1 is not the head of a plan of version 1");
  const steps: PlanStep[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const step = PLAN_STEP.decode(parseJson(line));
    if (E.isLeft(step)) return damaged(`line ${i + 2} is no step of a plan`);
    steps.push(step.right);
  }
  const { command, left, right, identities = [] } = head.right;
  return E.right({ command, left, right, identities, steps });
};
