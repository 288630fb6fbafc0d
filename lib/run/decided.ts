/**
 * What outcomes have in them to be wondered at.
 *
 * @module
 */
import type { MailDecision } from "../model/decision.ts";
import type { Outcome } from "../model/operation.ts";
import type { ExplainStep } from "../sync/explain_merge.ts";
import { stepOf } from "./recorded.ts";

/** The decisions that were carried out, in order. */
export const decisionsIn = (
  outcomes: readonly Outcome[],
  explain: ExplainStep,
): readonly MailDecision[] =>
  outcomes.flatMap(({ _tag, operation }) => {
    const step = _tag === "Done" ? stepOf(operation) : null;
    return step === null ? [] : explain(step) ?? [];
  });
