/**
 * The file that a plan is kept in.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { formatPlan, parsePlan, type PlanFile } from "../lib/codec/plan_json.ts";
import { type SyncError, syncError, withPlace } from "../lib/model/error.ts";

const attempt = <A>(path: string, what: string, action: () => A): Either<SyncError, A> => {
  try {
    return E.right(action());
  } catch (thrown) {
    const { NotFound, PermissionDenied } = Deno.errors;
    const isKnown = thrown instanceof Error;
    if (!isKnown) throw thrown;
    const tag = thrown instanceof NotFound
      ? "Missing"
      : thrown instanceof PermissionDenied
      ? "Denied"
      : "Io";
    return E.left(syncError(tag, "run", { path }, `the plan cannot be ${what}`, thrown));
  }
};

/** Writes a plan, for nobody else to read: it names mailboxes and mails. */
export const writePlan = (path: string, plan: PlanFile): Either<SyncError, void> =>
  attempt(path, "written", () => {
    const draft = `${path}.new`;
    Deno.writeTextFileSync(draft, formatPlan(plan), { mode: 0o600 });
    Deno.renameSync(draft, path);
  });

/** Reads a plan. */
export const readPlan = (path: string): Either<SyncError, PlanFile> => {
  const text = attempt(path, "read", () => Deno.readTextFileSync(path));
  if (E.isLeft(text)) return text;
  const plan = parsePlan(text.right);
  return E.isRight(plan) ? plan : E.left(withPlace(plan.left, { path }));
};
